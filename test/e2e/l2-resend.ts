/**
 * Takes datagrams of a node off the wire and sends them again, as an attacker on the network would: `l2-resend.ts FROM TO MAC MS`, the
 * bridge's ports of both nodes and the receiver's Ethernet address; first as they were, then with one bit changed. Prints how many.
 */
import { macBytes } from '../../providers/l2/kernel/frames.ts';
import { openPackets } from './l2-packets.ts';

const [from = '', to = '', mac = '', forMs = '1000'] = process.argv.slice(2);
const [wire, target] = [openPackets(from), openPackets(to)];
const receiver = macBytes(mac);
const seen: Uint8Array[] = [];
for (const until = performance.now() + Number(forMs); performance.now() < until; ) {
  const frame = wire.receive();
  if (frame === undefined || !receiver.every((byte, at) => frame[at] === byte)) continue;
  const udp = frame[12] === 8 && frame[13] === 0 && frame[23] === 17;
  if (udp && frame[36] === 0x1f && frame[37] === 0x0a) seen.push(frame.slice());
}
for (const frame of seen) {
  frame.fill(0, 40, 42); // No checksum of UDP, which may be left out: what arrives is judged by weir alone.
  target.send(frame);
}
for (const frame of seen) {
  const forged = frame.slice();
  const at = 42 + Math.floor((frame.length - 42) / 2);
  forged[at] = (forged[at] ?? 0) ^ 1;
  target.send(forged);
}
process.stdout.write(String(seen.length));
