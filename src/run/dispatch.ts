import type { Observed, ServiceId, Unit } from '../model/index.ts';
import { sameItems } from '../model/remade.ts';
import type { Bell } from './bell.ts';
import type { Contests } from './contests.ts';
import { DueTimes } from './due-times.ts';
import type { Ends, LaneOptions, Wanted } from './lane-options.ts';
import { type Picture, unitsOf } from './picture.ts';
import type { UnitGroup } from './planner.ts';
import type { Roster } from './roster.ts';
import { dueOf, settle } from './unit-record.ts';
import { type Order, type WorkContext, workOnUnit } from './work-on-unit.ts';

/** A unit's turn that is under way. */
interface Task {
  readonly group: UnitGroup;
  superseded: boolean;
  promise: Promise<void>;
}

export interface DispatchParts extends Omit<WorkContext, 'signal' | 'hard'> {
  readonly picture: Picture;
  readonly roster: Roster;
  readonly contests: Contests;
  /** Rung when a turn ends: there may be more to do. */
  readonly bell: Bell;
}

/**
 * Sets units to work when they are due. Each look costs by what is another thing than at the look before: all units are looked at only when
 * something else is wanted or they are joined anew, otherwise those whose turn ended, of whom somebody told, or whose time has come.
 */
export class Dispatch {
  readonly #parts: DispatchParts;
  readonly #options: LaneOptions;
  readonly #tasks = new Map<Unit, Task>();
  readonly #stale = new Map<Unit, string>();
  readonly #writtenMs = new Map<Unit, number>();
  readonly #due = new DueTimes();
  /** Units to be looked at the next time. */
  #next = new Set<Unit>();
  /** What all units were looked at for. */
  #lookedFor: readonly unknown[] = [];
  /** The system has once taken what was wanted. */
  #answered = false;

  constructor(parts: DispatchParts) {
    this.#parts = parts;
    this.#options = parts.options;
  }

  /** Something changed outside: the unit is read and planned again. */
  tell(unit: Unit, cause: string): void {
    this.#stale.set(unit, cause);
    this.#next.add(unit);
  }

  /** Whatever is known of it: every unit is looked at the next time. */
  lookAtAll(): void {
    this.#lookedFor = [];
  }

  get answered(): boolean {
    return this.#answered;
  }

  /** A turn of the unit is under way. */
  readonly busy = (unit: Unit): boolean => this.#tasks.has(unit);

  /** Whether the unit is at work now, or was written to since a moment (monotonic). */
  readonly touched = (unit: Unit, sinceMs: number): boolean =>
    this.#tasks.has(unit) || (this.#writtenMs.get(unit) ?? Number.NEGATIVE_INFINITY) >= sinceMs;

  get idle(): boolean {
    return this.#tasks.size === 0;
  }

  /** When every turn that is under way has ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map(({ promise }) => promise));
  }

  /** Whether something is under way that has to do with a service. */
  worksFor(service: ServiceId): boolean {
    const serves = ({ serves: all }: Pick<Observed, 'serves'>) => all.includes(service);
    return [...this.#tasks.values()].some(({ group }) => group.desired.some(serves) || group.observed.some(serves));
  }

  /** Starts what is due, and rings when more will be. Answers whether something was told of units that nobody knows. */
  look(wanted: Wanted, ends: Ends): boolean {
    const { clock } = this.#options;
    const { picture, roster, contests, bell } = this.#parts;
    const nowMs = clock.now();
    for (const unit of contests.due()) this.tell(unit, 'what was left to others');
    const next = this.#next;
    this.#next = new Set();
    for (const unit of this.#due.take(nowMs)) next.add(unit);
    const lookFor = [wanted, picture.joins];
    const all = !sameItems(lookFor, this.#lookedFor);
    this.#lookedFor = lookFor;
    const groups = all ? picture.groups.keys() : new Set([...next].map((unit) => roster.home(unit)?.unit ?? unit));
    for (const name of groups) this.#lookAt(name, wanted, ends, nowMs);
    if (all) for (const { unit } of [...roster.all()]) if (!picture.groups.has(unit)) this.#drop(unit);
    let unknown = false;
    for (const unit of all ? [...this.#stale.keys()] : next)
      if (roster.home(unit) === undefined && this.#stale.delete(unit)) unknown = true;
    bell.ringAt(Math.min(this.#due.nextMs, contests.atMs));
    return unknown;
  }

  #drop(name: Unit): void {
    this.#due.set(name, Number.POSITIVE_INFINITY);
    this.#parts.roster.drop(name);
  }

  #lookAt(name: Unit, wanted: Wanted, ends: Ends, nowMs: number): void {
    const { picture, roster } = this.#parts;
    const group = picture.groups.get(name);
    if (group === undefined) {
      this.#drop(name);
      return;
    }
    const record = roster.of(group);
    const { units } = record;
    const busy = units.flatMap((unit) => this.#tasks.get(unit) ?? []);
    for (const task of busy) task.superseded ||= !sameItems(task.group.desired, group.desired);
    // Its end looks here again.
    if (busy.length > 0) return;
    const causes = units.flatMap((unit) => this.#stale.get(unit) ?? []);
    const { why, atMs } = dueOf(record, group, { stale: causes.length > 0, wanted }, nowMs);
    this.#due.set(name, why === undefined ? atMs : Number.POSITIVE_INFINITY);
    if (why === undefined) return;
    for (const unit of units) this.#stale.delete(unit);
    // After a failure nothing that was known is sure.
    const read = causes.length > 0 || why === 'retry' || why === 'gate' || record.state === 'failed';
    if (why === 'change' && wanted.sinceMs !== undefined) record.changedAtMs ??= wanted.sinceMs;
    const cause = why === 'change' ? wanted.cause : (causes[0] ?? why);
    this.#start({ group, record, wanted, why, read, cause, leads: this.#options.gate.open }, ends);
  }

  #start(plain: Omit<Order, 'superseded'>, ends: Ends): void {
    const { group } = plain;
    const task: Task = { group, superseded: false, promise: Promise.resolve() };
    const units = unitsOf(group);
    for (const unit of units) this.#tasks.set(unit, task);
    task.promise = this.#work({ ...plain, superseded: () => task.superseded }, ends).finally(() => {
      for (const unit of units) {
        this.#tasks.delete(unit);
        this.#next.add(unit);
      }
      this.#next.add(group.unit);
      this.#parts.bell.ring();
    });
  }

  async #work(order: Order, ends: Ends): Promise<void> {
    const { clock, metrics, provider } = this.#options;
    const { picture, roster, turns } = this.#parts;
    const { group, record } = order;
    const startMs = clock.now();
    const verdict = await workOnUnit(order, { ...this.#parts, ...ends });
    // What the result of thousands of objects is put in the place of takes a while, and cannot be held up.
    if (turns.due) await turns.next();
    const observed = picture.worked(group, verdict.observed, order.read && order.why === 'drift');
    if (verdict.applied > 0) {
      for (const unit of unitsOf(group)) this.#writtenMs.set(unit, clock.now());
      if (order.why === 'drift') metrics.count('weir_drift_total', { provider: provider.name });
    }
    const seen = { wanted: order.wanted, desired: group.desired, observed };
    roster.see(record, verdict.state === 'stopped' ? undefined : seen);
    settle(record, verdict, this.#options);
    this.#answered ||= verdict.state === 'in sync' || verdict.state === 'waiting';
    const labels = { provider: provider.name };
    const tookS = (clock.now() - startMs) / 1000;
    metrics.observe('weir_apply_duration_seconds', tookS, { ...labels, result: verdict.state });
    if (verdict.failure !== undefined) metrics.count('weir_errors_total', { ...labels, code: verdict.failure.code });
    if (verdict.state === 'in sync' && record.changedAtMs !== undefined) {
      metrics.observe('weir_endpoint_to_target_seconds', (clock.now() - record.changedAtMs) / 1000, labels);
      delete record.changedAtMs;
    }
    this.#options.stateChanged();
  }
}
