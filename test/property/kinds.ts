import type { KindSpec } from '../../src/model/index.ts';

/**
 * The kinds of the simulated cloud. All four ways to claim; a batch, a maximum, a minimum, slots, an order group, immutable fields,
 * weighted and plain refs, and a kind that belongs to one load balancer.
 */
export function cloudKinds(unusedHealth: boolean, foreignRules: boolean): readonly KindSpec[] {
  return variants[Number(unusedHealth) + 2 * Number(foreignRules)] ?? variants[0];
}

const forward = {
  batch: 3,
  serving: true,
  to: 'TargetGroup',
  weight: 'weight',
  max: 3,
  min: 1,
  inCreate: true,
} as const;

function declare(unusedHealth: boolean, foreignRules: boolean): readonly KindSpec[] {
  return [
    { kind: 'Balancer', claim: 'tag', immutable: ['scheme'], refs: {}, sets: {}, shared: () => true },
    {
      kind: 'TargetGroup',
      claim: 'name',
      immutable: ['protocol', 'name'],
      per: 'listener.balancer',
      refs: {},
      sets: { targets: { batch: 3, max: 6, serving: true } },
      slots: ({ name }) => (typeof name === 'string' ? [`group ${name}`] : []),
      ...(unusedHealth ? { unusedHealth } : {}),
    },
    {
      kind: 'Listener',
      claim: 'tag',
      immutable: ['port', 'balancer'],
      refs: { balancer: { to: 'Balancer' } },
      sets: { forward, certs: { batch: 2, max: 3 } },
      shared: () => true,
      frontKey: ({ port }, { balancer }) => `${balancer}:${port}`,
      slots: ({ port }, { balancer }) => [`port ${balancer}:${port}`],
    },
    {
      kind: 'PlainListener',
      claim: 'journal',
      immutable: ['port', 'balancer'],
      refs: { balancer: { to: 'Balancer' }, group: { to: 'TargetGroup', serving: true } },
      sets: {},
      frontKey: ({ port }, { balancer }) => `${balancer}:${port}`,
      slots: ({ port }, { balancer }) => [`port ${balancer}:${port}`],
    },
    {
      kind: 'Rule',
      // Where others have rules in our listeners too, the place alone proves nothing.
      claim: foreignRules ? 'tag' : 'parent',
      immutable: ['listener'],
      refs: { listener: { to: 'Listener' } },
      sets: { forward },
      order: { scope: 'listener', attr: 'priority' },
      frontKey: ({ host }, { listener }) => `${listener}/${host}`,
      slots: ({ priority }, { listener }) => [`rule ${listener} ${priority}`],
    },
  ];
}

const variants = [declare(false, false), declare(true, false), declare(false, true), declare(true, true)] as const;

/** The same things in a whole-state system: nothing is immutable, nothing is a slot, nothing belongs to one balancer. */
export const fileKinds: readonly KindSpec[] = declare(true, false).map(
  ({ slots: _, per: __, order: ___, ...spec }) => ({
    ...spec,
    claim: 'name',
    immutable: [],
  }),
);
