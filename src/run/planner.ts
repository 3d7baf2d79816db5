/** The planner as running uses it: passed in, so that running is tested with plans of any shape. */
import type {
  Handle,
  KindSpec,
  Observed,
  Plan,
  Policy,
  Resource,
  ServiceId,
  Sliced,
  Step,
  Unit,
} from '../model/index.ts';

export interface PlanOptions {
  readonly policy: Policy;
  readonly incomplete: (service: ServiceId) => boolean;
  readonly gateDeadlineMs?: number;
}

export interface UnitGroup {
  readonly unit: Unit;
  readonly desired: readonly Resource[];
  readonly observed: readonly Observed[];
}

export interface Planner {
  plan(
    kinds: readonly KindSpec[],
    desired: readonly Resource[],
    observed: readonly Observed[],
    options: PlanOptions,
  ): Plan;
  /** As `plan`, in slices. */
  planSliced(
    kinds: readonly KindSpec[],
    desired: readonly Resource[],
    observed: readonly Observed[],
    options: PlanOptions,
  ): Sliced<Plan>;
  units(kinds: readonly KindSpec[], desired: readonly Resource[], observed: readonly Observed[]): readonly UnitGroup[];
  /** The observed state after these steps; `handles` tells what a create answered, by step number. */
  advance(
    observed: readonly Observed[],
    steps: readonly Step[],
    handles?: ReadonlyMap<number, Handle>,
  ): readonly Observed[];
  /** As `advance`, in slices. */
  advanceSliced(observed: readonly Observed[], steps: readonly Step[]): Sliced<readonly Observed[]>;
}
