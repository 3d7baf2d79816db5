import type { Observed, Step, Unit } from '../../src/model/index.ts';
import { type Account, emptyAccount } from './account.ts';
import type { Drive } from './drive.ts';
import { findTags, type TagFinder } from './find-tags.ts';
import { createHealthPolls } from './health-polls.ts';
import { inParallel } from './in-parallel.ts';
import { backendGroupOf, observe } from './observe.ts';
import { Owners } from './owners.ts';
import { createReader, type Reader } from './read.ts';
import { openGroups } from './see-security-group.ts';

/** Readings of everything that follow each other so closely are one. */
const sameListMs = 2_000;
/** What belongs to one load balancer is read anew by an audit when it is older than this. */
const detailMs = 300_000;
/** Reading calls side by side; the limiter bounds them, too. */
const parallel = 8;

/**
 * One shared picture of the account: lists in pages, then what is ours in detail. Own writes are noted in `known`; a reading that was begun
 * before a write does not undo it.
 */
export class Snapshot {
  readonly account: Account = emptyAccount();
  readonly #drive: Drive;
  readonly #reader: Reader;
  readonly #tags: TagFinder;
  readonly #polls: ReturnType<typeof createHealthPolls>;
  /** ARN → when the listeners of a load balancer or the health of a target group were read. */
  readonly #detailMs = new Map<string, number>();
  readonly #writtenMs = new Map<Unit, number>();
  /** Units of which everything is in hand: their next reading makes no call. */
  readonly #inHand = new Set<Unit>();
  #owners: Owners;
  #listMs = Number.NEGATIVE_INFINITY;
  #listing: Promise<void> | undefined;
  vpcId: string | undefined;

  constructor(drive: Drive, signal: () => AbortSignal) {
    this.#drive = drive;
    this.#reader = createReader(drive.clients, signal);
    this.#tags = findTags(drive, this.#reader);
    this.#polls = createHealthPolls(drive, this.#reader, this.account);
    this.#owners = this.#ownersOf({ LoadBalancers: [], TargetGroups: [] }, []);
  }

  get owners(): Owners {
    return this.#owners;
  }

  /** Whose things are whose from now on. */
  learn(environment: Owners['input']['environment'], services: Owners['input']['services']): void {
    this.#owners = this.#ownersOf(environment, services);
  }

  /** Load balancers, target groups, security groups and their tags; from memory when they are not older than `maxAgeMs`. */
  async lists(maxAgeMs = sameListMs): Promise<void> {
    if (this.#drive.ctx.clock.now() - this.#listMs <= maxAgeMs) return;
    this.#listing ??= this.#list().finally(() => {
      this.#listing = undefined;
    });
    await this.#listing;
  }

  /** Everything. `fromMemory`: what was read in detail within minutes is not read again. */
  async all(fromMemory: boolean): Promise<readonly Observed[]> {
    const startMs = this.#drive.ctx.clock.now();
    await this.lists();
    await this.#details(undefined, fromMemory ? startMs - detailMs : startMs);
    return this.#seen(undefined, startMs);
  }

  /** What was read by `all`, with the attributes that were read since. */
  again(): readonly Observed[] {
    return this.#seen(undefined, this.#drive.ctx.clock.now());
  }

  /** These units, read now. */
  async units(units: readonly Unit[]): Promise<readonly Observed[]> {
    const startMs = this.#drive.ctx.clock.now();
    const wanted = new Set(units);
    if (units.some((unit) => !this.#inHand.has(unit))) {
      await this.lists();
      await this.#details(wanted, startMs);
    }
    for (const unit of units) this.#inHand.delete(unit);
    return this.#seen(wanted, startMs);
  }

  /** What is known of these units, with the health that they have now. */
  async health(units: readonly Unit[]): Promise<readonly Observed[]> {
    const { known } = this.#drive;
    const objects = units.flatMap((unit) => known.inUnit(unit)).filter(({ owned }) => owned);
    await this.#polls(objects);
    return units.flatMap((unit) => known.inUnit(unit));
  }

  /** What was read of a unit is all there is to know: told before the unit is asked for. */
  inHand(unit: Unit): void {
    this.#inHand.add(unit);
  }

  wrote(step: Step, created: string | undefined): void {
    this.#drive.known.wrote(step, created);
    this.doubt(step.unit);
    if (typeof step.handle === 'string' && step.op === 'update') this.account.attributes.delete(step.handle);
  }

  /** Something was written, or may have been: the next reading asks again. */
  doubt(unit: Unit): void {
    this.#writtenMs.set(unit, this.#drive.ctx.clock.now());
    this.#inHand.delete(unit);
    this.#listMs = Number.NEGATIVE_INFINITY;
    for (const { handle } of this.#drive.known.inUnit(unit)) this.#detailMs.delete(handle);
  }

  #ownersOf(environment: Owners['input']['environment'], services: Owners['input']['services']): Owners {
    const { ctx, cluster, options } = this.#drive;
    return new Owners({ balancer: ctx.balancer, cluster, options, environment, services });
  }

  async #list(): Promise<void> {
    const { account } = this;
    const startMs = this.#drive.ctx.clock.now();
    const [balancers, groups, guards, tagged] = await Promise.all([
      this.#reader.loadBalancers(),
      this.#reader.targetGroups(),
      this.#reader.securityGroups(this.vpcId),
      this.#tags.listed(),
    ]);
    refill(account.loadBalancers, balancers, ({ LoadBalancerArn }) => LoadBalancerArn);
    refill(account.targetGroups, groups, ({ TargetGroupArn }) => TargetGroupArn);
    refill(account.securityGroups, guards, ({ GroupId }) => GroupId);
    const tags = await this.#tags.complete(account, tagged, this.#owners);
    account.tags.clear();
    for (const [arn, own] of tags) account.tags.set(arn, own);
    const source = this.#drive.options.backendSecurityGroup ?? backendGroupOf(account, this.#owners);
    const opened = openGroups(account.securityGroups.values(), source);
    const rules = opened.length === 0 ? [] : await this.#reader.securityGroupRules(opened);
    refill(account.securityGroupRules, rules, ({ SecurityGroupRuleId }) => SecurityGroupRuleId);
    this.#listMs = startMs;
  }

  /** Listeners, rules, certificates and health of what is ours and was not read since. */
  async #details(units: ReadonlySet<Unit> | undefined, sinceMs: number): Promise<void> {
    const { account } = this;
    const ours = observe(account, this.#owners).filter(
      ({ owned, unit }) => owned && (units === undefined || units.has(unit)),
    );
    const due = ours.filter(
      ({ kind, handle, attrs }) =>
        (kind === 'LoadBalancer' || (kind === 'TargetGroup' && !isPointed(attrs, handle, this.#owners))) &&
        ((this.#detailMs.get(handle) ?? Number.NEGATIVE_INFINITY) < sinceMs || this.#isUnsettled(handle)),
    );
    const fronts: string[] = [];
    await inParallel(due, parallel, async ({ kind, handle, attrs }) => {
      const startMs = this.#drive.ctx.clock.now();
      if (kind === 'TargetGroup') account.health.set(handle, await this.#reader.health(handle));
      else {
        const listeners = await this.#reader.listeners(handle);
        account.listeners.set(handle, listeners);
        for (const { ListenerArn: arn = '', Protocol } of listeners) {
          fronts.push(arn);
          const secure = Protocol === 'HTTPS' || Protocol === 'TLS';
          if (secure) account.certificates.set(arn, await this.#reader.certificates(arn));
          else account.certificates.delete(arn);
          if (attrs.Type !== 'application') continue;
          const rules = await this.#reader.rules(arn);
          account.rules.set(arn, rules);
          fronts.push(...rules.flatMap(({ RuleArn }) => RuleArn ?? []));
        }
      }
      this.#detailMs.set(handle, startMs);
    });
    for (const [arn, tags] of await this.#tags.of(fronts, account)) account.tags.set(arn, tags);
    this.#forgetGone();
  }

  /** Members whose health is on its way are looked at whenever somebody looks. */
  #isUnsettled(handle: string): boolean {
    return (this.account.health.get(handle) ?? []).some(
      ({ TargetHealth: state }) => state?.State === 'initial' || state?.State === 'draining',
    );
  }

  #forgetGone(): void {
    const { account } = this;
    for (const arn of account.listeners.keys()) if (!account.loadBalancers.has(arn)) account.listeners.delete(arn);
    for (const arn of account.health.keys()) if (!account.targetGroups.has(arn)) account.health.delete(arn);
    const fronts = new Set(
      [...account.listeners.values()].flatMap((list) => list.map(({ ListenerArn }) => ListenerArn)),
    );
    for (const map of [account.rules, account.certificates])
      for (const arn of map.keys()) if (!fronts.has(arn)) map.delete(arn);
  }

  /** The account as it was read, but for units that were written to since: those stay as we know them. */
  #seen(units: ReadonlySet<Unit> | undefined, startMs: number): readonly Observed[] {
    const { known } = this.#drive;
    const touched = new Set([...this.#writtenMs].flatMap(([unit, ms]) => (ms > startMs ? [unit] : [])));
    const reading = observe(this.account, this.#owners).filter(
      ({ unit }) => (units === undefined || units.has(unit)) && !touched.has(unit),
    );
    const kept = known.all().filter(({ unit }) => touched.has(unit) && (units === undefined || units.has(unit)));
    known.replace(units, [...reading, ...kept]);
    return [...reading, ...kept];
  }
}

/** A target group of others that is only pointed at: its targets are no matter of ours. */
function isPointed(attrs: Observed['attrs'], handle: string, { foreign }: Owners): boolean {
  return attrs.Foreign === true && foreign.get(handle)?.id.startsWith('pointed|') === true;
}

function refill<T>(map: Map<string, T>, items: readonly T[], keyOf: (item: T) => string | undefined): void {
  map.clear();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== undefined) map.set(key, item);
  }
}
