import type { Handle, Observed, Step, Unit } from '../../src/model/index.ts';
import { type Account, type Extras, emptyAccount, type Tags } from './account.ts';
import { Aftermath } from './aftermath.ts';
import { Details } from './details.ts';
import type { Drive } from './drive.ts';
import { findTags, type TagFinder } from './find-tags.ts';
import { createHealthPolls } from './health-polls.ts';
import { backendGroupOf, observe } from './observe.ts';
import { findOrphans, ownsShared, stacksIn, theirTags } from './orphans.ts';
import { Owners } from './owners.ts';
import { createReader, type Reader } from './read.ts';
import { openGroups } from './see-security-group.ts';

/** Readings of everything that follow each other so closely are one. */
const sameListMs = 2_000;
const stackKinds: ReadonlySet<string> = new Set(['LoadBalancer', 'TargetGroup', 'SecurityGroup']);
/** So long after a write AWS may still answer with what was before. */
const settleMs = 10_000;

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
  readonly #details: Details;
  readonly #aftermath: Aftermath;
  /** Units that were written to since they were read as a whole → the last write. */
  readonly #written = new Map<Unit, { readonly turn: number; readonly atMs: number }>();
  /** Counts writes: clocks may stand still between two of them. */
  #turn = 0;
  /** Units of which everything is in hand: their next reading makes no call. */
  readonly #inHand = new Set<Unit>();
  /** What carried the cluster's tags and was somebody else's when everything was looked at last. */
  #seenTheirs = new Map<string, Tags>();
  /** Whether what all load balancers share was ours to change when it was looked at last. */
  #ownedShared = true;
  /** What was ours may be somebody else's by now. */
  #mayHaveLost = false;
  /** Listings and readings so far. */
  #reads = 0;
  #orphans: { readonly from: readonly unknown[]; readonly found: ReturnType<typeof findOrphans> } | undefined;
  #owners: Owners;
  #listMs = Number.NEGATIVE_INFINITY;
  #listTurn = -1;
  #listing: Promise<void> | undefined;
  vpcId: string | undefined;

  constructor(drive: Drive, signal: () => AbortSignal) {
    this.#drive = drive;
    this.#reader = createReader(drive.clients, signal);
    this.#tags = findTags(drive, this.#reader);
    this.#aftermath = new Aftermath(drive);
    this.#details = new Details(drive, this.#reader, this.#tags, this.account);
    this.#polls = createHealthPolls(drive, this.#reader, this.account, (group) => this.#details.made(group));
    this.#owners = this.#ownersOf({ LoadBalancers: [], TargetGroups: [] }, [], []);
  }

  get owners(): Owners {
    return this.#owners;
  }

  /** Whose things are whose from now on. */
  learn(
    environment: Owners['input']['environment'],
    services: Owners['input']['services'],
    besides: Owners['input']['services'],
  ): void {
    this.#mayHaveLost ||= (this.#owners.input.besides ?? []).length > 0;
    this.#owners = this.#ownersOf(environment, services, besides);
    this.#mayHaveLost ||= this.#owners.hasCrowds;
    this.#nameMembers();
  }

  /** Who came and who left is said of what a group shares though nobody reads it again. */
  #nameMembers(): void {
    const { known } = this.#drive;
    for (const object of known.all()) {
      const { kind, id, owned, unit, serves } = object;
      if (kind !== 'LoadBalancer' || !owned || !this.#owners.isAskedFor(id)) continue;
      const members = this.#owners.servicesOf({ lb: id, unit, resource: undefined });
      if (members.length !== serves.length || members.some((member) => !serves.includes(member)))
        known.put({ ...object, serves: members });
    }
  }

  /** What carries the cluster's tags and is nobody's here. */
  orphans(): ReturnType<typeof findOrphans> {
    const from = [this.#owners, this.#reads] as const;
    if (this.#orphans?.from.every((one, i) => one === from[i]) !== true)
      this.#orphans = { from, found: findOrphans(this.account, this.#owners) };
    return this.#orphans.found;
  }

  /** Units of what was seen as somebody else's and is ours by now, or the other way round, each once. */
  moved(): readonly Unit[] {
    const { tags } = this.account;
    const ours = [...this.#seenTheirs].filter(([arn, own]) => !this.#owners.isTheirs(arn, own));
    for (const [arn] of ours) this.#seenTheirs.delete(arn);
    const lost = this.#mayHaveLost
      ? this.#drive.known
          .all()
          .filter(
            ({ kind, owned, handle }) =>
              owned && stackKinds.has(kind) && this.#owners.isTheirs(handle, tags.get(handle) ?? {}),
          )
      : [];
    this.#mayHaveLost = false;
    const units = new Set([
      ...ours.flatMap(([arn, own]) => this.#owners.of(arn, own)?.unit ?? []),
      ...lost.map(({ unit }) => unit),
      ...(this.#ownedShared === ownsShared(this.account, this.#owners) ? [] : [this.#owners.sharedUnit]),
    ]);
    this.#ownedShared = ownsShared(this.account, this.#owners);
    for (const unit of units) this.#inHand.delete(unit);
    return [...units];
  }

  /** Load balancers, target groups, security groups and their tags; from memory when they are not older than `maxAgeMs`. */
  async lists(maxAgeMs = sameListMs): Promise<void> {
    const young = this.#drive.ctx.clock.now() - this.#listMs <= maxAgeMs;
    // Who is content with a minute needs no look after each write.
    if (young && (maxAgeMs > sameListMs || this.#listTurn === this.#turn)) return;
    // One that was begun before a write does not show it.
    if (this.#listing !== undefined && this.#listTurn !== this.#turn) await this.#listing;
    this.#listing ??= this.#list().finally(() => {
      this.#listing = undefined;
    });
    await this.#listing;
  }

  /**
   * Everything. `beside`: beside the work of a session that stands; details that were read within minutes are not read again, and what we
   * wrote since is as we wrote it.
   */
  async all(beside: boolean): Promise<readonly Observed[]> {
    const turn = this.#turn;
    await this.lists();
    if (beside) {
      await this.#details.audit(this.#detailed(undefined));
      this.#believeRead();
    } else {
      await this.#details.now(this.#detailed(undefined));
      this.#believe(undefined, turn);
    }
    this.#lookAgain();
    return this.#seen(undefined);
  }

  /** What was read by `all`, with the attributes that were read since. */
  again(): readonly Observed[] {
    return this.#seen(undefined);
  }

  /** These units, read now. */
  async units(units: readonly Unit[]): Promise<readonly Observed[]> {
    const wanted = new Set(units);
    if (units.some((unit) => !this.#inHand.has(unit))) {
      const turn = this.#turn;
      await this.lists();
      await this.#details.now(this.#detailed(wanted));
      this.#believe(wanted, turn);
      this.#lookAgain();
    }
    for (const unit of units) this.#inHand.delete(unit);
    return this.#seen(wanted);
  }

  /** What is known of these units, with the health that they have now. */
  async health(units: readonly Unit[]): Promise<readonly Observed[]> {
    const { known } = this.#drive;
    const objects = units.flatMap((unit) => known.inUnit(unit)).filter(({ owned }) => owned);
    await this.#polls.lookAt(objects);
    this.#aftermath.look(units);
    return units.flatMap((unit) => known.inUnit(unit));
  }

  /** A target group with health that is not older than this; undefined: nothing is known of it. */
  async sure(group: Handle, maxAgeMs: number): Promise<Observed | undefined> {
    const { known, ctx } = this.#drive;
    const object = known.find('TargetGroup', group);
    if (object === undefined || this.#details.readSince(object, ctx.clock.now() - maxAgeMs)) return object;
    await this.#polls.readNow(group);
    return known.find('TargetGroup', group);
  }

  /** How many rules a listener has now, the default one not counted. */
  async rulesNow(listener: Handle): Promise<number> {
    const rules = await this.#reader.rules(listener);
    this.account.rules.set(listener, rules);
    return rules.length;
  }

  /** What was read of a unit is all there is to know: told before the unit is asked for. */
  inHand(unit: Unit): void {
    this.#inHand.add(unit);
  }

  /** A step begins. */
  begin(step: Step): void {
    this.#aftermath.begin(step);
  }

  /** A step was carried out: what is known now is newer than any reading that was begun before. */
  wrote(step: Step, created: string | undefined): void {
    this.#drive.known.wrote(step, created);
    this.#aftermath.wrote(step, created);
    this.#written.set(step.unit, { turn: ++this.#turn, atMs: this.#drive.ctx.clock.now() });
    const handle = created ?? step.handle;
    if (typeof handle !== 'string' || (step.op !== 'create' && step.op !== 'update')) return;
    if (step.op === 'create') this.#details.made(handle);
    // What was written needs no reading; what nobody named stays as it is.
    const { attributes, extras } = this.account;
    const known = attributes.get(handle);
    if (known !== undefined || step.op === 'create') attributes.set(handle, { ...known, ...writtenAttributes(step) });
    if (step.kind === 'LoadBalancer') extras.set(handle, { ...extras.get(handle), ...writtenExtras(step) });
  }

  /** A step failed, and some of it may have been done: the next reading asks again. */
  doubt(unit: Unit): void {
    this.#turn++;
    this.#inHand.delete(unit);
    this.#listMs = Number.NEGATIVE_INFINITY;
    for (const { handle } of this.#drive.known.inUnit(unit)) this.#details.forget(handle);
  }

  /** What was read from `turn` on counts more than what we knew. */
  #believe(units: ReadonlySet<Unit> | undefined, turn: number): void {
    for (const [unit, at] of this.#written)
      if (at.turn <= turn && (units === undefined || units.has(unit))) this.#written.delete(unit);
  }

  /** Units of which everything was read, well after the last write to them. */
  #believeRead(): void {
    if (this.#written.size === 0) return;
    const units = Map.groupBy(this.#ours(undefined), ({ unit }) => unit);
    for (const [unit, { atMs }] of this.#written) {
      const sinceMs = atMs + settleMs;
      const isRead = (units.get(unit) ?? []).every((object) => this.#details.readSince(object, sinceMs));
      if (isRead && this.#listMs > sinceMs) this.#written.delete(unit);
    }
  }

  #ownersOf(
    environment: Owners['input']['environment'],
    services: Owners['input']['services'],
    besides: Owners['input']['services'],
  ): Owners {
    const { ctx, cluster, options, stacks } = this.#drive;
    const earlier = stacks === undefined ? {} : { earlier: stacks };
    const owners = new Owners({ balancer: ctx.balancer, cluster, options, environment, services, besides, ...earlier });
    owners.look(this.account);
    return owners;
  }

  async #list(): Promise<void> {
    const { account } = this;
    const startMs = this.#drive.ctx.clock.now();
    this.#listTurn = this.#turn;
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
    this.#owners.look(account);
    this.#reads++;
    this.#drive.stacks?.listed(stacksIn(account, this.#drive.cluster), (key) => this.#owners.wants(key));
  }

  #observe(): readonly Observed[] {
    return observe(this.account, this.#owners, this.#drive.registered?.all());
  }

  /** Rules and listeners may tell of others, too. */
  #lookAgain(): void {
    this.#owners.look(this.account);
    this.#reads++;
  }

  /** What is ours, and groups that are left alone for others in them: those may go. */
  #detailed(units: ReadonlySet<Unit> | undefined): readonly Observed[] {
    const left = (one: Observed): boolean => one.kind === 'LoadBalancer' && this.#isLeftAlone(one.handle);
    return this.#observe()
      .filter((one) => one.owned || left(one))
      .filter(({ unit }) => units === undefined || units.has(unit));
  }

  #isLeftAlone(arn: string): boolean {
    return this.#owners.leftAlone(arn, this.account.tags.get(arn)) !== undefined;
  }

  #noteTheirs(): void {
    this.#seenTheirs = new Map(theirTags(this.account, this.#owners));
    this.#ownedShared = ownsShared(this.account, this.#owners);
  }

  #ours(units: ReadonlySet<Unit> | undefined): readonly Observed[] {
    return this.#observe().filter(({ owned, unit }) => owned && (units === undefined || units.has(unit)));
  }

  /** The account as it was read, but for units that were written to since: those stay as we know them. */
  #seen(units: ReadonlySet<Unit> | undefined): readonly Observed[] {
    const { known } = this.#drive;
    const counts = (unit: Unit): boolean => units === undefined || units.has(unit);
    const reading = this.#observe();
    if (units === undefined) this.#noteTheirs();
    const result = [
      ...reading.filter(({ unit }) => counts(unit) && !this.#written.has(unit)),
      ...known.all().filter(({ unit }) => counts(unit) && this.#written.has(unit)),
    ];
    known.replace(units, result);
    this.#aftermath.look(units === undefined ? undefined : [...units]);
    return result.map((object) => known.find(object.kind, object.handle) ?? object);
  }
}

/** Entries of the kind's attributes, which are text. */
function writtenAttributes({ attrs = {} }: Step): Tags {
  return Object.fromEntries(
    Object.entries(attrs).flatMap(([key, value]) =>
      /^[a-z].*\./.test(key) && typeof value === 'string' ? [[key, value] as const] : [],
    ),
  );
}

function writtenExtras({ attrs = {} }: Step): Extras {
  const { MinimumLoadBalancerCapacity: capacity, WebACLArn, ShieldProtection } = attrs;
  const units =
    typeof capacity === 'object' && capacity !== null && 'CapacityUnits' in capacity
      ? capacity.CapacityUnits
      : undefined;
  return {
    ...(typeof units === 'number' ? { capacityUnits: units } : {}),
    ...(typeof WebACLArn === 'string' ? { webAclArn: WebACLArn } : {}),
    ...(typeof ShieldProtection === 'boolean' ? { shield: ShieldProtection } : {}),
  };
}

function refill<T>(map: Map<string, T>, items: readonly T[], keyOf: (item: T) => string | undefined): void {
  map.clear();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== undefined) map.set(key, item);
  }
}
