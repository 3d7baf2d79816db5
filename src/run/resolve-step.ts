import { type Handle, type HandleRef, type Step, WeirError } from '../model/index.ts';

/** The step with every step number replaced by the handle that the step answered. Throws E_BUG for one that answered none. */
export function resolveStep(step: Step, handles: ReadonlyMap<number, Handle>): Step {
  const handleOf = (ref: HandleRef): Handle => {
    if (typeof ref === 'string') return ref;
    const handle = handles.get(ref);
    if (handle === undefined) {
      throw new WeirError(
        'E_BUG',
        `step ${step.n} (${step.op} ${step.kind} ${step.id}) needs the handle of step ${ref}`,
      );
    }
    return handle;
  };
  const pairs = <T>(list: readonly (readonly [HandleRef, T])[]) =>
    list.map(([ref, value]): readonly [Handle, T] => [handleOf(ref), value]);
  return {
    ...step,
    ...(step.handle === undefined ? {} : { handle: handleOf(step.handle) }),
    ...(step.refs === undefined ? {} : { refs: mapValues(step.refs, (ref) => (ref === null ? null : handleOf(ref))) }),
    ...(step.members === undefined ? {} : { members: pairs(step.members) }),
    ...(step.sets === undefined ? {} : { sets: mapValues(step.sets, pairs) }),
    ...(step.ranks === undefined ? {} : { ranks: pairs(step.ranks) }),
    ...(step.until === undefined ? {} : { until: { ...step.until, of: handleOf(step.until.of) } }),
  };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Readonly<Record<string, B>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
