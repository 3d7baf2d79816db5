import type { Ranks } from './events.ts';
import type { NodeId, Vip } from './messages.ts';

/** An address and who may have it. */
export interface Placement {
  readonly vip: Vip;
  readonly nodes: readonly NodeId[];
  /** Who has it now; it stays there while it may. */
  readonly owner: NodeId | undefined;
}

/**
 * Ranks the nodes of every address: the owner, then standbys, made so that the death of any one owner spreads what it had evenly over the rest;
 * a takeover asks nobody. Present owners keep what they have; what is new goes where the load is least.
 * The same input gives the same ranks, in whatever order it comes.
 */
export function spreadVips(placements: readonly Placement[]): Ranks {
  const ordered = [...placements].sort((a, b) => (a.vip < b.vip ? -1 : 1));
  const load = new Map<NodeId, number>();
  const owners = new Map<Vip, NodeId>();
  const own = (vip: Vip, node: NodeId) => {
    owners.set(vip, node);
    count(load, node);
  };
  for (const { vip, nodes, owner } of ordered) if (owner !== undefined && nodes.includes(owner)) own(vip, owner);
  for (const { vip, nodes } of ordered) {
    const node = owners.has(vip) ? undefined : least(vip, nodes, (found) => load.get(found) ?? 0);
    if (node !== undefined) own(vip, node);
  }
  // What each node would have to take over from each owner; and from any owner and its first standby together.
  const first = new Map<string, number>();
  const second = new Map<string, number>();
  const ranks = new Map<Vip, readonly NodeId[]>();
  for (const { vip, nodes } of ordered) {
    const owner = owners.get(vip);
    const order = owner === undefined ? [] : [owner];
    for (const taken of [first, second]) {
      const left = nodes.filter((node) => !order.includes(node));
      const key = (node: NodeId) => `${order.join(' ')} ${node}`;
      const next = least(vip, left, (node) => (load.get(node) ?? 0) + (taken.get(key(node)) ?? 0));
      if (next === undefined) break;
      count(taken, key(next));
      order.push(next);
    }
    const rest = nodes
      .filter((node) => !order.includes(node))
      .sort((a, b) => scoreOf(vip, b) - scoreOf(vip, a) || (a < b ? -1 : 1));
    ranks.set(vip, [...order, ...rest]);
  }
  return ranks;
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The node with the least load; among equals the one that the address itself prefers. */
function least(vip: Vip, nodes: readonly NodeId[], loadOf: (node: NodeId) => number): NodeId | undefined {
  return nodes.reduce<NodeId | undefined>((best, node) => {
    if (best === undefined) return node;
    const difference = loadOf(node) - loadOf(best) || scoreOf(vip, best) - scoreOf(vip, node);
    return difference < 0 || (difference === 0 && node < best) ? node : best;
  }, undefined);
}

/** FNV-1a over both names: spreads evenly and needs nothing; nothing secret depends on it. */
function scoreOf(vip: Vip, node: NodeId): number {
  let hash = 0x811c9dc5;
  for (const character of `${node} ${vip}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}
