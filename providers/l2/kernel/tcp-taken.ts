import { addressBytes } from '../../../src/net/index.ts';
import { flag, hostNumber, message, netNumber } from './netlink.ts';
import { type NetlinkSocket, openNetlinkSocket } from './netlink-socket.ts';

/** One end of a connection of TCP. */
export interface End {
  readonly address: string;
  readonly port: number;
}

const sockDiagByFamily = 20;
const [afInet, afInet6, tcp] = [2, 10, 6];
const established = 1;
const closeWait = 8;
/** In what the kernel says of a connection (inet_diag_msg). */
const stateAt = 1;
const inodeAt = 68;

/**
 * Whether a program of this machine has taken a connection that the kernel made for it: one that nobody has accepted has no inode. A program
 * that is stopped or hangs leaves them so. True also where the kernel does not know: the other end is not on this machine, or is gone again.
 */
export class TakenConnections {
  readonly #socket: NetlinkSocket;

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** Throws an Error that says what is missing. */
  static async open(): Promise<TakenConnections> {
    return new TakenConnections(await openNetlinkSocket('sockets'));
  }

  /** `there`: where the program listens. */
  taken(there: End, here: End): boolean {
    const [answer] = this.#socket.ask(connectionRequest(there, here));
    if (answer === undefined || answer.type !== sockDiagByFamily || answer.body.length < inodeAt + 4) return true;
    const state = answer.body[stateAt];
    if (state !== established && state !== closeWait) return true;
    return answer.body.subarray(inodeAt, inodeAt + 4).some((byte) => byte !== 0);
  }

  close(): void {
    this.#socket.close();
  }
}

/** The question for exactly this connection, as its one end has it (inet_diag_req_v2). */
function connectionRequest(there: End, here: End): Uint8Array {
  const family = there.address.includes(':') ? afInet6 : afInet;
  const anyState = hostNumber(0xffff_ffff);
  return message(
    ...([sockDiagByFamily, flag.request, 1] as const),
    Uint8Array.of(family, tcp, 0, 0),
    anyState,
    netNumber(there.port, 2),
    netNumber(here.port, 2),
    padded(there.address),
    padded(here.address),
    hostNumber(0),
    // No cookie.
    hostNumber(0xffff_ffff),
    hostNumber(0xffff_ffff),
  );
}

function padded(address: string): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(addressBytes(address));
  return bytes;
}
