import { GateReader } from './gate-reader.ts';
import { GateWriter } from './gate-writer.ts';
import { openNetlinkSocket } from './netlink-socket.ts';
import { NftSession } from './nft-session.ts';

/** What reaches the gates of this machine. */
export interface Gates {
  /** Makes tables and their shape, in the words of nft. */
  readonly session: NftSession;
  /** Opens and closes. */
  readonly writer: GateWriter;
  readonly reader: GateReader;
  close(): Promise<void>;
}

/** `hungMs`: a transaction that takes so long is a fault. Throws where the kernel has no netfilter or Node no FFI. */
export async function openGates(hungMs: number, fault: (error: string) => void): Promise<Gates> {
  const reader = new GateReader(await openNetlinkSocket());
  const session = new NftSession({ hungMs });
  const writer = new GateWriter({ hungMs, fault });
  return {
    session,
    writer,
    reader,
    async close() {
      await Promise.all([session.close(), writer.close()]);
      reader.close();
    },
  };
}
