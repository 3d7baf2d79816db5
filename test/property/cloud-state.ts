import type { Attrs, Member, MemberSet, Resource } from '../../src/model/index.ts';

/** What somebody wants of the simulated cloud, small enough to be changed, shrunk and printed. */
export interface CloudState {
  readonly balancers: readonly { readonly id: string; readonly scheme: string }[];
  readonly services: readonly ServiceState[];
  readonly fronts: readonly FrontState[];
}

export interface ServiceState {
  readonly name: string;
  readonly protocol: string;
  /** Its target group has a name that only one can have. */
  readonly fixed: boolean;
  /** That name, where it is not its own. */
  readonly alias?: string;
  readonly targets: readonly string[];
  readonly gone: readonly string[];
}

export interface Share {
  readonly service: string;
  readonly weight: number;
}

export interface FrontState {
  readonly balancer: string;
  readonly port: number;
  /** One target group, no shares, no rules. */
  readonly plain: boolean;
  readonly shares: readonly Share[];
  readonly certs: readonly string[];
  /** First asked first. */
  readonly rules: readonly { readonly host: string; readonly shares: readonly Share[] }[];
}

/** The desired resources of a state. The group of a service belongs to the balancer that names it first; others have groups of their own. */
export function render(state: CloudState): readonly Resource[] {
  const services = new Map(state.services.map((service) => [service.name, service]));
  const homes = new Map<string, string>();
  const resources: Resource[] = [];
  const groups = new Map<string, Resource>();
  for (const { id, scheme } of state.balancers) {
    resources.push({ kind: 'Balancer', id, unit: id, serves: [], attrs: { scheme }, refs: {}, sets: {} });
  }
  const known = new Set(state.balancers.map(({ id }) => id));
  const groupFor = (name: string, balancer: string): string => {
    const service = services.get(name);
    const home = homes.get(name) ?? balancer;
    homes.set(name, home);
    const id = home === balancer ? name : `${name}@${balancer}`;
    if (service !== undefined && !groups.has(id)) {
      const group = renderGroup(id, balancer, service, home === balancer);
      groups.set(id, group);
      resources.push(group);
    }
    return id;
  };
  const share = (shares: readonly Share[], balancer: string): MemberSet =>
    new Map(
      shares
        .filter(({ service }) => services.has(service))
        .map(({ service, weight }): [string, Member] => [groupFor(service, balancer), { attrs: { weight } }]),
    );
  const served = (shares: readonly Share[]): string[] =>
    shares.filter(({ service, weight }) => weight > 0 && services.has(service)).map(({ service }) => service);
  for (const front of state.fronts) {
    const { balancer, port } = front;
    const shares = front.plain ? front.shares.slice(0, 1) : front.shares;
    if (!known.has(balancer) || served(shares).length === 0) continue;
    const id = `${balancer}:${port}`;
    const common = { id, unit: balancer, serves: served(shares), attrs: { port } };
    if (front.plain) {
      const [first] = shares;
      if (first === undefined) continue;
      const refs = { balancer, group: groupFor(first.service, balancer) };
      resources.push({ kind: 'PlainListener', ...common, refs, sets: {} });
      continue;
    }
    const certs = new Map(front.certs.map((cert): [string, Member] => [cert, { attrs: {} }]));
    resources.push({
      kind: 'Listener',
      ...common,
      refs: { balancer },
      sets: { forward: share(shares, balancer), certs },
    });
    for (const [rank, rule] of front.rules.entries()) {
      const serves = served(rule.shares);
      if (serves.length === 0) continue;
      resources.push({
        kind: 'Rule',
        id: `${id}/${rule.host}`,
        unit: balancer,
        serves,
        attrs: { host: rule.host, priority: rank },
        refs: { listener: id },
        sets: { forward: share(rule.shares, balancer) },
      });
    }
  }
  return resources;
}

function renderGroup(id: string, unit: string, service: ServiceState, home: boolean): Resource {
  const targets = new Map<string, Member>();
  for (const key of service.targets) targets.set(key, { attrs: {} });
  for (const key of service.gone) if (!targets.has(key)) targets.set(key, { attrs: {}, gone: true });
  // Nested on purpose: equal settings are not the same object.
  const settings: Attrs = { check: { path: '/', port: 1 } };
  const attrs: Attrs = {
    protocol: service.protocol,
    settings,
    ...(service.fixed && home ? { name: service.alias ?? service.name } : {}),
  };
  return { kind: 'TargetGroup', id, unit, serves: [service.name], attrs, refs: {}, sets: { targets } };
}
