import type { Observed, Resource, ServiceId, Unit, UnitState } from '../model/index.ts';
import { sameItems } from '../model/remade.ts';
import { backoffMs, refusedBackoff, retryBackoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Verdict } from './converge.ts';
import { Gates } from './gates.ts';
import type { LaneOptions } from './lane-options.ts';
import type { UnitGroup } from './planner.ts';

/** Gates are looked at this often at first, and less often the longer they stay shut. */
const pollFirstMs = 200;
const pollMaxMs = 5000;
/** Where a look costs calls of a cloud's API and every set has ready members. */
const calmFirstMs = 30_000;
const calmMaxMs = 60_000;
const maxLooks = 20;
/** Connections that the system ends by itself are looked at so many times until then, if that is seldom enough. */
const drainLooks = 20;
const drainPollMaxMs = 60_000;
/** What the system has not set up by then is no longer waited for: the slow audit tells. */
const pendingMaxMs = 900_000;

/** What is remembered of one unit between its turns. */
export interface UnitRecord {
  readonly unit: Unit;
  /** The units joined in it. */
  units: readonly Unit[];
  readonly gates: Gates;
  state: UnitState['state'];
  message: string;
  code?: string;
  sinceMs: number;
  failures: number;
  /** The last failure is that of these services alone; absent: of all. */
  concerns?: ReadonlySet<ServiceId>;
  /** Of the last failure: `refused` waits for a change. */
  refused: boolean;
  /** The last failure was a gate at its deadline: only a look later, or a change, goes on. */
  gateFailed: boolean;
  /** Monotonic: not before, unless what is wanted changes. */
  retryAtMs?: number;
  /** Monotonic: not before, whatever changes. */
  restUntilMs: number;
  pollAtMs?: number;
  pollMs: number;
  /** Everything left waits for connections that the system itself ends, after so long at most. */
  drainMs?: number;
  /** Looks since the last write at members whose health is still to be known. */
  looks: number;
  /** Since when the system has been setting something up; monotonic. */
  pendingSinceMs?: number;
  /** The last turn left something alone because a source could not be read; true until the next turn. */
  unread: boolean;
  /** Inputs of the last finished turn: the same objects give the same plan. */
  seen?: { readonly wanted: unknown; readonly desired: readonly Resource[]; readonly observed: readonly Observed[] };
  /** The last plan, if it did nothing but wait and refuse. */
  toldPlan?: string | undefined;
  /** When the change that is being worked on was first seen outside; monotonic. */
  changedAtMs?: number;
}

export function newRecord(unit: Unit, clock: Clock): UnitRecord {
  return {
    unit,
    units: [unit],
    gates: new Gates(clock),
    state: 'changing',
    message: 'not planned yet',
    sinceMs: clock.wall(),
    failures: 0,
    refused: false,
    gateFailed: false,
    restUntilMs: Number.NEGATIVE_INFINITY,
    pollMs: pollFirstMs,
    looks: 0,
    unread: false,
  };
}

/** Why a unit has to be worked on now; undefined: it has not. `atMs` tells when it will have to. */
export interface Due {
  readonly why: 'change' | 'drift' | 'gate' | 'retry' | undefined;
  readonly atMs: number;
}

export interface Asked {
  /** Somebody said that the unit is not as it was. */
  readonly stale: boolean;
  /** What the whole balancer was asked for, by reference. */
  readonly wanted: unknown;
}

/** Compares what a unit is made of by reference: whoever makes the objects keeps them while nothing changed. */
export function dueOf(record: UnitRecord, group: UnitGroup, asked: Asked, nowMs: number): Due {
  const never = { why: undefined, atMs: Number.POSITIVE_INFINITY };
  const { seen } = record;
  // What can be read now may free what was left alone, though nothing else is different.
  const readable = record.unread && seen?.wanted !== asked.wanted;
  const wanted = seen === undefined || readable || !sameItems(seen.desired, group.desired);
  const drifted = seen === undefined || asked.stale || !sameItems(seen.observed, group.observed);
  const why = wanted ? 'change' : drifted ? 'drift' : undefined;
  if (record.state === 'failed' && record.retryAtMs !== undefined) {
    if (nowMs >= record.retryAtMs) return { why: why ?? 'retry', atMs: nowMs };
    // A change may be the cure: it shortens the wait, but a system that fails is not hammered.
    if (why !== undefined && nowMs >= record.restUntilMs) return { why, atMs: nowMs };
    return { why: undefined, atMs: why === undefined ? record.retryAtMs : record.restUntilMs };
  }
  if (why !== undefined) return { why, atMs: nowMs };
  if (record.pollAtMs === undefined) return never;
  return nowMs >= record.pollAtMs ? { why: 'gate', atMs: nowMs } : { why: undefined, atMs: record.pollAtMs };
}

/** It failed, and nothing of it is there. */
export function servesNothing({ state, refused, seen }: UnitRecord): boolean {
  return state === 'failed' && !refused && seen?.observed.every(({ owned }) => !owned) === true;
}

/** Writes down how a turn ended. */
export function settle(
  record: UnitRecord,
  verdict: Verdict,
  { clock, random, provider: { capabilities } }: Pick<LaneOptions, 'clock' | 'random' | 'provider'>,
): void {
  const before = record.state;
  record.unread = verdict.refused.some(({ why }) => why === 'incomplete');
  delete record.retryAtMs;
  delete record.pollAtMs;
  delete record.code;
  delete record.drainMs;
  delete record.concerns;
  if (verdict.state === 'failed' && verdict.failure !== undefined) {
    const { failure } = verdict;
    // Something was done: the system answers, and what failed is another thing than the last time or will soon be.
    record.failures = verdict.applied > 0 && verdict.stuck === undefined ? 1 : record.failures + 1;
    record.refused = failure.class === 'refused';
    record.gateFailed = failure.code === 'E_GATE_DEADLINE';
    const rest = record.refused ? refusedBackoff : retryBackoff;
    record.retryAtMs = clock.now() + backoffMs(record.failures, rest, random);
    record.restUntilMs = clock.now() + Math.min(retryBackoff.firstMs, record.retryAtMs - clock.now());
    record.state = 'failed';
    if (verdict.stuck !== undefined && verdict.stuck.size > 0) record.concerns = verdict.stuck;
    record.code = failure.code;
    record.message = failure.message;
  } else if (verdict.state === 'waiting') {
    const most = verdict.waiting.reduce((sum, { deadlineMs }) => Math.max(sum, deadlineMs), 0);
    const drains = verdict.waiting.every(({ ends }) => ends === true);
    const slowest = drains ? Math.max(pollMaxMs, Math.min(drainPollMaxMs, most / drainLooks)) : pollMaxMs;
    if (drains) record.drainMs = most;
    record.pollMs =
      before === 'waiting' && verdict.applied === 0 ? Math.min(slowest, record.pollMs * 1.5) : pollFirstMs;
    record.pollAtMs = clock.now() + record.pollMs;
    record.state = 'waiting';
    record.message = waitingMessage(verdict);
    record.failures = 0;
  } else if (verdict.state === 'following') {
    record.state = 'waiting';
    record.message = `${verdict.left ?? 0} step${verdict.left === 1 ? ' is' : 's are'} left to the leader`;
    record.failures = 0;
  } else if (verdict.state === 'in sync') {
    record.gates.clear();
    record.failures = 0;
    record.refused = false;
    record.gateFailed = false;
    const pending = verdict.observed.find(({ owned, facts }) => owned && facts.pending === true);
    if (pending === undefined) delete record.pendingSinceMs;
    else record.pendingSinceMs ??= clock.now();
    const waits = pending !== undefined && clock.now() - (record.pendingSinceMs ?? 0) < pendingMaxMs;
    // After a write, health is looked at until it is known: nobody else may tell. Bounded, since some health never comes.
    record.looks = verdict.applied > 0 || waits ? 0 : record.looks + 1;
    if (waits || (record.looks < maxLooks && inTransition(verdict.observed))) {
      const calm = !waits && capabilities.lazyHealth === true && isServed(verdict.observed);
      // The first look after a write comes soon: it may show what is being set up.
      if (verdict.applied > 0) record.pollMs = pollFirstMs;
      else if (calm) record.pollMs = Math.max(calmFirstMs, Math.min(calmMaxMs, record.pollMs * 1.5));
      else record.pollMs = Math.min(pollMaxMs, record.pollMs * 1.5);
      record.pollAtMs = clock.now() + record.pollMs;
    }
    const told = refusedState(verdict);
    record.state = told.state === 'in sync' && waits ? 'waiting' : told.state;
    record.message =
      record.state === told.state ? told.message : `waits until ${pending?.kind} ${pending?.id} is set up`;
    if (told.code !== undefined) record.code = told.code;
  } else record.state = 'changing';
  if (record.state !== before) record.sinceMs = clock.wall();
}

/** Whether the health of a member is on its way to somewhere. */
function inTransition(observed: readonly Observed[]): boolean {
  return observed.some(({ owned, health }) => {
    if (!owned || health === undefined) return false;
    return Object.values(health).some((set) =>
      [...set.values()].some((state) => state === 'initial' || state === 'draining'),
    );
  });
}

/** Whether every set that has members with health has a ready one: nobody waits for the others. */
function isServed(observed: readonly Observed[]): boolean {
  return observed.every(({ owned, health }) => {
    const sets = owned && health !== undefined ? Object.values(health) : [];
    return sets.every((set) => set.size === 0 || [...set.values()].includes('ready'));
  });
}

function waitingMessage({ waiting }: Verdict): string {
  const [first] = waiting;
  if (first === undefined) return 'waits';
  if (waiting.every(({ ends }) => ends === true)) {
    const minutes = Math.ceil(Math.max(...waiting.map(({ deadlineMs }) => deadlineMs)) / 60_000);
    return `waits until connections to what ${first.kind} has turned away from have ended: ${minutes} min at most`;
  }
  const count = first.members.length;
  const more = waiting.length > 1 ? ` and ${waiting.length - 1} more gates` : '';
  return `waits until ${count} member${count === 1 ? '' : 's'} of ${first.kind} ${count === 1 ? 'is' : 'are'} ${first.what}${more}`;
}

/** Nothing to do, but something that must not be done. What stands in the way decides whether that is a failure. */
function refusedState({ refused }: Verdict): { state: UnitState['state']; message: string; code?: string } {
  const hard = refused.find(({ why }) => why === 'foreign' || why === 'slot' || why === 'in use' || why === 'guarded');
  if (hard !== undefined) {
    const by = hard.by === undefined ? '' : ` by ${hard.by}`;
    return {
      state: 'failed',
      code: 'E_HELD',
      message: `${hard.op} ${hard.kind} ${hard.id} is held off${by} (${hard.why})`,
    };
  }
  const unread = refused.find(({ why }) => why === 'incomplete');
  if (unread !== undefined) {
    const message = `${unread.op} ${unread.kind} ${unread.id} waits until every source can be read`;
    return { state: 'waiting', code: 'E_INCOMPLETE', message };
  }
  if (refused.length > 0)
    return { state: 'in sync', message: `${refused.length} changes are not allowed by the policy` };
  return { state: 'in sync', message: '' };
}
