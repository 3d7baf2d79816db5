/** Questions about addresses as frames, and what the frames say that answer them or announce. */
import { arpFrame, icmpFrame, macBytes } from '../../providers/l2/kernel/frames.ts';
import { addressBytes, addressFamily } from '../../src/net/index.ts';

export interface Said {
  readonly vip: string;
  readonly mac: string;
  /** reply: to a question. announcement: unasked. */
  readonly kind: 'reply' | 'announcement';
}

/** Who has this address? Asked by broadcast, or by the group that its holders listen to. */
export function question(vip: string, own: string, mac: string): Uint8Array {
  const from = macBytes(mac);
  const everyone = [255, 255, 255, 255, 255, 255];
  if (addressFamily(vip) === 'ipv4') return arpFrame(1, from, own, [0, 0, 0, 0, 0, 0], vip, everyone);
  const target = addressBytes(vip);
  const last = target.slice(13);
  const group = [0x33, 0x33, 0xff, ...last];
  const hex = last.map((byte) => byte.toString(16).padStart(2, '0'));
  const solicited = `ff02::1:ff${hex[0]}:${hex[1]}${hex[2]}`;
  return icmpFrame(from, group, own, solicited, [135, 0, 0, 0, 0, 0, 0, 0, ...target, 1, 1, ...from]);
}

export function understand(frame: Uint8Array): Said | undefined {
  const type = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  const mac = (at: number) =>
    [...frame.subarray(at, at + 6)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  if (type === 0x806) {
    const [sender, target] = [frame.subarray(28, 32).join('.'), frame.subarray(38, 42).join('.')];
    if (sender === target) return { vip: sender, mac: mac(22), kind: 'announcement' };
    return frame[21] === 2 ? { vip: sender, mac: mac(22), kind: 'reply' } : undefined;
  }
  if (type !== 0x86dd || frame[20] !== 58 || frame[54] !== 136) return undefined;
  return {
    vip: shorten(frame.subarray(62, 78)),
    mac: mac(6),
    kind: ((frame[58] ?? 0) & 0x40) === 0 ? 'announcement' : 'reply',
  };
}

/** Canonical text of addresses whose zeros stand in one place, as those of the tests do. */
function shorten(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16),
  );
  return groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::');
}
