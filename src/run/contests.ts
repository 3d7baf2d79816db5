import type { Json, KindSpec, Problem, Step, Unit } from '../model/index.ts';
import type { Clock } from './clock.ts';

/** So often in so long the same thing is put back before somebody else is known to want another. Each further time doubles the rest. */
const times = 3;
const withinMs = 2_700_000;
const firstRestMs = 300_000;
const mostRestMs = 3_600_000;
/** A system that shows a write late looks like somebody who takes it back. */
const apartMs = 20_000;

/** One attribute or member that was put back. */
interface Contest {
  readonly unit: Unit;
  readonly what: string;
  readonly value: string;
  found: string;
  /** Monotonic milliseconds; how often in a row. */
  lastMs: number;
  count: number;
  restUntilMs: number;
  /** Its unit is to be looked at when the rest is over. */
  rests: boolean;
}

/** An attribute or member of a step by which it is known again, and what it is to become. */
interface Part {
  readonly name: string;
  readonly what: string;
  readonly value: Json;
  readonly was: Json | undefined;
  /** May be left as somebody else wants it for a while. */
  readonly yields: boolean;
}

/**
 * What others change each time weir has put it back: attributes, and members that no traffic flows to. After some times it is told and left
 * alone for longer and longer. What the system lets in or shows (sets of `deletes`) is put back always, and told all the same.
 */
export class Contests {
  readonly #clock: Clock;
  readonly #kinds: ReadonlyMap<string, KindSpec>;
  readonly #known = new Map<string, Contest>();

  constructor(clock: Clock, kinds: ReadonlyMap<string, KindSpec>) {
    this.#clock = clock;
    this.#kinds = kinds;
  }

  /** These steps were done because something had changed outside. */
  note(steps: readonly Step[]): void {
    const nowMs = this.#clock.now();
    this.#forget(nowMs);
    for (const step of steps) {
      for (const { name, what, value, was, yields } of this.#parts(step)) {
        const key = `${step.kind} ${step.id} ${name}`;
        const text = JSON.stringify(value);
        const known = this.#known.get(key);
        const found = was === undefined ? '' : JSON.stringify(was);
        if (known?.value !== text) {
          const fresh = {
            unit: step.unit,
            what,
            value: text,
            found,
            lastMs: nowMs,
            count: 1,
            restUntilMs: nowMs,
            rests: false,
          };
          this.#known.set(key, fresh);
        } else if (nowMs - known.lastMs >= apartMs) {
          known.count++;
          known.lastMs = nowMs;
          known.found = found;
          known.rests = known.count >= times && yields;
          if (known.rests)
            known.restUntilMs = nowMs + Math.min(mostRestMs, firstRestMs * 2 ** Math.min(30, known.count - times));
        }
      }
    }
  }

  /** A plan without what is left alone now. Whatever another step waits for stays in it. */
  sift(steps: readonly Step[]): readonly Step[] {
    const nowMs = this.#clock.now();
    if (![...this.#known.values()].some(({ restUntilMs }) => restUntilMs > nowMs)) return steps;
    const awaited = new Set(steps.flatMap(({ after }) => after));
    return steps.flatMap((step) => {
      if (awaited.has(step.n)) return [step];
      const rests = new Set(
        this.#parts(step).flatMap(({ name, value }) => {
          const known = this.#known.get(`${step.kind} ${step.id} ${name}`);
          return known !== undefined && known.restUntilMs > nowMs && known.value === JSON.stringify(value)
            ? [name]
            : [];
        }),
      );
      if (rests.size === 0) return [step];
      const { attrs = {}, refs = {}, members, set } = step;
      if (members !== undefined) {
        const left = members.filter(([key]) => !rests.has(memberName(set, key)));
        return left.length === 0 ? [] : [{ ...step, members: left }];
      }
      const left = Object.fromEntries(Object.entries(attrs).filter(([name]) => !rests.has(name)));
      return Object.keys(left).length + Object.keys(refs).length === 0 ? [] : [{ ...step, attrs: left }];
    });
  }

  /** Units of which something has rested long enough; each is told once. */
  due(): readonly Unit[] {
    const nowMs = this.#clock.now();
    const over = [...this.#known.values()].filter(({ rests, restUntilMs }) => rests && restUntilMs <= nowMs);
    for (const contest of over) contest.rests = false;
    return [...new Set(over.map(({ unit }) => unit))];
  }

  /** Monotonic milliseconds at which something has rested long enough. */
  get atMs(): number {
    const resting = [...this.#known.values()].filter(({ rests }) => rests);
    return Math.min(Number.POSITIVE_INFINITY, ...resting.map(({ restUntilMs }) => restUntilMs));
  }

  problems(source: string): readonly Problem[] {
    const nowMs = this.#clock.now();
    this.#forget(nowMs);
    return [...this.#known.values()].flatMap(({ what, value, found, count, restUntilMs }): readonly Problem[] => {
      if (count < times) return [];
      const until = new Date(this.#clock.wall() + restUntilMs - nowMs).toISOString().slice(0, 16);
      const rest = restUntilMs > nowMs ? `, and is left as it is until ${until}Z` : '';
      const other = found === '' || found === value ? '' : ` (somebody else writes ${found})`;
      const message = `${what} was set to ${value} ${count} times, as somebody changed it each time${other}${rest}`;
      return [{ code: 'W_CONTESTED', severity: 'warning', source, message }];
    });
  }

  #forget(nowMs: number): void {
    for (const [key, { lastMs, restUntilMs }] of this.#known)
      if (nowMs - Math.max(lastMs, restUntilMs) > withinMs) this.#known.delete(key);
  }

  #parts({ op, kind, id, attrs = {}, set, members = [], was }: Step): readonly Part[] {
    const spec = this.#kinds.get(kind);
    if (op === 'update')
      return Object.entries(attrs).map(([name, value]) => ({
        name,
        what: `${kind} ${id}: ${name}`,
        value,
        was: was?.attrs?.[name],
        yields: true,
      }));
    const of = set === undefined ? undefined : spec?.sets[set];
    if (set === undefined || of === undefined || of.serving === true || of.to !== undefined) return [];
    if (op !== 'add' && op !== 'set' && op !== 'remove') return [];
    const before = new Map(was?.members);
    return members.map(([key, member]) => ({
      name: memberName(set, key),
      what: `${kind} ${id}: ${set} ${key}`,
      value: member === null ? null : member.attrs,
      was: before.get(String(key))?.attrs,
      yields: of.deletes !== true,
    }));
  }
}

function memberName(set: string | undefined, key: string | number): string {
  return `${set}/${key}`;
}
