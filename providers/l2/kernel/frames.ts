import { addressBytes, addressFamily } from '../../../src/net/index.ts';

const everyone = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
const nobody = [0, 0, 0, 0, 0, 0];
const leastBytes = 60;

/**
 * The frames by which an interface tells that an address is its own from now on: for IPv4 a gratuitous ARP request and a reply, because
 * some listen to one kind only (RFC 5227 section 3, RFC 5944 section 4.6); for IPv6 an unsolicited neighbour advertisement that overrides
 * what is cached (RFC 4861 section 7.2.6). `mac` is the interface's, e.g. `02:00:5e:00:53:01`.
 */
export function announcementFrames(vip: string, mac: string): readonly Uint8Array[] {
  const from = macBytes(mac);
  if (addressFamily(vip) === 'ipv6') return [advertisement(vip, from)];
  return [arpFrame(1, from, vip, nobody, vip, everyone), arpFrame(2, from, vip, everyone, vip, everyone)];
}

/**
 * The question whether anybody has an address, from nobody: an ARP probe (RFC 5227 section 1.1), or a solicitation from the unspecified
 * address as duplicate address detection sends it (RFC 4862 section 5.4.2). It changes nobody's memory.
 */
export function probeFrame(vip: string, mac: string): Uint8Array {
  const from = macBytes(mac);
  if (addressFamily(vip) === 'ipv4') return arpFrame(1, from, '0.0.0.0', nobody, vip, everyone);
  const target = addressBytes(vip);
  const last = target.slice(13);
  const hex = last.map((byte) => byte.toString(16).padStart(2, '0'));
  const group = `ff02::1:ff${hex[0]}:${hex[1]}${hex[2]}`;
  return icmpFrame(from, [0x33, 0x33, 0xff, ...last], '::', group, [135, 0, 0, 0, 0, 0, 0, 0, ...target]);
}

/** An ARP packet in an Ethernet frame (RFC 826); `kind` 1 asks, 2 answers. */
export function arpFrame(
  kind: 1 | 2,
  senderMac: readonly number[],
  sender: string,
  targetMac: readonly number[],
  target: string,
  to: readonly number[],
): Uint8Array {
  const head = [...to, ...senderMac, 0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, kind];
  return padded([...head, ...senderMac, ...addressBytes(sender), ...targetMac, ...addressBytes(target)]);
}

/** An ICMPv6 message with a hop limit of 255 in an Ethernet frame, its checksum filled in; bytes 2 and 3 of the message are 0. */
export function icmpFrame(
  from: readonly number[],
  to: readonly number[],
  source: string,
  destination: string,
  message: readonly number[],
): Uint8Array {
  const ends = [...addressBytes(source), ...addressBytes(destination)];
  const length = message.length;
  const sum = checksum([...ends, 0, 0, length >> 8, length & 0xff, 0, 0, 0, 58, ...message]);
  const body = [...message.slice(0, 2), sum >> 8, sum & 0xff, ...message.slice(4)];
  return padded([...to, ...from, 0x86, 0xdd, 0x60, 0, 0, 0, length >> 8, length & 0xff, 58, 255, ...ends, ...body]);
}

export function macBytes(mac: string): readonly number[] {
  return mac.split(':').map((byte) => Number.parseInt(byte, 16));
}

function advertisement(vip: string, mac: readonly number[]): Uint8Array {
  const override = 0x20;
  const message = [136, 0, 0, 0, override, 0, 0, 0, ...addressBytes(vip), 2, 1, ...mac];
  return icmpFrame(mac, [0x33, 0x33, 0, 0, 0, 1], vip, 'ff02::1', message);
}

/** The Internet checksum (RFC 1071). */
function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function padded(bytes: readonly number[]): Uint8Array {
  const frame = new Uint8Array(Math.max(bytes.length, leastBytes));
  frame.set(bytes);
  return frame;
}
