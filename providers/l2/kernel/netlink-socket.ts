import { loadFfi } from './load-ffi.ts';
import { errorOf, isListing, messageType, type NetlinkMessage, readMessages } from './netlink.ts';

/** Speaks with one part of the kernel; every question is answered before the call returns. */
export interface NetlinkSocket {
  /** All that the kernel says to one request; ends with the last message of a listing. Throws an Error where the answer is lost: then nobody knows what was done. */
  ask(request: Uint8Array): readonly NetlinkMessage[];
  close(): void;
}

const [afNetlink, sockRaw, cloexec] = [16, 3, 0o2000000];
/** Parts of the kernel. */
const subsystem = { routes: 0, sockets: 4, netfilter: 12 } as const;
const needs = { routes: 'NET', sockets: 'INET_DIAG', netfilter: 'NETFILTER_NETLINK' } as const;
const dontWait = 0x40;
const [solSocket, sendBufferForce, receiveBufferForce] = [1, 32, 33];
const [solNetlink, capAck] = [270, 10];
const bufferBytes = 8 << 20;
const again = 11;

/** Throws an Error that says what is missing. */
export async function openNetlinkSocket(part: keyof typeof subsystem = 'netfilter'): Promise<NetlinkSocket> {
  const { dlopen, getInt32 } = await loadFfi();
  const { functions: libc } = dlopen(null, {
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    setsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'uint32'], return: 'int32' },
    send: { arguments: ['int32', 'buffer', 'uint64', 'int32'], return: 'int64' },
    recv: { arguments: ['int32', 'buffer', 'uint64', 'int32'], return: 'int64' },
    close: { arguments: ['int32'], return: 'int32' },
    __errno_location: { arguments: [], return: 'pointer' },
  });
  const code = () => getInt32(libc.__errno_location(), 0);
  const fd = libc.socket(afNetlink, sockRaw | cloexec, subsystem[part]);
  if (fd < 0) throw new Error(`no netlink socket for ${part} (errno ${code()}): the kernel needs ${needs[part]}`);
  const option = (level: number, name: number, value: number) => {
    const bytes = new Uint8Array(Int32Array.of(value).buffer);
    libc.setsockopt(fd, level, name, bytes, bytes.length);
  };
  // A thousand addresses change in one transaction.
  option(solSocket, sendBufferForce, bufferBytes);
  option(solSocket, receiveBufferForce, bufferBytes);
  option(solNetlink, capAck, 1);
  const buffer = new Uint8Array(1 << 16);
  const size = BigInt(buffer.length);
  /** What is there already; the kernel has worked on a request when sending it returns. */
  const take = () => {
    const length = Number(libc.recv(fd, buffer, size, dontWait));
    if (length >= 0) return readMessages(buffer.subarray(0, length));
    if (code() === again) return undefined;
    throw new Error(`netlink lost an answer (errno ${code()})`);
  };
  let clean = true;
  return {
    ask(request) {
      while (!clean && take() !== undefined); // What a question left whose answer was lost.
      clean = false;
      if (libc.send(fd, request, BigInt(request.length), 0) !== BigInt(request.length))
        throw new Error(`netlink took no request (errno ${code()})`);
      const said: NetlinkMessage[] = [];
      for (let some = take(); some !== undefined; some = take()) {
        said.push(...some);
        clean = ended(said, request);
        if (clean) break;
      }
      return said;
    },
    close() {
      libc.close(fd);
    },
  };
}

/** Whether there is no more to come: after a fault there may be. */
function ended(said: readonly NetlinkMessage[], request: Uint8Array): boolean {
  const last = said.at(-1);
  if (last === undefined) return false;
  if (last.type === messageType.error) return errorOf(last) === 0;
  return last.type === messageType.done || !isListing(request);
}
