/** Raw frames of an interface for observers on the virtual LAN: sends, and receives with a time limit. Needs root and Node 26. */
import { dlopen } from 'node:ffi';
import { readFileSync } from 'node:fs';

export interface Packets {
  readonly mac: string;
  send(frame: Uint8Array): void;
  /** The next frame that came in; undefined after a millisecond without one. */
  receive(): Uint8Array | undefined;
  /** One that is there already. */
  take(): Uint8Array | undefined;
}

const [afPacket, sockRaw, everything] = [17, 3, 0x0003];

export function openPackets(face: string): Packets {
  const { functions: libc } = dlopen(null, {
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    bind: { arguments: ['int32', 'buffer', 'uint32'], return: 'int32' },
    setsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'uint32'], return: 'int32' },
    send: { arguments: ['int32', 'buffer', 'uint64', 'int32'], return: 'int64' },
    poll: { arguments: ['buffer', 'uint64', 'int32'], return: 'int32' },
    recv: { arguments: ['int32', 'buffer', 'uint64', 'int32'], return: 'int64' },
  });
  const index = Number(readFileSync(`/sys/class/net/${face}/ifindex`, 'utf8'));
  const mac = readFileSync(`/sys/class/net/${face}/address`, 'utf8').trim();
  const fd = libc.socket(afPacket, sockRaw, 0);
  const option = (level: number, name: number, value: Uint8Array) =>
    libc.setsockopt(fd, level, name, value, value.length);
  option(263, 23, new Uint8Array(Int32Array.of(1).buffer)); // PACKET_IGNORE_OUTGOING
  option(1, 33, new Uint8Array(Int32Array.of(64 << 20).buffer)); // SO_RCVBUFFORCE
  const address = Buffer.alloc(20);
  address.writeUInt16LE(afPacket, 0);
  address.writeUInt16BE(everything, 2);
  address.writeInt32LE(index, 4);
  if (fd < 0 || libc.bind(fd, address, 20) !== 0) throw new Error(`no packet socket on ${face}`);
  const waiting = new Uint8Array(8); // struct pollfd: the socket, POLLIN; a time limit on the socket itself is one of whole jiffies
  new DataView(waiting.buffer).setInt32(0, fd, true);
  waiting[4] = 1;
  const buffer = new Uint8Array(2048);
  const take = () => {
    const length = Number(libc.recv(fd, buffer, BigInt(buffer.length), 0x40)); // MSG_DONTWAIT
    return length > 0 ? buffer.subarray(0, length) : undefined;
  };
  return {
    mac,
    send(frame) {
      libc.send(fd, frame, BigInt(frame.length), 0);
    },
    receive() {
      return libc.poll(waiting, 1n, 1) <= 0 ? undefined : take();
    },
    take,
  };
}
