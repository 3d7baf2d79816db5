import type { Handle, Observed, Unit } from '../../src/model/index.ts';
import type { Account } from './account.ts';
import type { Drive } from './drive.ts';
import type { TagFinder } from './find-tags.ts';
import { inParallel } from './in-parallel.ts';
import { isMadeElsewhere } from './made-elsewhere.ts';
import { groupArn } from './names.ts';
import type { Reader } from './read.ts';
import { theirsBehind } from './theirs-behind.ts';

/** Reading calls side by side; the limiter bounds them, too. */
const parallel = 8;
/** All details are read anew within this, some at each audit; so many at least, unless they were read a moment ago. */
const roundMs = 600_000;
const leastBatch = 24;
const momentMs = 45_000;
/** Audits that look at a load balancer that lost something: one right after a write of ours may not be believed. */
const looks = 3;
/** Draining ends by itself: no audit needs to watch it closely. */
const drainingMs = 240_000;

/** What belongs to one load balancer or target group and costs a call for each: listeners, rules, certificates, health. */
export class Details {
  readonly #drive: Drive;
  readonly #reader: Reader;
  readonly #tags: TagFinder;
  readonly #account: Account;
  readonly #readMs = new Map<Handle, number>();
  /** Load balancer → what the lists showed of it when they were last looked at. */
  #shown: ReadonlyMap<Handle, ReadonlySet<string>> = new Map();
  /** Units in which something is missing that was there → audits that still look at them. */
  readonly #suspect = new Map<Unit, number>();
  #auditMs = Number.NEGATIVE_INFINITY;

  constructor(drive: Drive, reader: Reader, tags: TagFinder, account: Account) {
    this.#drive = drive;
    this.#reader = reader;
    this.#tags = tags;
    this.#account = account;
  }

  /** Reads all of these now. */
  async now(ours: readonly Observed[]): Promise<void> {
    this.#compareLists(ours);
    await this.#read(ours.filter(isDetailed));
  }

  /**
   * Reads what was never read, what is on its way, where the lists show less than before, and the oldest of the rest: so many that an
   * audit a minute gets round. Small accounts are read as a whole each time.
   */
  async audit(ours: readonly Observed[]): Promise<void> {
    const nowMs = this.#drive.ctx.clock.now();
    const all = ours.filter(isDetailed);
    this.#compareLists(ours);
    const urgent = new Set(all.filter(({ handle, unit }) => this.#suspect.has(unit) || this.#isUrgent(handle, nowMs)));
    const sinceMs = Math.min(roundMs, nowMs - this.#auditMs);
    const batch = Math.max(leastBatch, Math.ceil((all.length * sinceMs) / roundMs));
    const age = ({ handle }: Observed): number => nowMs - (this.#readMs.get(handle) ?? nowMs);
    const oldest = all
      .filter((object) => !urgent.has(object) && age(object) > (all.length <= leastBatch ? momentMs : roundMs / 2))
      .sort((a, b) => age(b) - age(a))
      .slice(0, batch);
    this.#auditMs = nowMs;
    await this.#read([...urgent, ...oldest]);
    for (const [unit, left] of [...this.#suspect]) {
      if (left > 1) this.#suspect.set(unit, left - 1);
      else this.#suspect.delete(unit);
    }
  }

  /** A listener or rule that somebody deleted is missed in the lists, which every audit reads anyhow. */
  #compareLists(ours: readonly Observed[]): void {
    const account = this.#account;
    const shown = new Map<Handle, Set<string>>();
    const units = new Map<Handle, Unit>();
    for (const { kind, handle, unit } of ours) {
      if (kind !== 'LoadBalancer') continue;
      shown.set(handle, new Set(this.#frontsOf(handle).filter((front) => this.#tags.lists(front))));
      units.set(handle, unit);
    }
    for (const [group, { LoadBalancerArns = [] }] of account.targetGroups)
      for (const balancer of LoadBalancerArns) shown.get(balancer)?.add(group);
    for (const [balancer, now] of shown) {
      const unit = units.get(balancer);
      const lost = [...(this.#shown.get(balancer) ?? [])].some((one) => !now.has(one));
      if (lost && unit !== undefined) this.#suspect.set(unit, looks);
    }
    this.#shown = shown;
  }

  /** ARNs of listeners and rules as they were last read. */
  #frontsOf(balancer: Handle): readonly string[] {
    const { listeners, rules } = this.#account;
    return (listeners.get(balancer) ?? []).flatMap(({ ListenerArn: arn = '' }) => [
      arn,
      ...(rules.get(arn) ?? []).flatMap(({ RuleArn }) => RuleArn ?? []),
    ]);
  }

  /** The next audit reads it again. */
  forget(handle: Handle): void {
    this.#readMs.delete(handle);
  }

  /** What was made by us needs no reading for a while. */
  made(handle: Handle): void {
    this.#readMs.set(handle, this.#drive.ctx.clock.now());
  }

  readSince(object: Observed, sinceMs: number): boolean {
    return !isDetailed(object) || (this.#readMs.get(object.handle) ?? Number.NEGATIVE_INFINITY) > sinceMs;
  }

  #isUrgent(handle: Handle, nowMs: number): boolean {
    const readMs = this.#readMs.get(handle);
    if (readMs === undefined) return true;
    const found = (this.#account.health.get(groupArn(handle)) ?? []).map(({ TargetHealth: state }) => state);
    const states = found.map((state) => state?.State);
    if (states.includes('initial')) return true;
    // Read when nobody used the group yet, and used since.
    const used = (this.#account.targetGroups.get(groupArn(handle))?.LoadBalancerArns ?? []).length > 0;
    if (used && found.some((state) => state?.Reason === 'Target.NotInUse')) return true;
    return states.includes('draining') && nowMs - readMs >= drainingMs;
  }

  async #read(objects: readonly Observed[]): Promise<void> {
    const account = this.#account;
    const fronts: string[] = [];
    await inParallel(objects, parallel, async ({ kind, handle, attrs }) => {
      const startMs = this.#drive.ctx.clock.now();
      const arn = groupArn(handle);
      if (kind === 'TargetGroup') account.health.set(arn, await this.#reader.health(arn));
      else fronts.push(...(await this.#readFronts(handle, attrs.Type === 'application')));
      this.#readMs.set(handle, startMs);
    });
    for (const [arn, tags] of await this.#tags.of(fronts, account)) account.tags.set(arn, tags);
    await inParallel(this.#theirsBehind(objects), parallel, async (arn) => {
      account.health.set(arn, await this.#reader.health(arn));
    });
    this.#forgetGone();
  }

  /** A front that is taken over serves by them until it turns, and when it is given back it turns to them. */
  #theirsBehind(objects: readonly Observed[]): readonly Handle[] {
    const taken = new Set(
      objects.flatMap((one) => (one.kind === 'LoadBalancer' && isMadeElsewhere(one) ? [one.handle] : [])),
    );
    const read = new Set(objects.map(({ handle }) => groupArn(handle)));
    return [...theirsBehind(this.#account, taken).keys()].filter((arn) => !read.has(arn));
  }

  /** ARNs of listeners and rules. */
  async #readFronts(balancer: Handle, hasRules: boolean): Promise<readonly string[]> {
    const account = this.#account;
    const listeners = await this.#reader.listeners(balancer);
    account.listeners.set(balancer, listeners);
    const fronts: string[] = [];
    for (const { ListenerArn: arn = '', Protocol } of listeners) {
      fronts.push(arn);
      const secure = Protocol === 'HTTPS' || Protocol === 'TLS';
      if (secure) account.certificates.set(arn, await this.#reader.certificates(arn));
      else account.certificates.delete(arn);
      if (!hasRules) continue;
      const rules = await this.#reader.rules(arn);
      account.rules.set(arn, rules);
      fronts.push(...rules.flatMap(({ RuleArn }) => RuleArn ?? []));
    }
    return fronts;
  }

  #forgetGone(): void {
    const account = this.#account;
    for (const arn of account.listeners.keys()) if (!account.loadBalancers.has(arn)) account.listeners.delete(arn);
    for (const arn of account.health.keys()) if (!account.targetGroups.has(arn)) account.health.delete(arn);
    const fronts = new Set(
      [...account.listeners.values()].flatMap((list) => list.map(({ ListenerArn }) => ListenerArn)),
    );
    for (const map of [account.rules, account.certificates])
      for (const arn of map.keys()) if (!fronts.has(arn)) map.delete(arn);
    for (const arn of this.#readMs.keys())
      if (!account.loadBalancers.has(arn) && !account.targetGroups.has(groupArn(arn))) this.#readMs.delete(arn);
  }
}

/** Target groups of others, and those that are only pointed at, have no targets that matter to us. */
function isDetailed({ kind, id, owned }: Observed): boolean {
  return kind === 'LoadBalancer' || (owned && kind === 'TargetGroup' && !id.startsWith('pointed|'));
}
