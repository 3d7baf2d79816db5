import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SpeakerOptions } from '../../../providers/l2/options.ts';
import { doubleAnswers } from '../../e2e/l2-doubles.ts';
import { type Lan, makeLan, monotonicMs } from '../../e2e/l2-lan.ts';
import { listenTo } from '../../e2e/l2-listener.ts';
import { makeNodes, opened } from '../../e2e/l2-nodes.ts';
import { names, ownerAmong, vip } from './moves.ts';
import type { Requests } from './requests.ts';

const port = 8080;
/** A request is under way so long, so some are at every moment. */
const serveMs = 10;

export interface Drains {
  /** From the last answer of the old owner to the first of the new one, ms. */
  readonly ms: readonly number[];
  readonly doubles: number;
  readonly failed: number;
  readonly requests: number;
}

/** The owner of an address is drained again and again, while a client asks for it each millisecond and makes a request each two. */
export async function measureDrains(rounds: number, options: Partial<SpeakerOptions> = {}): Promise<Drains> {
  const lan = makeLan(names);
  const nodes = makeNodes(lan, names, [[vip, names]]);
  const servers: ChildProcess[] = [];
  try {
    for (const name of names) servers.push(serve(lan, name));
    const started = await Promise.all(names.map((name) => nodes.start(name, options)));
    const members = new Map(started.map((one) => [one.name, one]));
    await Promise.race(started.map((one) => one.until(opened(vip))));
    await sleep(1000);
    const ms: number[] = [];
    let [doubles, failed, requests] = [0, 0, 0];
    for (let round = 0; round < rounds; round += 1) {
      const owner = ownerAmong(members);
      if (owner === undefined) break;
      const [observation, asking] = [await lan.observe([vip]), await ask(lan)];
      await sleep(200 + Math.random() * 100);
      const at = monotonicMs();
      owner.order({ kind: 'drain' });
      await Promise.race(started.filter((one) => one !== owner).map((one) => one.until(opened(vip), at)));
      await sleep(400);
      const [seen, result] = [await observation.end(), await asking.end()];
      owner.order({ kind: 'drain', draining: false });
      const replies = seen.said.filter(({ kind }) => kind === 'reply');
      const mac = lan.mac(owner.name);
      const first = replies.find((said) => said.mac !== mac && said.at > at)?.at ?? Number.NaN;
      ms.push(first - (replies.findLast((said) => said.mac === mac && said.at < first)?.at ?? at));
      doubles += doubleAnswers(seen).length;
      failed += result.errors.length;
      requests += result.done;
      for (const error of result.errors) process.stderr.write(`drain ${round}: ${error}\n`);
      await sleep(300);
    }
    process.stderr.write(
      `drain: ${ms.map((one) => one.toFixed(0)).join(' ')} ms; ${doubles} double answers; ${failed} of ${requests} requests failed\n`,
    );
    return { ms, doubles, failed, requests };
  } finally {
    for (const server of servers) server.kill('SIGKILL');
    nodes.end();
    lan.end();
  }
}

function serve(lan: Lan, name: string): ChildProcess {
  const answer = `setTimeout(() => response.end('${name}'), ${serveMs})`;
  const program = `require('http').createServer((request, response) => ${answer}).listen(${port})`;
  const [command = '', ...words] = [...lan.inside(name), process.execPath, '-e', program];
  return spawn(command, words, { stdio: 'ignore' });
}

async function ask(lan: Lan): Promise<{ end(): Promise<Requests> }> {
  const program = new URL('./requests.ts', import.meta.url).pathname;
  const words = [...lan.inside('client'), process.execPath, '--no-warnings', program, vip, String(port)];
  const child = spawn(words[0] ?? '', words.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  return listenTo(child);
}
