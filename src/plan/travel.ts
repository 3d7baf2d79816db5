import type { Refusal } from '../model/index.ts';
import type { Draft } from './draft.ts';

/** Refusals travel along the edges: what waits for a refused step is refused, and says for what it waits. */
export function travel(drafts: readonly Draft[]): void {
  const queue = drafts.filter(({ refused }) => refused !== undefined);
  if (queue.length === 0) return;
  const waiting = dependants(drafts);
  for (let draft = queue.shift(); draft !== undefined; draft = queue.shift()) {
    for (const next of waiting.get(draft) ?? []) {
      if (next.refused !== undefined) continue;
      next.refuse('blocked', draft.refused?.why === 'blocked' && draft.op === 'wait' ? draft.refused.by : draft.label);
      queue.push(next);
    }
  }
}

/** Who waits for whom, the other way round. */
export function dependants(drafts: readonly Draft[]): Map<Draft, Draft[]> {
  const waiting = new Map<Draft, Draft[]>();
  const add = (on: Draft, draft: Draft): void => {
    const list = waiting.get(on);
    if (list === undefined) waiting.set(on, [draft]);
    else list.push(draft);
  };
  for (const draft of drafts) {
    for (const on of draft.hard) add(on, draft);
    for (const { on } of draft.soft) add(on, draft);
  }
  return waiting;
}

/** What is told of refused drafts: once for each object and operation; waits tell nothing. */
export function refusalsOf(drafts: readonly Draft[]): readonly Refusal[] {
  const told = new Map<string, Refusal>();
  for (const { refused, op, shape, id, unit, serves } of drafts) {
    if (refused === undefined || op === 'wait') continue;
    const { why, by } = refused;
    const key = JSON.stringify([shape.spec.kind, id, op, why, by]);
    if (!told.has(key)) {
      told.set(key, {
        kind: shape.spec.kind,
        id,
        unit,
        op,
        why,
        ...(by === undefined ? {} : { by }),
        services: serves,
      });
    }
  }
  return [...told.values()];
}
