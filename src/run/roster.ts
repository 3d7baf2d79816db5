import type { ServiceId, Unit, UnitState } from '../model/index.ts';
import type { Clock } from './clock.ts';
import { unitsOf } from './picture.ts';
import type { UnitGroup } from './planner.ts';
import { newRecord, type UnitRecord } from './unit-record.ts';

/** Of a service that has no part in what fails. */
const untouched = { state: 'in sync', message: '' } as const;

/** What is remembered of every unit: one record for each group, found by the group's name and by the units that it joins. */
export class Roster {
  readonly #clock: Clock;
  readonly #records = new Map<Unit, UnitRecord>();
  readonly #homes = new Map<Unit, UnitRecord>();
  readonly #unseen = new Set<Unit>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The record of a group as it is joined now. */
  of(group: UnitGroup): UnitRecord {
    const record = this.#records.get(group.unit) ?? newRecord(group.unit, this.#clock);
    if (!this.#records.has(group.unit)) {
      this.#records.set(group.unit, record);
      this.#unseen.add(group.unit);
    }
    const units = unitsOf(group);
    if (units !== record.units) {
      this.#leave(record);
      for (const unit of units) this.#homes.set(unit, record);
      record.units = units;
    }
    return record;
  }

  /** The record of the group that joins a unit. */
  home(unit: Unit): UnitRecord | undefined {
    return this.#homes.get(unit);
  }

  all(): Iterable<UnitRecord> {
    return this.#records.values();
  }

  drop(name: Unit): void {
    const record = this.#records.get(name);
    if (record === undefined) return;
    this.#records.delete(name);
    this.#unseen.delete(name);
    this.#leave(record);
  }

  clear(): void {
    for (const known of [this.#records, this.#homes, this.#unseen]) known.clear();
  }

  /** What the last finished turn of a group was made from; undefined: it is to be worked on anew. */
  see(record: UnitRecord, seen: UnitRecord['seen']): void {
    if (seen === undefined) delete record.seen;
    else record.seen = seen;
    // A turn may end when its group is joined otherwise by now.
    if (this.#records.get(record.unit) !== record) return;
    if (seen === undefined) this.#unseen.add(record.unit);
    else this.#unseen.delete(record.unit);
  }

  /** Every unit was worked on. */
  get seen(): boolean {
    return this.#unseen.size === 0;
  }

  states(balancer: string, chosen: (record: UnitRecord) => boolean = () => true): readonly UnitState[] {
    const nowMs = this.#clock.now();
    return [...this.#records.values()].filter(chosen).map(({ unit, state, message, code, sinceMs, retryAtMs }) => ({
      balancer,
      unit,
      state,
      message,
      sinceMs,
      ...(code === undefined ? {} : { code }),
      ...(retryAtMs === undefined ? {} : { retryInMs: Math.max(0, Math.round(retryAtMs - nowMs)) }),
    }));
  }

  /** State of the group that a unit is joined in, as far as it concerns a service. */
  stateOf(unit: Unit, service: ServiceId): Pick<UnitState, 'state' | 'message' | 'code'> | undefined {
    const record = this.#records.get(unit) ?? this.#homes.get(unit);
    return record?.concerns?.has(service) === false ? untouched : record;
  }

  #leave(record: UnitRecord): void {
    for (const unit of record.units) if (this.#homes.get(unit) === record) this.#homes.delete(unit);
  }
}
