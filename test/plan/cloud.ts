import type { Health, KindSpec, Member, Observed, Plan, Policy, Resource } from '../../src/model/index.ts';
import { plan } from '../../src/plan/index.ts';

/** The smallest cloud that needs the rules: balancers, groups of targets, listeners with and without shares, ranked rules. */
export const kinds: readonly KindSpec[] = [
  { kind: 'Balancer', claim: 'tag', immutable: ['scheme'], refs: {}, sets: {} },
  {
    kind: 'Group',
    claim: 'tag',
    immutable: ['protocol', 'name', 'holds'],
    per: 'listener.balancer',
    refs: {},
    sets: { targets: { batch: 3, max: 6, serving: true, fits: ['holds'] } },
    slots: ({ name }) => (typeof name === 'string' ? [name] : []),
  },
  {
    kind: 'Listener',
    claim: 'tag',
    immutable: ['port', 'balancer'],
    refs: { balancer: { to: 'Balancer' } },
    sets: {
      forward: { batch: 3, serving: true, to: 'Group', weight: 'weight', max: 2, min: 1, inCreate: true },
      certs: { batch: 5 },
    },
    frontKey: ({ port }, { balancer }) => `${balancer}:${port}`,
    slots: ({ port }, { balancer }) => [`${balancer}:${port}`],
  },
  {
    kind: 'Plain',
    claim: 'tag',
    immutable: ['port', 'balancer'],
    refs: { balancer: { to: 'Balancer' }, group: { to: 'Group', serving: true } },
    sets: {},
    frontKey: ({ port }, { balancer }) => `${balancer}:${port}`,
    slots: ({ port }, { balancer }) => [`${balancer}:${port}`],
  },
  {
    kind: 'Rule',
    claim: 'tag',
    immutable: ['listener'],
    refs: { listener: { to: 'Listener' }, group: { to: 'Group', serving: true } },
    sets: {},
    order: { scope: 'listener', attr: 'priority' },
    frontKey: ({ host }, { listener }) => `${listener}/${host}`,
    slots: ({ priority }, { listener }) => [`${listener} ${priority}`],
  },
];

export const balancer = (id: string, scheme = 'public'): Resource => make('Balancer', id, [], { scheme });

/** `targets`: names; the group serves the service of its name (`s@b` serves `s`). */
export function group(id: string, targets: string, attrs: Resource['attrs'] = {}): Resource {
  const [service = id] = id.split('@');
  return { ...make('Group', id, [service], { protocol: 'http', ...attrs }), sets: { targets: membersOf(targets) } };
}

/** `forward`: group → share; serves what has a share. */
export function listener(place: string, forward: Readonly<Record<string, number>>, certs = ''): Resource {
  const [balancerId = '', port] = place.split(':');
  const members = Object.entries(forward).map(([id, weight]): [string, Member] => [id, { attrs: { weight } }]);
  const serves = Object.keys(forward).filter((id) => forward[id] !== 0);
  return {
    ...make('Listener', place, serves.map(serviceOf), { port: Number(port) }),
    refs: { balancer: balancerId },
    sets: { forward: new Map(members), certs: membersOf(certs) },
  };
}

export function plain(place: string, groupId: string): Resource {
  const [balancerId = '', port] = place.split(':');
  return {
    ...make('Plain', place, [serviceOf(groupId)], { port: Number(port) }),
    refs: { balancer: balancerId, group: groupId },
  };
}

export function rule(listenerId: string, host: string, priority: number, groupId: string): Resource {
  const made = make('Rule', `${listenerId}/${host}`, [serviceOf(groupId)], { host, priority });
  return { ...made, refs: { listener: listenerId, group: groupId } };
}

interface Seen {
  readonly handle?: string;
  readonly owned?: boolean;
  /** Targets that are ready; default: all. */
  readonly ready?: string;
  /** What the others are; default: on their way. */
  readonly others?: Health;
  readonly draining?: string;
}

/** What was wanted, as it would be observed: the handle is the id in capitals. */
export function seen(
  resource: Resource,
  { handle, owned = true, ready, others = 'initial', draining }: Seen = {},
): Observed {
  const spec = kinds.find(({ kind }) => kind === resource.kind);
  const refs = Object.entries(resource.refs).map(([name, id]) => [name, id.toUpperCase()]);
  const sets = Object.entries(resource.sets).map(([name, set]): [string, ReadonlyMap<string, Member>] => [
    name,
    spec?.sets[name]?.to === undefined ? set : new Map([...set].map(([id, m]) => [id.toUpperCase(), m])),
  ]);
  const { targets } = resource.sets;
  const fit = ready === undefined ? [...(targets?.keys() ?? [])] : ready.split(' ');
  const health: Record<string, ReadonlyMap<string, Health>> = {};
  if (targets !== undefined) {
    health.targets = new Map([...targets.keys()].map((key) => [key, fit.includes(key) ? 'ready' : others]));
  }
  if (draining !== undefined) {
    const entries = draining.split(' ').filter((key) => key !== '');
    health[resource.kind === 'Listener' ? 'forward' : 'group'] = new Map(entries.map((key) => [key, 'draining']));
  }
  return {
    ...resource,
    refs: Object.fromEntries(refs),
    sets: Object.fromEntries(sets),
    handle: handle ?? resource.id.toUpperCase(),
    owned,
    facts: {},
    ...(Object.keys(health).length > 0 ? { health } : {}),
  };
}

interface Asked {
  readonly policy?: Policy;
  readonly incomplete?: string;
}

export function planFor(
  desired: readonly Resource[],
  observed: readonly Observed[],
  { policy = 'sync', incomplete }: Asked = {},
): Plan {
  return plan(kinds, desired, observed, { policy, incomplete: (service) => service === incomplete });
}

/** A plan as short lines: `op Kind id members [gap …] [risk …]`, in the listed order. */
export function lines({ steps }: Plan): readonly string[] {
  return steps.map((step) => {
    const { op, kind, id, members = [], until, ranks, gap, risk } = step;
    const keys = members.map(([ref, member]) => {
      const weight = member?.attrs.weight;
      return `${typeof ref === 'string' ? ref : `#${ref}`}${weight === undefined ? '' : `=${weight}`}${member === null ? ' out' : ''}`;
    });
    const parts = [op, kind, id, ...keys];
    if (until !== undefined) parts.push(`${until.min}/${until.members.length} ${until.what}`);
    if (ranks !== undefined) parts.push(ranks.map(([ref, rank]) => `${ref}=${rank}`).join(' '));
    if (gap !== undefined) parts.push(`[gap ${gap.join(' ')}]`);
    if (risk !== undefined) parts.push(`[risk ${risk.join(' ')}]`);
    return parts.join(' ');
  });
}

export function refusals({ refused }: Plan): readonly string[] {
  return refused.map(
    ({ op, kind, id, why, by }) => `${op} ${kind} ${id}: ${why}${by === undefined ? '' : ` by ${by}`}`,
  );
}

function make(kind: string, id: string, serves: readonly string[], attrs: Resource['attrs']): Resource {
  return { kind, id, unit: 'u', serves, attrs, refs: {}, sets: {} };
}

function serviceOf(groupId: string): string {
  return groupId.split('@')[0] ?? groupId;
}

function membersOf(names: string): ReadonlyMap<string, Member> {
  const keys = names.split(' ').filter((name) => name !== '');
  return new Map(
    keys.map((key) => (key.endsWith('!') ? [key.slice(0, -1), { attrs: {}, gone: true }] : [key, { attrs: {} }])),
  );
}
