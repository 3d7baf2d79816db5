import type { Call } from '../core/call.ts';
import type { World } from '../core/world.ts';
import type { Listener, LoadBalancer, Rule } from '../elbv2/state.ts';
import { type Probe, type Reach, reach, reachRule } from './reach.ts';

/** A front that had served and then lost traffic. */
export interface DarkMoment {
  /** `name:port` and, for a rule, its ARN; or the name of a watch. */
  readonly front: string;
  /** `empty`: a target group in use has no healthy target. `gone`: the listener, rule or load balancer was deleted while it served. */
  readonly kind: 'empty' | 'gone';
  readonly fromMs: number;
  /** Time at which somebody first saw it serve again. */
  untilMs?: number;
  /** Share of its traffic that was lost, 0 … 1. */
  readonly lost: number;
  /** The call that did it; undefined for what happens by itself. */
  readonly cause: Call | undefined;
}

interface Front {
  readonly balancer: string;
  lit: boolean;
  dark: DarkMoment | undefined;
}

/** The data plane as an oracle: what traffic reaches now, and every moment at which a front that served stopped to. */
export class Traffic {
  /** Everything that went dark, in the order of time. */
  readonly darkMoments: DarkMoment[] = [];
  readonly #world: World;
  readonly #fronts = new Map<string, Front>();
  /** Load balancer ARN → keys of its fronts. */
  readonly #keys = new Map<string, Set<string>>();
  readonly #watches = new Map<string, { readonly lost: () => number | undefined; readonly front: Front }>();

  constructor(world: World) {
    this.#world = world;
  }

  reach(probe: Probe): Reach {
    return reach(this.#world, probe);
  }

  /**
   * Follows something of the test's own after every write, such as a service that moves between load balancers:
   * `lost` answers the share of traffic lost now (0 … 1), undefined while it does not matter.
   */
  watch(name: string, lost: () => number | undefined): () => void {
    this.#watches.set(name, { lost, front: { balancer: '', lit: false, dark: undefined } });
    return () => this.#watches.delete(name);
  }

  /** What serves right before a write counts as having served: health comes by time and describes, not by writes. */
  before(call: Call): void {
    this.#note(call, undefined);
  }

  /** Looks at what a write may have changed. */
  after(call: Call): void {
    this.#note(call, call);
  }

  /** Looks at everything; for tests in which time alone changes things. */
  tick(): void {
    this.#lookAtAll();
    this.#judgeWatches(undefined);
  }

  #note(call: Call, cause: Call | undefined): void {
    for (const arn of this.#touched(call)) this.#look(arn, cause);
    this.#judgeWatches(cause);
  }

  #judgeWatches(cause: Call | undefined): void {
    for (const [name, { lost, front }] of this.#watches) this.#judge(name, front, lost(), 'empty', cause);
  }

  #lookAtAll(): void {
    const arns = new Set([...this.#keys.keys(), ...[...this.#world.elb.loadBalancers.all()].map(({ arn }) => arn)]);
    for (const arn of arns) this.#look(arn, undefined);
  }

  /** Load balancers that the parameters of a call lead to. */
  #touched({ params }: Call): ReadonlySet<string> {
    const arns = new Set<string>();
    for (const text of textsOf(params)) {
      if (!text.startsWith('arn:aws:elasticloadbalancing:')) continue;
      const path = text.replace(/:listener(?:-rule)?\/([^/]+\/[^/]+\/[^/]+).*$/, ':loadbalancer/$1');
      if (path.includes(':loadbalancer/')) arns.add(path);
      for (const { loadBalancer } of this.#world.elb.targetGroups.truly(text)?.users.values() ?? [])
        arns.add(loadBalancer.arn);
    }
    return arns;
  }

  #look(arn: string, cause: Call | undefined): void {
    const balancer = this.#world.elb.loadBalancers.truly(arn);
    const keys = this.#keys.get(arn) ?? new Set<string>();
    const seen = new Set<string>();
    for (const [key, rule] of balancer === undefined ? [] : frontsOf(balancer)) {
      seen.add(key);
      let front = this.#fronts.get(key);
      if (front === undefined) {
        front = { balancer: arn, lit: false, dark: undefined };
        this.#fronts.set(key, front);
        keys.add(key);
      }
      const found = reachRule(this.#world, rule);
      this.#judge(key, front, found.kind === 'forward' ? found.lost : 0, 'empty', cause);
    }
    for (const key of keys) {
      if (seen.has(key)) continue;
      const front = this.#fronts.get(key);
      if (front !== undefined) this.#judge(key, front, 1, 'gone', cause);
      this.#fronts.delete(key);
      keys.delete(key);
    }
    if (keys.size === 0) this.#keys.delete(arn);
    else this.#keys.set(arn, keys);
  }

  #judge(
    name: string,
    front: Front,
    lost: number | undefined,
    kind: DarkMoment['kind'],
    cause: Call | undefined,
  ): void {
    if (lost === undefined) {
      front.lit = false;
      return;
    }
    const nowMs = this.#world.clock.now();
    if (lost === 0) {
      if (front.dark !== undefined) front.dark.untilMs = nowMs;
      front.dark = undefined;
      front.lit = true;
    } else if (front.lit) {
      front.lit = false;
      front.dark = { front: name, kind, fromMs: nowMs, lost, cause };
      this.darkMoments.push(front.dark);
    }
  }
}

function* frontsOf(balancer: LoadBalancer): Generator<[key: string, rule: Rule]> {
  for (const listener of balancer.listeners) {
    yield [keyOf(balancer, listener), listener.defaultRule];
    for (const rule of listener.rules) yield [`${keyOf(balancer, listener)} ${rule.arn}`, rule];
  }
}

function keyOf(balancer: LoadBalancer, listener: Listener): string {
  return `${balancer.name}:${listener.Port}`;
}

function* textsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) yield* textsOf(each);
}
