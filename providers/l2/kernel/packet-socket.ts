import { endianness } from 'node:os';
import { loadFfi } from './load-ffi.ts';

/** Sends whole Ethernet frames. */
export interface PacketSocket {
  /** False: it was not taken now (no room, the interface is gone or down). */
  send(interfaceIndex: number, frame: Uint8Array): boolean;
  close(): void;
}

const afPacket = 17;
const sockRaw = 3;
const cloexec = 0o2000000;
const dontWait = 0x40;

/**
 * Opens a raw packet socket that only sends: protocol 0 receives nothing. Node has no packet sockets, so this is the C library's, called
 * through `node:ffi` (Node 26). Throws an Error that says what is missing: Node, or the capability CAP_NET_RAW.
 */
export async function openPacketSocket(): Promise<PacketSocket> {
  const { dlopen, getInt32 } = await loadFfi();
  const { functions: libc } = dlopen(null, {
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    sendto: { arguments: ['int32', 'buffer', 'uint64', 'int32', 'buffer', 'uint32'], return: 'int64' },
    close: { arguments: ['int32'], return: 'int32' },
    __errno_location: { arguments: [], return: 'pointer' },
  });
  const fd = libc.socket(afPacket, sockRaw | cloexec, 0);
  if (fd < 0) {
    const code = getInt32(libc.__errno_location(), 0);
    throw new Error(`no packet socket (errno ${code}): weir needs the capability CAP_NET_RAW to announce addresses`);
  }
  const address = new Uint8Array(20); // struct sockaddr_ll: family, protocol, index, type, kind, length, address
  const view = new DataView(address.buffer);
  const little = endianness() === 'LE';
  view.setUint16(0, afPacket, little);
  address[11] = 6;
  return {
    send(interfaceIndex, frame) {
      view.setUint16(2, ((frame[12] ?? 0) << 8) | (frame[13] ?? 0), false);
      view.setInt32(4, interfaceIndex, little);
      address.set(frame.subarray(0, 6), 12);
      return libc.sendto(fd, frame, BigInt(frame.length), dontWait, address, address.length) === BigInt(frame.length);
    },
    close() {
      libc.close(fd);
    },
  };
}
