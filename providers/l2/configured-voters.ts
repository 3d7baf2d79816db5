import type { Group, NodeId } from './protocol/messages.ts';
import { follow } from './voters.ts';

/**
 * The record that follows on the way to the voters that the configuration names, which differs by one voter; undefined: they are these. Who is
 * new comes first, so that there are never fewer than before. The same record on every machine with the same configuration.
 */
export function nextConfigured(group: Group, wanted: readonly NodeId[]): Group | undefined {
  const fresh = [...wanted].sort().find((node) => !group.voters.includes(node));
  if (fresh !== undefined) return follow(group, [...group.voters, fresh]);
  const surplus = [...group.voters].sort().find((node) => !wanted.includes(node));
  if (surplus === undefined) return undefined;
  return follow(
    group,
    group.voters.filter((node) => node !== surplus),
  );
}

/** Whether it is this machine that writes the next record: the first of the voters who are there. Two at once would be refused, and cost time. */
export function writesNext(group: Group, node: NodeId, silent: ReadonlySet<NodeId>): boolean {
  return [...group.voters].sort().find((voter) => voter === node || !silent.has(voter)) === node;
}
