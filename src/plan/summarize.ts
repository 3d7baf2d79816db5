import type { KindSpec, Plan, PlanSummary, Provider, ServiceId, Step } from '../model/index.ts';

/** A plan with what the summary cannot see in it. */
export interface CountedPlan extends Plan {
  /** For the rate classes of calls; absent: the kind's name. */
  readonly kinds?: readonly KindSpec[];
  /** What its steps cost; absent: one call each. */
  readonly calls?: Provider['calls'];
  /** How many resources the unit wants; absent: nothing is counted as unchanged. */
  readonly desired?: number;
}

/**
 * Numbers of some plans. Objects are counted once: a create and a delete of one id in one plan is a replacement. `calls`: rate class →
 * calls; waiting calls nothing.
 */
export function summarize(plans: readonly CountedPlan[]): PlanSummary {
  const counts = { create: 0, update: 0, replace: 0, delete: 0, release: 0, refused: 0, unchanged: 0 };
  const gaps = new Set<ServiceId>();
  const risks = new Set<ServiceId>();
  const calls: Record<string, number> = {};
  let writes = 0;
  for (const plan of plans) {
    const { steps, refused, kinds = [], desired = 0 } = plan;
    const classes = new Map(kinds.map(({ kind, rateClass }) => [kind, rateClass ?? kind]));
    // Most objects have one deed in a plan.
    const objects = new Map<string, Deed | Set<Deed>>();
    for (const step of steps) {
      const { op, kind, id, gap = [], risk = [] } = step;
      for (const service of gap) gaps.add(service);
      for (const service of risk) risks.add(service);
      if (op === 'wait') continue;
      writes++;
      const cost = plan.calls?.(step);
      const plain = classes.get(kind) ?? kind;
      if (cost === undefined) calls[plain] = (calls[plain] ?? 0) + 1;
      else for (const [rateClass, n] of Object.entries(cost)) calls[rateClass] = (calls[rateClass] ?? 0) + n;
      // The order of a scope is nobody's change of its own.
      if (op === 'order') continue;
      const key = `${kind}\n${id}`;
      const deeds = objects.get(key);
      const deed = deedOf(step);
      if (deeds === undefined) objects.set(key, deed);
      else if (typeof deeds !== 'string') deeds.add(deed);
      else if (deeds !== deed) objects.set(key, new Set([deeds, deed]));
    }
    let touched = 0;
    for (const deeds of objects.values()) {
      const what = changeOf(typeof deeds === 'string' ? new Set([deeds]) : deeds);
      counts[what]++;
      if (what !== 'delete' && what !== 'release') touched++;
    }
    counts.refused += refused.length;
    const held = new Set(refused.filter(({ op }) => op !== 'delete').map(({ kind, id }) => `${kind}\n${id}`));
    for (const key of objects.keys()) held.delete(key);
    counts.unchanged += Math.max(0, desired - touched - held.size);
  }
  return { ...counts, gaps: gaps.size, risks: risks.size, steps: writes, calls };
}

function changeOf(ops: ReadonlySet<Deed>): 'create' | 'replace' | 'delete' | 'release' | 'update' {
  const goes = ops.has('delete') || ops.has('release');
  if (ops.has('create')) return goes ? 'replace' : 'create';
  if (ops.has('delete')) return 'delete';
  return ops.has('release') ? 'release' : 'update';
}

type Deed = Step['op'] | 'release';

/** What is borrowed is neither made nor taken away. */
function deedOf({ op, borrowed }: Step): Deed {
  if (borrowed !== true) return op;
  return op === 'delete' ? 'release' : 'update';
}
