/**
 * The kinds of the memory system: a cloud's load balancer in small.
 *
 * LoadBalancer  one for each group of services; name and scheme cannot be changed.
 * TargetGroup   one for each backend; name and protocol cannot be changed; health is known only while a front refers to it.
 * Listener      one port of a load balancer; forwards to weighted target groups, or answers itself.
 * Rule          what a listener does with a host and path before its default; ranked by `priority`.
 *
 * `place` is what clients know of a front: `<group>:<port>/<transport>`, for a rule with host, path and conditions behind it.
 */
import type { KindSpec } from '../../src/model/index.ts';

const forward = { batch: 100, serving: true, to: 'TargetGroup', weight: 'weight', max: 5, inCreate: true } as const;

export const kinds: readonly KindSpec[] = [
  {
    kind: 'LoadBalancer',
    claim: 'tag',
    immutable: ['name', 'scheme'],
    refs: {},
    sets: {},
    slots: (attrs) => [`lb ${String(attrs.name)}`],
  },
  {
    kind: 'TargetGroup',
    claim: 'tag',
    immutable: ['name', 'protocol'],
    refs: {},
    sets: { targets: { batch: 20, serving: true, weight: 'weight' } },
    slots: (attrs) => [`tg ${String(attrs.name)}`],
  },
  {
    kind: 'Listener',
    claim: 'tag',
    immutable: ['port', 'transport', 'place', 'lb'],
    frontKey: (attrs) => String(attrs.place),
    refs: { lb: { to: 'LoadBalancer' } },
    sets: { forward, certs: { batch: 10, inCreate: true } },
    slots: (attrs, refs) => [`port ${refs.lb} ${String(attrs.port)}/${String(attrs.transport)}`],
  },
  {
    kind: 'Rule',
    claim: 'parent',
    immutable: ['place', 'listener'],
    frontKey: (attrs) => String(attrs.place),
    order: { scope: 'listener', attr: 'priority' },
    refs: { listener: { to: 'Listener' } },
    sets: { forward },
    slots: (attrs, refs) => [`priority ${refs.listener} ${String(attrs.priority)}`],
  },
];
