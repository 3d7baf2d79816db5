import type { Draft } from './draft.ts';
import { dependants } from './travel.ts';

/** Drafts in an order that keeps every edge, and those that wait for each other in a circle (or behind one). */
export interface Arrangement {
  readonly ordered: readonly Draft[];
  readonly stuck: readonly Draft[];
}

/** Kahn's algorithm over what is not refused; drafts that are free at the same time keep the order in which they were made. */
export function arrange(drafts: readonly Draft[]): Arrangement {
  const alive = needed(drafts.filter(({ refused }) => refused === undefined));
  const waiting = dependants(alive);
  const open = new Map<Draft, number>();
  for (const [on, list] of waiting) {
    if (on.refused === undefined) for (const draft of list) open.set(draft, (open.get(draft) ?? 0) + 1);
  }
  const ordered = alive.filter((draft) => !open.has(draft));
  for (const draft of ordered) {
    for (const next of waiting.get(draft) ?? []) {
      const left = (open.get(next) ?? 0) - 1;
      open.set(next, left);
      if (left === 0) ordered.push(next);
    }
  }
  if (ordered.length === alive.length) return { ordered, stuck: [] };
  const done = new Set(ordered);
  return { ordered, stuck: alive.filter((draft) => !done.has(draft)) };
}

/** Without waits for which nobody waits. */
function needed(drafts: readonly Draft[]): readonly Draft[] {
  const awaited = new Set<Draft>();
  const queue = drafts.filter(({ op }) => op !== 'wait');
  for (let draft = queue.pop(); draft !== undefined; draft = queue.pop()) {
    for (const on of [...draft.hard, ...draft.soft.map((edge) => edge.on)]) {
      if (on.op !== 'wait' || awaited.has(on)) continue;
      awaited.add(on);
      queue.push(on);
    }
  }
  return drafts.filter((draft) => draft.op !== 'wait' || awaited.has(draft));
}
