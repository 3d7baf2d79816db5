/** Who announces together with this machine, and who of them decides. Pure. */
import { z } from 'zod';
import type { Announcer, ModelInput } from '../../src/model/index.ts';
import { parsePlace, placeText } from './names.ts';
import type { Options } from './options.ts';
import type { NodeId } from './protocol/messages.ts';
import type { Mode } from './protocol/modes.ts';
import type { Peer } from './speaker-words.ts';
import { voterCount } from './voters.ts';

export interface Members {
  /** Other machines. */
  readonly peers: readonly Peer[];
  /** Those among them that the cluster does not name now. */
  readonly lost: readonly NodeId[];
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

/** From the configuration, else as the cluster knows them, with those whom it has lost and who are heard all the same. */
export function membersOf(
  { node, announcers, present = [] }: Pick<ModelInput, 'node' | 'announcers'> & Partial<Pick<ModelInput, 'present'>>,
  options: Options,
): Members {
  const cluster = options.peers.length === 0 && announcers !== undefined;
  const found = announcers?.map((one) => peerOf(one, options.port)) ?? [];
  const kept = cluster ? keptOf(node, present, found) : [];
  const all = cluster ? [...found, ...kept] : options.peers.map((peer) => ({ ...peer }));
  const peers = all
    .filter(({ name }) => name !== node)
    .map(({ name, address, port = options.port }) => ({ name, address, port }));
  const own = all.find(({ name }) => name === node);
  const witnesses = all.filter(({ witness }) => witness).map(({ name }) => name);
  const names = [...new Set([node, ...peers.map(({ name }) => name)])].sort();
  const speakers = names.filter((name) => !witnesses.includes(name));
  // Every address: one that is configured may not be there yet when weir starts.
  const any = (own?.address ?? peers[0]?.address ?? '').includes(':') ? '::' : '0.0.0.0';
  return {
    peers,
    lost: kept.flatMap(({ name }) => (name === node ? [] : [name])),
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

function peerOf({ node, address, port }: Announcer, usual: number) {
  return { name: node, address, witness: false, port: port ?? usual };
}

const told = z.object({ listen: z.string(), peers: z.record(z.string(), z.string()) });

/**
 * Machines of which this one was told, and itself, that the cluster does not name now. A list may be lost while everybody lives, so whoever
 * is heard stays; a machine that is really gone falls silent.
 */
function keptOf(node: NodeId, present: ModelInput['present'], found: readonly Peer[]) {
  const known = new Set(found.flatMap((peer) => [peer.name, placeText(peer)]));
  return present.flatMap(({ kind, attrs, facts }) => {
    const before = kind === 'Speaker' ? told.safeParse(attrs).data : undefined;
    if (before === undefined) return [];
    return Object.entries({ ...before.peers, [node]: before.listen }).flatMap(([name, place]) =>
      known.has(name) || known.has(place) || facts.gone?.includes(name) === true
        ? []
        : [{ name, ...parsePlace(place), witness: false }],
    );
  });
}
