import type { Group, NodeId } from './protocol/messages.ts';

/** What is known of the nodes when the group is looked at. */
export interface Electorate {
  /** Nodes on which a weir announces, by those who know. */
  readonly speakers: readonly NodeId[];
  /** Nodes that are not heard, and for how long, ms. */
  readonly silentMs: ReadonlyMap<NodeId, number>;
  /** Voters that are no speakers any more, and for how long, ms. */
  readonly goneMs: ReadonlyMap<NodeId, number>;
}

/** So long a voter may be away before another one takes its place: restarts and updates take less. */
export const deadAfterMs = 60_000;

/** How many of so many nodes vote: 1, both of two, 3, and 5 from seven nodes on. More would cost messages and, on lossy links, acknowledgements. */
export function voterCount(nodes: number): number {
  if (nodes >= 7) return 5;
  return Math.min(nodes, 3);
}

/** The first record: whoever is there, by name. */
export function firstGroup(speakers: readonly NodeId[]): Group {
  const voters = [...new Set(speakers)].sort();
  return { version: 1, voters: voters.slice(0, voterCount(voters.length)), previous: [] };
}

/**
 * The record that is to follow, which differs by one voter; undefined: the present one is right. Who is dead is replaced by adding first, so
 * that three nodes never depend on two of two. A dead voter for whom there is nobody stays: it may come back, and without it nothing is won.
 */
export function nextGroup(group: Group, { speakers, silentMs, goneMs }: Electorate): Group | undefined {
  const { voters } = group;
  const count = voterCount(speakers.length);
  const isDead = (node: NodeId) => (silentMs.get(node) ?? 0) >= deadAfterMs || (goneMs.get(node) ?? 0) >= deadAfterMs;
  const fresh = [...speakers].sort().find((node) => !voters.includes(node) && !silentMs.has(node));
  const alive = voters.filter((node) => !isDead(node));
  if (alive.length < count && fresh !== undefined) return follow(group, [...voters, fresh]);
  if (voters.length <= count) return undefined;
  const byUse = (node: NodeId) => (isDead(node) ? 2 : speakers.includes(node) ? 0 : 1);
  const surplus = [...voters].sort((a, b) => byUse(b) - byUse(a) || (a < b ? 1 : -1))[0];
  // A voter that has just left may come back.
  if (surplus === undefined || byUse(surplus) === 1) return undefined;
  return follow(
    group,
    voters.filter((node) => node !== surplus),
  );
}

/** The next record, with these voters. */
export function follow({ version, voters }: Group, next: readonly NodeId[]): Group {
  return { version: version + 1, voters: next, previous: voters };
}
