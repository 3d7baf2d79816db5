import type { Case } from './scenarios.ts';

/** What a pair has in it: the shares of these are asserted, so that a generator that grows tame is noticed. */
export interface Shape {
  readonly steps: number;
  readonly replacement: boolean;
  readonly gap: boolean;
  readonly risk: boolean;
  readonly weighted: boolean;
  readonly moved: boolean;
  readonly foreign: boolean;
  readonly refused: boolean;
  readonly order: boolean;
  readonly drained: boolean;
}

export function shapeOf({ first, start, desired, pair }: Case): Shape {
  const { steps, refused } = first;
  const deleted = new Set(steps.filter(({ op }) => op === 'delete').map(({ kind, id }) => `${kind} ${id}`));
  const homes = new Map<string, Set<string>>();
  for (const thing of start.things.values()) {
    for (const service of thing.foreign || thing.kind === 'TargetGroup' ? [] : start.served(thing)) {
      homes.set(service, (homes.get(service) ?? new Set()).add(thing.unit));
    }
  }
  const moved = desired.some(
    ({ kind, serves, unit }) =>
      kind !== 'TargetGroup' && serves.some((service) => homes.has(service) && homes.get(service)?.has(unit) === false),
  );
  return {
    steps: steps.length,
    replacement: steps.some(({ op, kind, id }) => op === 'create' && deleted.has(`${kind} ${id}`)),
    gap: steps.some(({ gap }) => gap !== undefined),
    risk: steps.some(({ risk }) => risk !== undefined),
    weighted: steps.some(({ op, set }) => op === 'set' && set === 'forward'),
    moved,
    foreign: pair.foreign.some(({ what }) => what !== 'group'),
    refused: refused.length > 0,
    order: steps.some(({ op }) => op === 'order'),
    drained: steps.some(({ until }) => until?.what === 'drained'),
  };
}
