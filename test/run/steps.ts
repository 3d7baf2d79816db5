import type { Observed, Step } from '../../src/model/index.ts';

/** A step with everything that a test does not care about filled in. */
export function step(n: number, op: Step['op'], rest: Partial<Step> = {}): Step {
  return { n, op, kind: 'Thing', id: `thing-${n}`, unit: 'u', why: 'test', serves: [], after: [], ...rest };
}

export function object(handle: string, rest: Partial<Observed> = {}): Observed {
  return {
    kind: 'Thing',
    id: handle,
    handle,
    unit: 'u',
    owned: true,
    serves: [],
    attrs: {},
    refs: {},
    sets: {},
    facts: {},
    ...rest,
  };
}
