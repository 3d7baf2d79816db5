import { type PeerAnnotations, peers } from '../../compat/index.ts';
import type { LocatedObject } from '../../model/index.ts';
import type { Field } from './field.ts';
import { type Metadata, openObject, type Reading } from './metadata.ts';
import type { Place } from './place.ts';

/** An object of a kind that only the reader of a peer knows. */
export interface PeerView {
  readonly kind: 'Peer';
  readonly place: Place;
  readonly meta: Metadata;
  readonly annotations: PeerAnnotations;
  /** group/Kind. */
  readonly type: string;
  readonly spec: unknown;
  /** It may mean a service of its own. */
  readonly exported: boolean;
}

/** How a kind of a peer is read. */
export interface PeerKind {
  readonly versions: readonly string[];
  readonly clusterWide?: true;
  readonly exported?: true;
  /** Read only while a balancer stands in for one of these controllers. */
  readonly onlyWanted?: readonly string[];
}

/** group/Kind of every peer. */
export const peerKinds: ReadonlyMap<string, PeerKind> = new Map(
  peers.flatMap(({ kinds, controllers, onlyWanted }) =>
    Object.entries(kinds).map(([type, kind]): [string, PeerKind] => [
      type,
      onlyWanted === true ? { ...kind, onlyWanted: controllers } : kind,
    ]),
  ),
);

/** group/Kind that no peer has any more → what to write in its place. */
export const formerKinds: ReadonlyMap<string, string> = new Map(
  peers.flatMap(({ former = {} }) => Object.entries(former)),
);

export function parsePeerObject(located: LocatedObject, type: string, kind: PeerKind): Reading<PeerView> {
  const name = type.split('/').at(-1) ?? type;
  const clusterWide = kind.clusterWide === true;
  const { root, meta, notes } = openObject(located, name, { clusterWide });
  const { problems, place } = notes;
  if (meta === undefined) return { problems };
  const annotations = peerAnnotations(root.at('metadata').at('annotations'));
  const exported = kind.exported === true;
  return { view: { kind: 'Peer', place, meta, annotations, type, spec: root.at('spec').value, exported }, problems };
}

const none: PeerAnnotations = new Map();

/** The annotations of an object that some peer reads, as they are written. */
export function peerAnnotations(annotations: Field): PeerAnnotations {
  const found = annotations.entries().flatMap(([key, { value }]) => {
    const read = peers.some(({ prefixes }) => prefixes.some((prefix) => key.startsWith(prefix)));
    return read ? [[key, value] as const] : [];
  });
  return found.length === 0 ? none : new Map(found);
}
