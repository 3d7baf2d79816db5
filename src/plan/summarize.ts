import {
  atOnce,
  type Id,
  inStrides,
  type KindSpec,
  type Plan,
  type PlanSummary,
  type Provider,
  type ServiceId,
  type Sliced,
  type Step,
} from '../model/index.ts';

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
  return atOnce(summarizeSliced(plans));
}

/** As `summarize`, in slices. */
export function* summarizeSliced(plans: readonly CountedPlan[]): Sliced<PlanSummary> {
  const counts = { create: 0, update: 0, replace: 0, delete: 0, release: 0, refused: 0, unchanged: 0 };
  const gaps = new Set<ServiceId>();
  const risks = new Set<ServiceId>();
  const calls: Record<string, number> = {};
  let writes = 0;
  for (const plan of plans) {
    const { steps, refused, kinds = [], desired = 0 } = plan;
    const classes = new Map(kinds.map(({ kind, rateClass }) => [kind, rateClass ?? kind]));
    const objects = new Deeds();
    yield* inStrides(steps, (step) => {
      const { op, kind, id, gap = [], risk = [] } = step;
      for (const service of gap) gaps.add(service);
      for (const service of risk) risks.add(service);
      if (op === 'wait') return;
      writes++;
      const cost = plan.calls?.(step);
      const plain = classes.get(kind) ?? kind;
      if (cost === undefined) calls[plain] = (calls[plain] ?? 0) + 1;
      else for (const [rateClass, n] of Object.entries(cost)) calls[rateClass] = (calls[rateClass] ?? 0) + n;
      // The order of a scope is nobody's change of its own.
      if (op === 'order') return;
      objects.add(kind, id, deedOf(step));
    });
    let touched = 0;
    yield* inStrides(objects.all(), (deeds) => {
      const what = changeOf(deeds);
      counts[what]++;
      if (what !== 'delete' && what !== 'release') touched++;
    });
    counts.refused += refused.length;
    const held = new Set<string>();
    yield* inStrides(refused, ({ op, kind, id }) => {
      if (op !== 'delete' && !objects.has(kind, id)) held.add(`${kind}\n${id}`);
    });
    counts.unchanged += Math.max(0, desired - touched - held.size);
  }
  return { ...counts, gaps: gaps.size, risks: risks.size, steps: writes, calls };
}

/** What becomes of each object of a plan. Most have one deed: its set is shared. */
class Deeds {
  readonly #kinds = new Map<string, Map<Id, ReadonlySet<Deed>>>();
  readonly #single = new Map<Deed, ReadonlySet<Deed>>();

  add(kind: string, id: Id, deed: Deed): void {
    const objects = this.#kinds.get(kind) ?? new Map<Id, ReadonlySet<Deed>>();
    if (objects.size === 0) this.#kinds.set(kind, objects);
    const deeds = objects.get(id);
    if (deeds === undefined) objects.set(id, this.#alone(deed));
    else if (!deeds.has(deed)) objects.set(id, new Set([...deeds, deed]));
  }

  has(kind: string, id: Id): boolean {
    return this.#kinds.get(kind)?.has(id) === true;
  }

  *all(): Iterable<ReadonlySet<Deed>> {
    for (const objects of this.#kinds.values()) yield* objects.values();
  }

  #alone(deed: Deed): ReadonlySet<Deed> {
    const known = this.#single.get(deed) ?? new Set([deed]);
    this.#single.set(deed, known);
    return known;
  }
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
