/**
 * Asks two addresses in turn and measures each answer: `prober.ts FACE OWN ADDRESS ORDINARY`. Each line `PAIRS MS` on stdin is one block
 * of at most so many pairs in so many ms; answered by a line with the times in µs. Spins while it waits, so that no scheduler stands between.
 */
import { createInterface } from 'node:readline';
import { question, understand } from '../../e2e/l2-frames.ts';
import { openPackets } from '../../e2e/l2-packets.ts';
import { quantile } from '../figure.ts';

export interface Block {
  readonly p99: number;
  readonly ordinaryP99: number;
  readonly p50: number;
  readonly lost: number;
}

const [face = '', own = '', address = '', ordinary = ''] = process.argv.slice(2);
const packets = openPackets(face);
const now = () => Number(process.hrtime.bigint()) / 1e3;
const questions = [address, ordinary].map((one) => ({ one, frame: question(one, own, packets.mac) }));
const pauseUs = 150;
const patienceUs = 20_000;

for await (const line of createInterface({ input: process.stdin })) {
  const [pairs = 0, mostMs = 0] = line.split(' ').map(Number);
  const end = now() + mostMs * 1000;
  const times: [number[], number[]] = [[], []];
  let lost = 0;
  for (let pair = 0; pair < pairs && now() < end; pair += 1) {
    // Which is asked first changes, so that neither always finds what the other has warmed.
    for (const index of pair % 2 === 0 ? [0, 1] : [1, 0]) {
      const { one = '', frame } = questions[index] ?? {};
      const from = now();
      if (frame !== undefined) packets.send(frame);
      let took = Number.NaN;
      while (Number.isNaN(took)) {
        const late = now() - from > patienceUs;
        const got = packets.take();
        const at = now();
        // Lost is what has not come, not what this program was kept from fetching.
        if (got === undefined && late) break;
        const said = got === undefined ? undefined : understand(got);
        if (said?.kind === 'reply' && said.vip === one) took = at - from;
      }
      if (Number.isNaN(took)) lost += 1;
      else times[index === 0 ? 0 : 1].push(took);
      for (const until = now() + pauseUs; now() < until; );
    }
  }
  const block: Block = {
    p99: quantile(times[0], 0.99),
    ordinaryP99: quantile(times[1], 0.99),
    p50: quantile(times[0], 0.5),
    lost,
  };
  process.stdout.write(`${JSON.stringify(block)}\n`);
}
