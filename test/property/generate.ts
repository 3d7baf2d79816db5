import { changeState } from './change.ts';
import type { CloudState, FrontState, ServiceState, Share } from './cloud-state.ts';
import { Random } from './random.ts';

/** Something in the cloud that is not ours. */
export type Foreign =
  | { readonly what: 'listener'; readonly balancer: string; readonly port: number; readonly uses?: string }
  | { readonly what: 'rule'; readonly listener: string; readonly priority: number; readonly uses?: string }
  | { readonly what: 'group'; readonly name: string };

/** One case: what is, what shall be, and what the cloud is like. */
export interface Pair {
  readonly seed: number;
  readonly before: CloudState;
  readonly after: CloudState;
  readonly foreign: readonly Foreign[];
  /** Targets that are never ready. */
  readonly sick: readonly string[];
  /** Services of which nothing can be read: they are not in `after`. */
  readonly unread: readonly string[];
  /** The cloud checks groups that nobody uses. */
  readonly unusedHealth: boolean;
  /** The cloud tells which connections are still to end. */
  readonly tellsDraining: boolean;
}

const ports = [80, 81, 443];
/** `*` takes every host that no rule before it takes. */
export const hosts = ['h1', 'h2', 'h3', '*', '*'];

export function generatePair(seed: number): Pair {
  const random = new Random(seed * 2_654_435_761 + 17);
  const before = generateState(random);
  const after = random.chance(0.25) ? blend(random, before) : changeState(random, before);
  const sick = before.services
    .concat(after.services)
    .flatMap(({ targets }) => targets)
    .filter(() => random.chance(sickShare));
  const unread = random.chance(0.3) ? random.sample(before.services, 1).map(({ name }) => name) : [];
  return {
    seed,
    before,
    after,
    foreign: random.chance(0.3) ? generateForeign(random, before, after) : [],
    sick: random.chance(0.5) ? [...new Set(sick)] : [],
    unread,
    unusedHealth: random.chance(0.15),
    tellsDraining: random.chance(0.6),
  };
}

const sickShare = 0.12;

function generateState(random: Random): CloudState {
  const balancers = ['a', 'b'].slice(0, random.chance(0.8) ? 2 : 1).map((id) => ({ id, scheme: 'public' }));
  const services: ServiceState[] = [];
  for (let i = 0; i < 2 + random.below(4); i++) services.push(generateService(random, `s${i + 1}`));
  const fronts: FrontState[] = [];
  for (const { id } of balancers) {
    for (const port of ports) if (random.chance(0.6)) fronts.push(generateFront(random, id, port, services));
  }
  return { balancers, services, fronts };
}

export function generateService(random: Random, name: string): ServiceState {
  const all = Array.from({ length: 8 }, (_, i) => `${name}-${i}`);
  const targets = random.sample(all, random.pick([0, 1, 1, 2, 2, 3, 4, 5, 6, 6]));
  return { name, protocol: random.pick(['http', 'tcp']), fixed: random.chance(0.3), targets, gone: [] };
}

export function generateFront(
  random: Random,
  balancer: string,
  port: number,
  services: readonly ServiceState[],
): FrontState {
  const plain = random.chance(0.35);
  const chosen = plain ? [] : new Set(random.sample(hosts, random.pick([0, 0, 1, 2, 3])));
  const rules = [...chosen].map((host) => ({ host, shares: generateShares(random, services) }));
  const certs = random.sample(['c1', 'c2', 'c3', 'c4'], random.below(3));
  return { balancer, port, plain, shares: generateShares(random, services), certs, rules };
}

export function generateShares(random: Random, services: readonly ServiceState[]): readonly Share[] {
  return random
    .sample(services, random.pick([1, 1, 1, 2, 2, 3]))
    .map(({ name }, place) => ({ service: name, weight: place === 0 ? 1 + random.below(2) : random.below(3) }));
}

/** Another state of the same services. */
function blend(random: Random, before: CloudState): CloudState {
  const { fronts } = generateState(random);
  const services = before.services.map((service) =>
    random.chance(0.5) ? generateService(random, service.name) : service,
  );
  const names = new Set(services.map(({ name }) => name));
  const known = (shares: readonly Share[]) => shares.filter(({ service }) => names.has(service));
  return {
    balancers: before.balancers,
    services,
    fronts: fronts
      .map((front) => ({
        ...front,
        shares: known(front.shares),
        rules: front.rules.map((rule) => ({ ...rule, shares: known(rule.shares) })),
      }))
      .filter(({ shares }) => shares.length > 0),
  };
}

function generateForeign(random: Random, before: CloudState, after: CloudState): readonly Foreign[] {
  const found: Foreign[] = [];
  const taken = new Set(before.fronts.map(({ balancer, port }) => `${balancer}:${port}`));
  for (const { balancer, port } of after.fronts) {
    if (!taken.has(`${balancer}:${port}`) && random.chance(0.4)) {
      const uses = random.chance(0.3) ? { uses: random.pick(before.services).name } : {};
      found.push({ what: 'listener', balancer, port, ...uses });
    }
  }
  for (const { balancer, port, plain } of before.fronts) {
    if (plain || !random.chance(0.3)) continue;
    const uses = random.chance(0.3) ? { uses: random.pick(before.services).name } : {};
    found.push({ what: 'rule', listener: `${balancer}:${port}`, priority: 1 + random.below(8), ...uses });
  }
  for (const { name, fixed } of after.services) {
    const held = before.services.some((service) => service.name === name && service.fixed);
    if (fixed && !held && random.chance(0.3)) found.push({ what: 'group', name });
  }
  return found;
}
