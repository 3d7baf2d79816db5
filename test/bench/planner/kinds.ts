import type { KindSpec } from '../../../src/model/index.ts';

/** Kinds as a cloud has them: immutable fields, slots, groups that belong to one load balancer. */
export const planKinds: readonly KindSpec[] = [
  { kind: 'Balancer', claim: 'tag', immutable: ['scheme'], refs: {}, sets: {} },
  {
    kind: 'TargetGroup',
    claim: 'tag',
    immutable: ['protocol', 'name'],
    per: 'balancer',
    refs: {},
    sets: { targets: { batch: 100, serving: true, weight: 'weight' } },
    slots: ({ name }) => [`group ${name}`],
  },
  {
    kind: 'Listener',
    claim: 'tag',
    immutable: ['port', 'balancer'],
    refs: { balancer: { to: 'Balancer' } },
    sets: { forward: { batch: 5, serving: true, to: 'TargetGroup', weight: 'weight', max: 5, min: 1, inCreate: true } },
    frontKey: ({ port }, { balancer }) => `${balancer}:${port}`,
    slots: ({ port }, { balancer }) => [`port ${balancer}:${port}`],
  },
];
