import type { CloudState, FrontState, ServiceState, Share } from './cloud-state.ts';
import { generateFront, generateService, generateShares } from './generate.ts';
import type { Random } from './random.ts';

type Change = (random: Random, state: CloudState) => CloudState;

/** A few changes as they happen in real life, and some that are meant to be hard. */
export function changeState(random: Random, state: CloudState): CloudState {
  let changed = state;
  const count = 1 + random.below(6);
  for (let i = 0; i < count; i++) changed = random.pick(changes)(random, changed);
  return changed;
}

const changes: readonly Change[] = [
  rollOut,
  rollOut,
  (random, state) =>
    changeService(random, state, ({ protocol, ...rest }) => ({
      ...rest,
      protocol: protocol === 'tcp' ? 'http' : 'tcp',
    })),
  (random, state) =>
    changeService(random, state, ({ protocol, ...rest }) => ({
      ...rest,
      protocol: protocol === 'tcp' ? 'http' : 'tcp',
    })),
  (random, state) => changeService(random, state, ({ fixed, ...rest }) => ({ ...rest, fixed: !fixed })),
  (random, state) => changeService(random, state, ({ name }) => generateService(random, name)),
  (random, state) => changeService(random, state, (service) => ({ ...service, targets: [] })),
  (random, state) =>
    changeFront(random, state, (front) => ({ ...front, shares: generateShares(random, state.services) })),
  (random, state) => changeFront(random, state, (front) => ({ ...front, plain: !front.plain })),
  (random, state) => changeFront(random, state, (front) => ({ ...front, rules: random.shuffle(front.rules) })),
  (random, state) =>
    changeFront(random, state, (front) => ({
      ...front,
      shares: front.shares.map((share) => ({ ...share, weight: 1 + random.below(3) })),
    })),
  (random, state) =>
    changeFront(random, state, ({ balancer, port }) => generateFront(random, balancer, port, state.services)),
  (random, state) =>
    changeFront(random, state, (front) => ({
      ...front,
      rules: front.rules.map((rule) => ({ ...rule, shares: generateShares(random, state.services) })),
    })),
  (random, state) =>
    changeFront(random, state, (front) => ({
      ...front,
      certs: random.sample(['c1', 'c2', 'c3', 'c4'], random.below(4)),
    })),
  moveFront,
  swapFronts,
  swapFronts,
  takeOver,
  (random, state) => ({ ...state, fronts: random.shuffle(state.fronts).slice(1) }),
  addFront,
  replaceBalancer,
  (random, state) => ({ ...state, services: state.services.filter(() => !random.chance(0.3)) }),
  renameRules,
  raiseRules,
  raiseRules,
  claimName,
];

function changeService(random: Random, state: CloudState, change: (service: ServiceState) => ServiceState): CloudState {
  if (state.services.length === 0) return state;
  const chosen = random.pick(state.services);
  return { ...state, services: state.services.map((service) => (service === chosen ? change(service) : service)) };
}

function changeFront(random: Random, state: CloudState, change: (front: FrontState) => FrontState): CloudState {
  if (state.fronts.length === 0 || state.services.length === 0) return state;
  const chosen = random.pick(state.fronts);
  return { ...state, fronts: state.fronts.map((front) => (front === chosen ? change(front) : front)) };
}

/** Some or all targets are replaced; what has left is told as gone, or not told. */
function rollOut(random: Random, state: CloudState): CloudState {
  return changeService(random, state, (service) => {
    const all = Array.from({ length: 10 }, (_, i) => `${service.name}-${i}`).filter(
      (t) => !service.targets.includes(t),
    );
    const kept = random.chance(0.5) ? [] : service.targets.slice(1);
    const count = Math.min(6 - kept.length, Math.max(1, service.targets.length - kept.length));
    const left = service.targets.filter((target) => !kept.includes(target));
    return { ...service, targets: [...kept, ...random.sample(all, count)], gone: random.chance(0.3) ? left : [] };
  });
}

function moveFront(random: Random, state: CloudState): CloudState {
  return changeFront(random, state, (front) => {
    const balancer = random.pick(state.balancers).id;
    const port = random.pick([80, 81, 443]);
    const taken = state.fronts.some((other) => other.balancer === balancer && other.port === port);
    return taken ? front : { ...front, balancer, port };
  });
}

/** Two fronts exchange what they serve. */
function swapFronts(random: Random, state: CloudState): CloudState {
  const [a, b] = random.sample(state.fronts, 2);
  if (a === undefined || b === undefined) return state;
  const given = (front: FrontState): readonly Share[] =>
    front === a ? b.shares : front === b ? a.shares : front.shares;
  return { ...state, fronts: state.fronts.map((front) => ({ ...front, shares: given(front) })) };
}

/** One front takes the service of another, which takes a third. */
function takeOver(random: Random, state: CloudState): CloudState {
  const shift = new Map<FrontState, readonly Share[]>();
  const all = random.shuffle(state.fronts);
  for (const [place, front] of all.entries()) shift.set(front, all[(place + 1) % all.length]?.shares ?? front.shares);
  return { ...state, fronts: state.fronts.map((front) => ({ ...front, shares: shift.get(front) ?? front.shares })) };
}

function addFront(random: Random, state: CloudState): CloudState {
  if (state.services.length === 0) return state;
  const balancer = random.pick(state.balancers).id;
  const port = random.pick([80, 81, 443, 8443]);
  if (state.fronts.some((front) => front.balancer === balancer && front.port === port)) return state;
  return { ...state, fronts: [...state.fronts, generateFront(random, balancer, port, state.services)] };
}

function replaceBalancer(random: Random, state: CloudState): CloudState {
  const chosen = random.pick(state.balancers);
  if (random.chance(0.5)) {
    const scheme = chosen.scheme === 'public' ? 'internal' : 'public';
    return { ...state, balancers: state.balancers.map((one) => (one === chosen ? { ...one, scheme } : one)) };
  }
  if (state.balancers.length > 1 && random.chance(0.5)) {
    const target = state.balancers.find((one) => one !== chosen);
    if (target === undefined) return state;
    const moved = state.fronts.map((front) =>
      front.balancer === chosen.id ? { ...front, balancer: target.id } : front,
    );
    return { ...state, balancers: [target], fronts: firstAtEachPlace(moved) };
  }
  const id = `c${state.balancers.length}`;
  if (state.balancers.some((one) => one.id === id)) return state;
  return { ...state, balancers: [...state.balancers, { id, scheme: 'public' }] };
}

function firstAtEachPlace(fronts: readonly FrontState[]): readonly FrontState[] {
  const seen = new Set<string>();
  return fronts.filter(({ balancer, port }) => {
    const place = `${balancer}:${port}`;
    return !seen.has(place) && seen.add(place) !== undefined;
  });
}

/** What took every host comes last now, and what comes before it serves something that is not ready yet. */
function raiseRules(random: Random, state: CloudState): CloudState {
  const front = state.fronts.find(({ rules }) => rules.length > 1 && rules[0]?.host === '*');
  const [service] = random.sample(state.services, 1);
  if (front === undefined || service === undefined) return rollOut(random, state);
  const shares = [{ service: service.name, weight: 1 }];
  const rest = front.rules.filter(({ host }) => host !== '*').map((rule) => ({ ...rule, shares }));
  const rules = [...rest, ...front.rules.filter(({ host }) => host === '*')];
  const raised = { ...state, fronts: state.fronts.map((one) => (one === front ? { ...front, rules } : one)) };
  return random.chance(0.5) ? raised : { ...raised, services: replaceTargets(raised.services, service.name) };
}

function replaceTargets(services: readonly ServiceState[], name: string): readonly ServiceState[] {
  const targets = Array.from({ length: 3 }, (_, i) => `${name}-n${i}`);
  return services.map((service) =>
    service.name === name ? { ...service, protocol: `${service.protocol}2`, targets } : service,
  );
}

/** Two services want the name that only one can have. */
function claimName(random: Random, state: CloudState): CloudState {
  const [first, second] = random.sample(state.services, 2);
  if (first === undefined || second === undefined || random.chance(0.5)) return state;
  return {
    ...state,
    services: state.services.map((service) =>
      service === first
        ? { ...service, fixed: true }
        : service === second
          ? { ...service, fixed: true, alias: first.name }
          : service,
    ),
  };
}

function renameRules(random: Random, state: CloudState): CloudState {
  return changeFront(random, state, (front) => {
    const hosts = random.sample(['h1', 'h2', 'h3', 'h4', '*'], front.rules.length);
    return { ...front, rules: front.rules.map((rule, place) => ({ ...rule, host: hosts[place] ?? rule.host })) };
  });
}
