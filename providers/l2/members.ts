/** Who announces together with this machine, and who of them decides. Pure. */
import type { Announcer, ModelInput } from '../../src/model/index.ts';
import type { Options } from './options.ts';
import type { NodeId } from './protocol/messages.ts';
import type { Mode } from './protocol/modes.ts';
import type { Peer } from './speaker-words.ts';
import { voterCount } from './voters.ts';

export interface Members {
  /** Other machines. */
  readonly peers: readonly Peer[];
  /** Machines that may have addresses, this one among them unless it is a witness. */
  readonly speakers: readonly NodeId[];
  /** Empty: the cluster keeps a record of them. */
  readonly voters: readonly NodeId[];
  /** What decides while two vote: the same whoever joins or leaves, because machines with different ones do not listen to each other. */
  readonly mode: Mode;
  /** This machine only votes. */
  readonly witness: boolean;
  /** Where this machine listens. */
  readonly listen: { readonly address: string; readonly port: number };
}

/** From the configuration, else as the cluster knows them. */
export function membersOf(
  { node, announcers = [] }: Pick<ModelInput, 'node' | 'announcers'>,
  options: Options,
): Members {
  const all = options.peers.length > 0 ? options.peers.map((peer) => ({ ...peer })) : announcers.map(peerOf);
  const peers = all
    .filter(({ name }) => name !== node)
    .map(({ name, address, port = options.port }) => ({ name, address, port }));
  const own = all.find(({ name }) => name === node);
  const cluster = options.peers.length === 0 && announcers.length > 0;
  const witnesses = all.filter(({ witness }) => witness).map(({ name }) => name);
  const names = [...new Set([node, ...peers.map(({ name }) => name)])].sort();
  const speakers = names.filter((name) => !witnesses.includes(name));
  // Every address: one that is configured may not be there yet when weir starts.
  const any = (own?.address ?? peers[0]?.address ?? '').includes(':') ? '::' : '0.0.0.0';
  return {
    peers,
    speakers,
    voters: options.voters ?? (cluster ? [] : chooseVoters(witnesses, speakers)),
    mode: options.mode ?? (cluster ? 'api' : 'available'),
    witness: witnesses.includes(node),
    listen: { address: options.address ?? own?.address ?? any, port: own?.port ?? options.port },
  };
}

/** As many as vote well, or both of two. Witnesses are there to vote. */
export function chooseVoters(witnesses: readonly NodeId[], speakers: readonly NodeId[]): readonly NodeId[] {
  const all = [...[...witnesses].sort(), ...[...speakers].sort()];
  return all.slice(0, voterCount(all.length));
}

function peerOf({ node, address, port }: Announcer) {
  return { name: node, address, witness: false, ...(port === undefined ? {} : { port }) };
}
