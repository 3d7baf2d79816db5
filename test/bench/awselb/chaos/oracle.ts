import type { PlanReport } from '../../../../src/model/index.ts';
import type { FakeAws } from '../../../fakes/aws/index.ts';
import type { VirtualClock } from '../../../run/virtual-clock.ts';
import { hostOf, type Member, resourceOf, serviceId } from './population.ts';

/** What clients of a member ask for: a port, or a host and path, and what must answer. */
interface Ask {
  readonly key: string;
  readonly service: string;
  readonly port: number;
  readonly host?: string;
  readonly path?: string;
  /** Beginning of the resource tag of the target group that shall answer. */
  readonly resource: string;
  /** Only from the moment on at which this ask was answered: until then nothing was promised. */
  readonly since?: string;
}

/** How long a plan that names an interruption is believed to be about it. */
const excuseMs = 3_600_000;
/** What others changed so shortly before a write could not be known: weir relies on no health that is older than two minutes. */
const surpriseMs = 150_000;

/**
 * Watches the data plane after every call that writes: what was answered and is wanted further is answered at every moment, unless a plan
 * has named the service in a gap or risk, and the service was changed in a way that needs one. Asks weir nothing but its plans.
 */
export class Oracle {
  readonly #aws: FakeAws;
  readonly #clock: VirtualClock;
  readonly #watched = new Map<string, () => void>();
  readonly #paused = new Set<string>();
  readonly #named = new Map<string, number>();
  readonly #replaced = new Set<string>();
  readonly #disturbed = new Map<string, number>();
  readonly #answered = new Set<string>();
  #judged = 0;
  excused = 0;

  constructor(aws: FakeAws, clock: VirtualClock) {
    this.#aws = aws;
    this.#clock = clock;
  }

  /** What is wanted from now on. */
  want(members: Iterable<Member>, replaced: readonly string[]): void {
    for (const service of replaced) this.#replaced.add(service);
    const asks = new Map([...members].flatMap(asksOf).map((ask) => [ask.key, ask]));
    for (const [key, end] of this.#watched) {
      if (asks.has(key)) continue;
      end();
      this.#answered.delete(key);
      this.#watched.delete(key);
    }
    for (const [key, ask] of asks)
      if (!this.#watched.has(key))
        this.#watched.set(
          key,
          this.#aws.traffic.watch(key, () => this.#lost(ask)),
        );
  }

  planned({ units }: PlanReport): void {
    for (const { steps } of units)
      for (const { gap = [], risk = [] } of steps)
        for (const service of [...gap, ...risk]) this.#named.set(service, this.#clock.now());
  }

  /** Somebody else does something to the account: what goes dark by it is not weir's doing. */
  aside(work: () => void): void {
    for (const key of this.#watched.keys()) {
      this.#paused.add(key);
      this.disturb(key.split(' ')[1] ?? '');
    }
    this.#aws.traffic.tick();
    work();
    this.#aws.traffic.tick();
    this.#paused.clear();
    this.#aws.traffic.tick();
  }

  /** The health of its targets was changed from outside. */
  disturb(service: string): void {
    this.#disturbed.set(service, this.#clock.now());
  }

  /** Everything is calm: changes that needed an interruption are done. */
  calm(): void {
    this.#replaced.clear();
    this.#named.clear();
  }

  /** Dark moments since the last time that nothing excuses, in words. */
  violations(): readonly string[] {
    const found: string[] = [];
    const moments = this.#aws.traffic.darkMoments.splice(0);
    for (const { front, fromMs, untilMs, lost, cause } of moments) {
      const service = front.startsWith('ask ') ? (front.split(' ')[1] ?? '') : undefined;
      if (service === undefined || cause === undefined) continue;
      this.#judged++;
      const sinceMs = this.#named.get(service);
      if (this.#replaced.has(service) && sinceMs !== undefined && fromMs - sinceMs < excuseMs) {
        this.excused++;
        continue;
      }
      const surprise = this.#disturbed.get(service);
      if (surprise !== undefined && fromMs - surprise < surpriseMs) continue;
      const ended = untilMs === undefined ? 'still' : `for ${untilMs - fromMs} ms`;
      found.push(
        `${front} dark at ${fromMs} ms ${ended}, ${lost} lost, by ${cause.action} ${JSON.stringify(cause.params)}`,
      );
    }
    return found;
  }

  /** Dark moments that were looked at. */
  get judged(): number {
    return this.#judged;
  }

  /** Whether somebody asks in vain now, in words. */
  unanswered(members: Iterable<Member>): readonly string[] {
    return [...members]
      .flatMap(asksOf)
      .filter((ask) => (this.#lost(ask) ?? 1) > 0)
      .map(({ key }) => `${key} is not answered`);
  }

  /** The share that is lost at the best of our load balancers: a client is told a new name before the old one goes. */
  #lost(ask: Ask): number | undefined {
    if (this.#paused.has(ask.key) || (ask.since !== undefined && !this.#answered.has(ask.since))) return undefined;
    let least = 1;
    for (const { name, tags, listeners } of this.#aws.world.elb.loadBalancers.all()) {
      if (tags.get('elbv2.k8s.aws/cluster') !== 'test') continue;
      if (![...listeners].some(({ Port }) => Port === ask.port)) continue;
      const { port, host, path } = ask;
      const found = this.#aws.traffic.reach({
        loadBalancer: name,
        port,
        ...(host === undefined ? {} : { host }),
        ...(path === undefined ? {} : { path }),
      });
      if (found.kind !== 'forward') continue;
      // The rule of the path itself: what another rule happens to send to the same place is no promise.
      if (path !== undefined && ask.since === undefined && !this.#isRuleOf(found.rule, path)) continue;
      const own = found.groups.every(({ arn }) => this.#resource(arn).startsWith(ask.resource));
      if (own && found.lost < least) least = found.lost;
    }
    if (least === 0) this.#answered.add(ask.key);
    return least;
  }

  #isRuleOf(arn: string, path: string): boolean {
    const conditions = JSON.stringify(this.#aws.world.elb.rules.truly(arn)?.rule.conditions ?? []);
    return conditions.includes(path === '/' ? '"/*"' : `"${path}"`);
  }

  #resource(arn: string): string {
    const tags = this.#aws.world.elb.targetGroups.truly(arn)?.tags;
    return tags?.get('service.k8s.aws/resource') ?? tags?.get('ingress.k8s.aws/resource') ?? '';
  }
}

function asksOf(member: Member): readonly Ask[] {
  const service = serviceId(member);
  if (member.kind === 'network')
    return member.ports.map((port) => ({
      key: `ask ${service} ${port}`,
      service,
      port,
      resource: resourceOf(member),
    }));
  return Object.entries(member.paths).flatMap(([path, to]) => {
    const ask = { service, port: 80, host: hostOf(member), path };
    // A path that goes to another Service from now on is answered by either until it is turned.
    return [
      { ...ask, key: `ask ${service} ${path} ${to}`, resource: resourceOf(member, to) },
      { ...ask, key: `ask ${service} ${path}`, resource: resourceOf(member), since: `ask ${service} ${path} ${to}` },
    ];
  });
}
