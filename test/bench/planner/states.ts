import type { Health, Member, Observed, Resource } from '../../../src/model/index.ts';

/** Services of one load balancer, targets of one service. */
const perBalancer = 50;
const perService = 10;

/** The desired state, every object of it new; a share of the services has one target replaced and one weight changed. */
export function wantedState(services: number, changed: number): readonly Resource[] {
  const resources: Resource[] = [];
  const every = changed === 0 ? 0 : Math.round(1 / changed);
  for (let i = 0; i < services; i++) {
    const balancer = `lb-${Math.floor(i / perBalancer)}`;
    if (i % perBalancer === 0)
      resources.push(resource('Balancer', balancer, balancer, [], { scheme: 'internet' }, {}, {}));
    const targets = targetsOf(i);
    if (every > 0 && i % every === 1) {
      targets.delete(targetKey(i, 0));
      targets.set(targetKey(i, perService), { attrs: { weight: 1 } });
      targets.set(targetKey(i, 1), { attrs: { weight: 2 } });
    }
    resources.push(resource('TargetGroup', `tg-${i}`, balancer, [`ns/service-${i}`], groupAttrs(i), {}, { targets }));
    const forward = new Map<string, Member>([[`tg-${i}`, { attrs: { weight: 1 } }]]);
    resources.push(
      resource(
        'Listener',
        `listener-${i}`,
        balancer,
        [`ns/service-${i}`],
        { port: port(i), protocol: 'TCP' },
        { balancer },
        { forward },
      ),
    );
  }
  return resources;
}

/** The same, unchanged, as it would be read: handles, health, no object in common with the wanted ones. */
export function observedState(services: number): readonly Observed[] {
  return wantedState(services, 0).map((it): Observed => {
    const { targets, forward } = it.sets;
    const base = { ...it, handle: `arn:${it.id}`, owned: true, facts: {} };
    if (targets !== undefined) {
      return {
        ...base,
        health: { targets: new Map([...targets.keys()].map((key): [string, Health] => [key, 'ready'])) },
      };
    }
    if (forward === undefined) return base;
    const members = new Map([...forward].map(([id, member]) => [`arn:${id}`, member]));
    return { ...base, refs: { balancer: `arn:${it.refs.balancer}` }, sets: { forward: members } };
  });
}

/** The least that any comparison must do: index by key, look each object up, compare each weight. Answers how many differ. */
export function bareWalk(desired: readonly Resource[], observed: readonly Observed[]): number {
  const index = new Map<string, Observed>();
  for (const it of observed) index.set(`${it.kind} ${it.id}`, it);
  let different = 0;
  for (const it of desired) {
    const now = index.get(`${it.kind} ${it.id}`);
    const targets = it.sets.targets;
    if (targets === undefined) continue;
    const seen = now?.sets.targets;
    for (const [key, member] of targets) if (seen?.get(key)?.attrs.weight !== member.attrs.weight) different++;
  }
  return different;
}

function resource(
  kind: string,
  id: string,
  unit: string,
  serves: readonly string[],
  attrs: Resource['attrs'],
  refs: Resource['refs'],
  sets: Resource['sets'],
): Resource {
  return { kind, id, unit, serves, attrs, refs, sets };
}

function groupAttrs(i: number): Resource['attrs'] {
  return { name: `tg-${i}`, protocol: 'TCP', check: { port: 'traffic', intervalMs: 10_000, healthy: 3 } };
}

function targetsOf(i: number): Map<string, Member> {
  const targets = new Map<string, Member>();
  for (let t = 0; t < perService; t++) targets.set(targetKey(i, t), { attrs: { weight: 1 } });
  return targets;
}

function targetKey(service: number, target: number): string {
  return `10.${(service >> 8) & 255}.${service & 255}.${target}:8080`;
}

function port(i: number): number {
  return 1_000 + (i % perBalancer);
}
