import { close } from 'node:fs';
import { endianness } from 'node:os';
import { addressBytes, type Family, parseAddress } from '../../../src/net/index.ts';
import { loadFfi } from './load-ffi.ts';

/** Hears what neighbours say about addresses on one interface. */
export interface NeighborListener {
  /** The next that has come; undefined when there is none. */
  take(): Statement | undefined;
  close(): void;
}

/** Somebody says that an address is at this Ethernet address. */
export interface Statement {
  readonly address: string;
  readonly mac: string;
}

const [afPacket, sockRaw, flags] = [17, 3, 0o2004000];
const protocolOf = { ipv4: 0x0806, ipv6: 0x86dd } as const;
const [solSocket, attachFilter] = [1, 26];
/** For IPv6: neighbour advertisements only (byte 20 is the next header, byte 54 the kind of ICMPv6 message); [code, if true, if false, value]. */
const advertisementsOnly = [
  [0x30, 0, 0, 20],
  [0x15, 0, 3, 58],
  [0x30, 0, 0, 54],
  [0x15, 0, 1, 136],
  [0x06, 0, 0, 0xffff],
  [0x06, 0, 0, 0],
] as const;
const little = endianness() === 'LE';

/** Throws an Error that says what is missing: Node's FFI, the capability CAP_NET_RAW, or the interface. */
export async function listenToNeighbors(interfaceIndex: number, family: Family): Promise<NeighborListener> {
  const { dlopen, getRawPointer } = await loadFfi();
  const { functions: libc } = dlopen(null, {
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    setsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'uint32'], return: 'int32' },
    bind: { arguments: ['int32', 'buffer', 'uint32'], return: 'int32' },
    recv: { arguments: ['int32', 'buffer', 'uint64', 'int32'], return: 'int64' },
    close: { arguments: ['int32'], return: 'int32' },
  });
  // Protocol 0 hears nothing until it is bound, so nothing comes in before the filter.
  const fd = libc.socket(afPacket, sockRaw | flags, 0);
  if (fd < 0) throw new Error('no packet socket: weir needs the capability CAP_NET_RAW to ask for addresses');
  const program = new Uint8Array(advertisementsOnly.length * 8);
  const words = new DataView(program.buffer);
  for (const [at, [code, yes, no, value]] of advertisementsOnly.entries()) {
    words.setUint16(at * 8, code, little);
    program.set([yes, no], at * 8 + 2);
    words.setUint32(at * 8 + 4, value, little);
  }
  const filter = new Uint8Array(16); // struct sock_fprog
  const filterView = new DataView(filter.buffer);
  filterView.setUint16(0, advertisementsOnly.length, little);
  filterView.setBigUint64(8, getRawPointer(program.buffer), little);
  const address = new Uint8Array(20); // struct sockaddr_ll
  const view = new DataView(address.buffer);
  view.setUint16(0, afPacket, little);
  view.setUint16(2, protocolOf[family], false);
  view.setInt32(4, interfaceIndex, little);
  const filtered = family === 'ipv4' || libc.setsockopt(fd, solSocket, attachFilter, filter, filter.length) === 0;
  if (!filtered || libc.bind(fd, address, address.length) !== 0) {
    libc.close(fd);
    throw new Error(`the interface of index ${interfaceIndex} cannot be listened to`);
  }
  const buffer = new Uint8Array(1600);
  const size = BigInt(buffer.length);
  return {
    take() {
      for (;;) {
        const length = Number(libc.recv(fd, buffer, size, 0));
        if (length < 0) return undefined;
        const said = readStatement(buffer.subarray(0, length));
        if (said !== undefined) return said;
      }
    },
    close() {
      // The kernel takes 10 to 90 ms for it: not in this thread, which beats.
      close(fd, () => {});
    },
  };
}

/** What an ARP packet of any kind or a neighbour advertisement says; undefined for everything else, and for a probe, which has no sender. */
export function readStatement(frame: Uint8Array): Statement | undefined {
  const kind = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  if (kind === protocolOf.ipv4 && frame.length >= 42) {
    const sender = frame.subarray(28, 32);
    return sender.every((byte) => byte === 0) ? undefined : { address: sender.join('.'), mac: macText(frame, 22) };
  }
  if (kind !== protocolOf.ipv6 || frame[20] !== 58 || frame[54] !== 136 || frame.length < 78) return undefined;
  const target = Buffer.from(frame.subarray(62, 78)).toString('hex');
  const parsed = parseAddress(target.replace(/(.{4})(?!$)/g, '$1:'));
  return parsed.ok && addressBytes(parsed.value).length === 16
    ? { address: parsed.value, mac: macText(frame, 6) }
    : undefined;
}

function macText(frame: Uint8Array, at: number): string {
  return Buffer.from(frame.subarray(at, at + 6))
    .toString('hex')
    .replace(/(..)(?!$)/g, '$1:');
}
