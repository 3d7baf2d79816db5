import type { Observed, Problem, ServiceId, Unit, UnitState } from '../model/index.ts';
import { type Turns, turnsOf } from '../model/turns.ts';
import { Audit } from './audit.ts';
import { Bell } from './bell.ts';
import { Connection } from './connection.ts';
import { Contests } from './contests.ts';
import { Dispatch } from './dispatch.ts';
import { kindTable } from './kind-table.ts';
import type { Ends, LaneOptions, Want, Wanted } from './lane-options.ts';
import { MovedUnits } from './moved-units.ts';
import { Picture } from './picture.ts';
import type { UnitGroup } from './planner.ts';
import { Roster } from './roster.ts';
import { servesNothing, type UnitRecord } from './unit-record.ts';

/** Between two looks at what is wanted while another weir leads. */
const followEveryMs = 1_000;

/**
 * One balancer at run time: turns what is wanted into turns of its units. Units run side by side and fail alone;
 * a change is looked at as soon as it is there, by every unit that is not at work.
 */
export class Lane {
  readonly connection: Connection;
  readonly #options: LaneOptions;
  readonly #bell: Bell;
  readonly #gateBell: Bell;
  readonly #picture: Picture;
  readonly #roster: Roster;
  readonly #dispatch: Dispatch;
  readonly turns: Turns;
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

  constructor(options: LaneOptions) {
    this.#options = options;
    const kinds = kindTable(options.provider.kinds);
    const bell = new Bell(options.clock);
    const picture = new Picture(options);
    const roster = new Roster(options.clock);
    const contests = new Contests(options.clock, kinds);
    const connection = new Connection({ ...options, kinds, open: () => options.open(this.changed) });
    this.turns = turnsOf(options.clock);
    const { incomplete, turns } = this;
    const shared = { options, kinds, connection, picture, roster, contests, bell, incomplete, turns };
    const dispatch = new Dispatch(shared);
    this.#moved = new MovedUnits({ connection, picture, busy: dispatch.busy });
    this.#audit = new Audit({
      options,
      connection,
      picture,
      touched: dispatch.touched,
      done: () => bell.ring(),
    });
    this.#gateBell = new Bell(options.clock);
    this.#bell = bell;
    this.#picture = picture;
    this.#roster = roster;
    this.#contests = contests;
    this.#dispatch = dispatch;
    this.connection = connection;
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
    this.#dispatch.tell(unit, cause);
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
    await Promise.all([this.#dispatch.ended(), this.#audit.running]);
  }

  /** Forgets failures and back-off: somebody asks for another try. Not while it runs. */
  restart(): void {
    this.#roster.clear();
    this.#dispatch.lookAtAll();
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
    await this.turns.do(this.#picture.join(wanted, ready.environment));
    return [...this.#picture.groups.values()];
  }

  get want(): Want | undefined {
    return this.#picture.want;
  }

  observed(): readonly Observed[] {
    return this.#picture.cache.all();
  }

  /** Something observed says why it is not as it shall be. */
  get hasReasons(): boolean {
    return this.#picture.cache.hasReasons;
  }

  /** Whether something is under way that has to do with a service. */
  worksFor(service: ServiceId): boolean {
    return this.#dispatch.worksFor(service);
  }

  /** Whether a service's things may be of a part that cannot be read now. */
  readonly incomplete = (service: string): boolean =>
    this.#wanted?.incomplete(service) === true || this.want?.withheld.has(service) === true;

  /** Every unit was worked on once, and a system of our own has taken it: everything that can be served is. */
  get started(): boolean {
    if (this.connection.failure !== undefined && !this.#passed) return true;
    if (!this.#passed || !this.#roster.seen) return false;
    // A proxy of our own that has nothing yet and does not answer: whoever is sent here would be refused.
    const alone = this.#options.provider.capabilities.scope === 'instance';
    return !alone || this.#dispatch.answered || ![...this.#roster.all()].some(servesNothing);
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
    if (!this.#passed || this.#passing || !this.#dispatch.idle || this.#picture.owes) return false;
    for (const record of this.#roster.all()) if (!this.#settled(record, tries)) return false;
    return true;
  }

  #settled(record: UnitRecord, tries: number): boolean {
    if (record.seen === undefined) return false;
    if (record.state === 'failed') {
      return record.retryAtMs === undefined || record.refused || record.gateFailed || record.failures >= tries;
    }
    if (this.#outlasts(record)) return true;
    // After a write somebody has to look once: something may still be being set up. And until it is known whether that frees something.
    const enough = record.state === 'in sync' && record.looks > 0;
    return record.pollAtMs === undefined || (enough && this.#picture.want?.provisional !== true);
  }

  /** Units whose rest waits for connections that may live longer than any gate. */
  outlasting(): readonly UnitState[] {
    return this.#roster.states(this.name, (record) => this.#outlasts(record));
  }

  #outlasts({ state, drainMs = 0 }: UnitRecord): boolean {
    return state === 'waiting' && drainMs > this.#options.gateDeadlineMs;
  }

  units(): readonly UnitState[] {
    return this.#roster.states(this.name);
  }

  /** State of the group that a unit is joined in, as far as it concerns a service. */
  stateOf(unit: Unit, service: ServiceId): ReturnType<Roster['stateOf']> {
    return this.#roster.stateOf(unit, service);
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
    const { clock, metrics } = this.#options;
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
      await this.turns.do(this.#picture.join(wanted, ready.environment));
      if (ends.signal.aborted) return;
      // A unit that nobody knows yet is found by reading everything.
      if (this.#dispatch.look(wanted, ends)) this.#audit.hasten();
      this.#audit.start(ends.hard);
      this.#bell.ringAt(Math.min(this.#audit.atMs, this.#picture.newsAtMs));
      this.#taken = wanted;
      this.#passed = true;
      this.#passedMs = clock.now();
      this.#faults = 0;
      metrics.observe('weir_reconcile_duration_seconds', (clock.now() - startMs) / 1000);
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
    await Promise.all([this.#dispatch.ended(), this.#audit.running]);
    if (!(await this.#list(signal))) return false;
    gate.admit(term);
    for (const record of this.#roster.all()) if (record.state !== 'in sync') this.#roster.see(record, undefined);
    this.#dispatch.lookAtAll();
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
}
