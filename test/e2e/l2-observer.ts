/**
 * A client on the virtual LAN, run as a program in its namespace: asks for addresses in turn, one question each millisecond, and keeps who
 * answers and who announces. `l2-observer.ts FACE GAP_MS VIP…`; ends with its stdin and prints what it has seen as JSON.
 */
import { setImmediate } from 'node:timers/promises';
import { question, type Said, understand } from './l2-frames.ts';
import { openPackets } from './l2-packets.ts';

export interface Seen {
  /** Monotonic ms, the same clock in all processes, and the index of the address. */
  readonly asked: readonly (readonly [number, number])[];
  /** As `Said`, with its time. */
  readonly said: readonly (Said & { readonly at: number })[];
}

const now = () => Number(process.hrtime.bigint()) / 1e6;

if (import.meta.main) {
  const [face = '', gap = '1', ...vips] = process.argv.slice(2);
  const packets = openPackets(face);
  const own = { ipv4: '10.77.0.20', ipv6: 'fd09::20' };
  const questions = vips.map((vip) => question(vip, vip.includes(':') ? own.ipv6 : own.ipv4, packets.mac));
  const asked: [number, number][] = [];
  const said: (Said & { at: number })[] = [];
  /** After the last question, answers still come. */
  const drainMs = 50;
  let askUntil = Number.POSITIVE_INFINITY;
  process.stdin.on('end', () => {
    askUntil = now();
  });
  process.stdin.resume();
  process.stdout.write('ready\n');
  let next = now();
  for (let turn = 0; now() < askUntil + drainMs; ) {
    if (questions.length > 0 && now() >= next && askUntil === Number.POSITIVE_INFINITY) {
      const index = turn % questions.length;
      turn += 1;
      next = Math.max(next + Number(gap), now() - 1);
      asked.push([now(), index]);
      const frame = questions[index];
      if (frame !== undefined) packets.send(frame);
    }
    for (
      let frame = packets.receive();
      frame !== undefined;
      frame = questions.length === 0 || now() < next ? packets.receive() : undefined
    ) {
      const message = understand(frame);
      if (message !== undefined) said.push({ ...message, at: now() });
    }
    await setImmediate();
  }
  const seen: Seen = { asked, said };
  process.stdout.write(JSON.stringify(seen), () => process.exit());
}
