import type { Observed, Problem, ServiceId, Unit, UnitState } from '../model/index.ts';
import { sameItems } from '../model/remade.ts';
import { type Turns, turnsOf } from '../model/turns.ts';
import { Audit } from './audit.ts';
import { Bell } from './bell.ts';
import { Connection } from './connection.ts';
import { Contests } from './contests.ts';
import { type KindTable, kindTable } from './kind-table.ts';
import type { LaneOptions, Want, Wanted } from './lane-options.ts';
import { MovedUnits } from './moved-units.ts';
import { Picture, unitsOf } from './picture.ts';
import type { UnitGroup } from './planner.ts';
import { dueOf, newRecord, servesNothing, settle, type UnitRecord } from './unit-record.ts';
import { type Order, workOnUnit } from './work-on-unit.ts';

/** A unit's turn that is under way. */
interface Task {
  readonly group: UnitGroup;
  superseded: boolean;
  promise: Promise<void>;
}

/** Of a service that has no part in what fails. */
const untouched = { state: 'in sync', message: '' } as const;

/** Between two looks at what is wanted while another weir leads. */
const followEveryMs = 1_000;

/** The two ends of a run: start nothing more, and end also what is under way. */
export interface Ends {
  readonly signal: AbortSignal;
  readonly hard: AbortSignal;
}

/**
 * One balancer at run time: turns what is wanted into turns of its units. Units run side by side and fail alone;
 * a change is looked at as soon as it is there, by every unit that is not at work.
 */
export class Lane {
  readonly connection: Connection;
  readonly #options: LaneOptions;
  readonly #kinds: KindTable;
  readonly #bell: Bell;
  readonly #gateBell: Bell;
  readonly #picture: Picture;
  readonly #records = new Map<Unit, UnitRecord>();
  readonly #tasks = new Map<Unit, Task>();
  readonly #stale = new Map<Unit, string>();
  readonly turns: Turns;
  readonly #writtenMs = new Map<Unit, number>();
  #wanted: Wanted | undefined;
  readonly #audit: Audit;
  readonly #contests: Contests;
  #passed = false;
  #passedMs = Number.NEGATIVE_INFINITY;
  /** A pass is under way: what it finds is not known yet. */
  #passing = false;
  /** What the units were last set to work on. */
  #taken: Wanted | undefined;
  #faults = 0;
  readonly #moved: MovedUnits;
  /** The system has once taken what was wanted. */
  #answered = false;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#kinds = kindTable(options.provider.kinds);
    this.#contests = new Contests(options.clock, this.#kinds);
    this.#bell = new Bell(options.clock);
    this.#gateBell = new Bell(options.clock);
    this.turns = turnsOf(options.clock);
    this.#picture = new Picture(options);
    this.connection = new Connection({ ...options, kinds: this.#kinds, open: () => options.open(this.changed) });
    this.#moved = new MovedUnits({
      connection: this.connection,
      picture: this.#picture,
      busy: (unit) => this.#tasks.has(unit),
    });
    this.#audit = new Audit({
      options,
      connection: this.connection,
      picture: this.#picture,
      touched: (unit, sinceMs) =>
        this.#tasks.has(unit) || (this.#writtenMs.get(unit) ?? Number.NEGATIVE_INFINITY) >= sinceMs,
      done: () => this.#bell.ring(),
    });
  }

  get name(): string {
    return this.#options.name;
  }

  /** What is wanted from now on. */
  accept(wanted: Wanted): void {
    this.#wanted = wanted;
    this.#bell.ring();
  }

  /** Something changed outside: the unit is read and planned again. */
  readonly changed = (unit: Unit, cause: string): void => {
    this.#stale.set(unit, cause);
    this.#bell.ring();
  };

  /** This weir may have begun or ceased to lead. */
  readonly gateChanged = (): void => {
    this.#gateBell.ring();
    this.#bell.ring();
  };

  /** Until the signal aborts; what was started is finished first. */
  async run(ends: Ends): Promise<void> {
    while (!ends.signal.aborted) {
      await this.#bell.next(ends.signal);
      await this.#pace(ends.signal);
      if (ends.signal.aborted) break;
      this.#passing = true;
      await this.#pass(ends).finally(() => {
        this.#passing = false;
      });
      this.#options.stateChanged();
    }
    await Promise.all([...[...this.#tasks.values()].map((task) => task.promise), this.#audit.running]);
  }

  /** Forgets failures and back-off: somebody asks for another try. Not while it runs. */
  restart(): void {
    this.#records.clear();
    this.#passed = false;
    this.connection.succeeded();
  }

  /** The units as they are now, both sides read anew and nothing done: for plans that are only shown. Throws when the system cannot be read. */
  async look(signal: AbortSignal): Promise<readonly UnitGroup[]> {
    const wanted = this.#wanted;
    const ready = await this.connection.ready(wanted?.services ?? [], signal, wanted?.besides);
    if (this.connection.failure !== undefined) throw this.connection.error;
    if (ready === undefined || wanted === undefined) return [];
    const { gate } = this.#options;
    const { term } = gate;
    await this.#audit.list(signal, 'complete');
    if (term !== undefined) gate.admit(term);
    return this.turns.do(this.#picture.groups(wanted, ready.environment));
  }

  get want(): Want | undefined {
    return this.#picture.want;
  }

  observed(): readonly Observed[] {
    return this.#picture.cache.all();
  }

  /** Whether something is under way that has to do with a service. */
  worksFor(service: ServiceId): boolean {
    const serves = ({ serves: all }: Pick<Observed, 'serves'>) => all.includes(service);
    return [...this.#tasks.values()].some(({ group }) => group.desired.some(serves) || group.observed.some(serves));
  }

  /** Whether a service's things may be of a part that cannot be read now. */
  readonly incomplete = (service: string): boolean =>
    this.#wanted?.incomplete(service) === true || this.want?.withheld.has(service) === true;

  /** Every unit was worked on once, and a system of our own has taken it: everything that can be served is. */
  get started(): boolean {
    if (this.connection.failure !== undefined && !this.#passed) return true;
    const records = [...this.#records.values()];
    if (!this.#passed || records.some((record) => record.seen === undefined)) return false;
    // A proxy of our own that has nothing yet and does not answer: whoever is sent here would be refused.
    const alone = this.#options.provider.capabilities.scope === 'instance';
    return !alone || this.#answered || !records.some(servesNothing);
  }

  /** Nothing is known of the system: it could not be read since the start. */
  get blind(): boolean {
    return this.connection.failure !== undefined && !this.#passed;
  }

  /** False: the service leaves, and what was made for it is not looked for yet. */
  hasLookedFor(service: ServiceId): boolean {
    const leaves = (wanted: Wanted | undefined) => wanted?.besides?.some(({ id }) => id === service) === true;
    return !leaves(this.#wanted) || leaves(this.#taken);
  }

  /** Every unit knows of what is wanted now. */
  get current(): boolean {
    return !this.#passing && this.#taken === this.#wanted;
  }

  /** Nothing is under way and nothing will be, but for retries beyond `tries` failures in a row. */
  settled(tries: number): boolean {
    const { failure, failures } = this.connection;
    if (failure !== undefined && !this.#passed) return failure.class !== 'retry' || failures >= tries;
    if (!this.#passed || this.#passing || this.#tasks.size > 0 || this.#picture.owes) return false;
    return [...this.#records.values()].every((record) => {
      if (record.seen === undefined) return false;
      if (record.state === 'failed') {
        return record.retryAtMs === undefined || record.refused || record.gateFailed || record.failures >= tries;
      }
      if (this.#outlasts(record)) return true;
      // After a write somebody has to look once: something may still be being set up. And until it is known whether that frees something.
      const enough = record.state === 'in sync' && record.looks > 0;
      return record.pollAtMs === undefined || (enough && this.#picture.want?.provisional !== true);
    });
  }

  /** Units whose rest waits for connections that may live longer than any gate. */
  outlasting(): readonly UnitState[] {
    const found = new Set(
      [...this.#records.values()].filter((record) => this.#outlasts(record)).map(({ unit }) => unit),
    );
    return this.units().filter(({ unit }) => found.has(unit));
  }

  #outlasts({ state, drainMs = 0 }: UnitRecord): boolean {
    return state === 'waiting' && drainMs > this.#options.gateDeadlineMs;
  }

  units(): readonly UnitState[] {
    const { name, clock } = this.#options;
    return [...this.#records.values()].map(({ unit, state, message, code, sinceMs, retryAtMs }) => ({
      balancer: name,
      unit,
      state,
      message,
      sinceMs,
      ...(code === undefined ? {} : { code }),
      ...(retryAtMs === undefined ? {} : { retryInMs: Math.max(0, Math.round(retryAtMs - clock.now())) }),
    }));
  }

  /** State of the group that a unit is joined in, as far as it concerns a service. */
  stateOf(unit: Unit, service: ServiceId): Pick<UnitState, 'state' | 'message' | 'code'> | undefined {
    const record = this.#records.get(unit) ?? [...this.#records.values()].find(({ units }) => units.includes(unit));
    return record?.concerns?.has(service) === false ? untouched : record;
  }

  /** What keeps the whole balancer from being driven. */
  problems(): readonly Problem[] {
    const { failure, session } = this.connection;
    const found = [...(failure === undefined ? [] : [failure]), ...(session?.troubles?.() ?? [])];
    const source = `balancer/${this.name}`;
    const told = found.map(({ code, message }): Problem => {
      return { code, severity: code.startsWith('W_') ? 'warning' : 'error', source, message };
    });
    return [...told, ...this.#contests.problems(source)];
  }

  /** Who follows need not see every change at once: what it reads, the leader of the same account cannot. */
  async #pace(signal: AbortSignal): Promise<void> {
    const { clock, gate } = this.#options;
    const dueMs = this.#passedMs + followEveryMs;
    while (this.#passed && gate.term === undefined && clock.now() < dueMs && !signal.aborted) {
      this.#gateBell.ringAt(dueMs);
      await this.#gateBell.next(signal);
    }
  }

  async #pass(ends: Ends): Promise<void> {
    const wanted = this.#wanted;
    const { clock, metrics, provider } = this.#options;
    const startMs = clock.now();
    if (wanted === undefined) return;
    const ready = await this.connection.ready(wanted.services, ends.signal, wanted.besides);
    const listed =
      ready !== undefined &&
      (await this.#read(ends.signal)) &&
      (await this.#tryToRead(ends.signal, () => this.#moved.read(ends.signal)));
    if (this.connection.failure !== undefined) this.#bell.ringAt(this.connection.retryAtMs);
    if (ready === undefined || !listed) return;
    try {
      const groups = await this.turns.do(this.#picture.groups(wanted, ready.environment));
      if (ends.signal.aborted) return;
      this.#dispatch(groups, wanted, ends);
      this.#taken = wanted;
      this.#passed = true;
      this.#passedMs = clock.now();
      this.#faults = 0;
      metrics.observe('weir_reconcile_duration_seconds', (clock.now() - startMs) / 1000);
      const pending = [...this.#records.values()].filter(({ state }) => state !== 'in sync').length;
      metrics.set('weir_plan_pending', pending, { provider: provider.name });
    } catch (error) {
      // A model that throws is a fault of its provider: the others go on, this one is asked again.
      this.connection.failed(error, ++this.#faults);
      this.#bell.ringAt(this.connection.retryAtMs);
    }
  }

  /** Everything, to begin with; and again at the beginning of each term: others may have written before. */
  async #read(signal: AbortSignal): Promise<boolean> {
    const { gate } = this.#options;
    const { term } = gate;
    if (term === undefined || gate.open) return this.#audit.listed || this.#list(signal);
    // What was begun in an earlier term, and is known of it, ends first.
    await Promise.all([...[...this.#tasks.values()].map((task) => task.promise), this.#audit.running]);
    if (!(await this.#list(signal))) return false;
    gate.admit(term);
    for (const record of this.#records.values()) if (record.state !== 'in sync') delete record.seen;
    return true;
  }

  async #list(signal: AbortSignal): Promise<boolean> {
    return this.#tryToRead(signal, () => this.#audit.list(signal, 'quick'));
  }

  async #tryToRead(signal: AbortSignal, read: () => Promise<void>): Promise<boolean> {
    try {
      await read();
      return true;
    } catch (error) {
      if (!signal.aborted) this.connection.failed(error);
      return false;
    }
  }

  #dispatch(groups: readonly UnitGroup[], wanted: Wanted, ends: Ends): void {
    const { clock, gate } = this.#options;
    const nowMs = clock.now();
    const live = new Set<Unit>();
    for (const unit of this.#contests.due()) this.#stale.set(unit, 'what was left to others');
    this.#bell.ringAt(this.#contests.atMs);
    const stale = new Set(this.#stale.keys());
    for (const group of groups) {
      const units = unitsOf(group);
      live.add(group.unit);
      const record = this.#records.get(group.unit) ?? newRecord(group.unit, clock);
      this.#records.set(group.unit, record);
      record.units = units;
      for (const unit of units) stale.delete(unit);
      const busy = units.flatMap((unit) => this.#tasks.get(unit) ?? []);
      for (const task of busy) task.superseded ||= !sameItems(task.group.desired, group.desired);
      if (busy.length > 0) continue;
      const causes = units.flatMap((unit) => this.#stale.get(unit) ?? []);
      const { why, atMs } = dueOf(record, group, { stale: causes.length > 0, wanted }, nowMs);
      if (why === undefined) this.#bell.ringAt(atMs);
      else {
        for (const unit of units) this.#stale.delete(unit);
        // After a failure nothing that was known is sure.
        const read = causes.length > 0 || why === 'retry' || why === 'gate' || record.state === 'failed';
        if (why === 'change' && wanted.sinceMs !== undefined) record.changedAtMs ??= wanted.sinceMs;
        const cause = why === 'change' ? wanted.cause : (causes[0] ?? why);
        this.#start({ group, record, wanted, why, read, cause, leads: gate.open }, ends);
      }
    }
    for (const unit of this.#records.keys()) if (!live.has(unit)) this.#records.delete(unit);
    // A unit that nobody knows yet is found by reading everything.
    if (stale.size > 0) this.#audit.hasten();
    for (const unit of stale) this.#stale.delete(unit);
    this.#audit.start(ends.hard);
    this.#bell.ringAt(this.#audit.atMs);
  }

  #start(plain: Omit<Order, 'superseded'>, ends: Ends): void {
    const task: Task = { group: plain.group, superseded: false, promise: Promise.resolve() };
    const units = unitsOf(plain.group);
    for (const unit of units) this.#tasks.set(unit, task);
    task.promise = this.#work({ ...plain, superseded: () => task.superseded }, ends).finally(() => {
      for (const unit of units) this.#tasks.delete(unit);
      this.#bell.ring();
    });
  }

  async #work(order: Order, ends: Ends): Promise<void> {
    const { clock, metrics, provider } = this.#options;
    const { group, record } = order;
    const startMs = clock.now();
    const { connection, incomplete } = this;
    const verdict = await workOnUnit(order, {
      options: this.#options,
      kinds: this.#kinds,
      connection,
      incomplete,
      contests: this.#contests,
      turns: this.turns,
      ...ends,
    });
    const observed = this.#picture.worked(group, verdict.observed, order.read && order.why === 'drift');
    if (verdict.applied > 0) {
      for (const unit of unitsOf(group)) this.#writtenMs.set(unit, clock.now());
      if (order.why === 'drift') metrics.count('weir_drift_total', { provider: provider.name });
    }
    if (verdict.state === 'stopped') delete record.seen;
    else record.seen = { wanted: order.wanted, desired: group.desired, observed };
    settle(record, verdict, this.#options);
    this.#answered ||= verdict.state === 'in sync' || verdict.state === 'waiting';
    const labels = { provider: provider.name };
    metrics.observe('weir_apply_duration_seconds', (clock.now() - startMs) / 1000, {
      ...labels,
      result: verdict.state,
    });
    if (verdict.failure !== undefined) metrics.count('weir_errors_total', { ...labels, code: verdict.failure.code });
    if (verdict.state === 'in sync' && record.changedAtMs !== undefined) {
      metrics.observe('weir_endpoint_to_target_seconds', (clock.now() - record.changedAtMs) / 1000, {
        ...labels,
      });
      delete record.changedAtMs;
    }
    this.#options.stateChanged();
  }
}
