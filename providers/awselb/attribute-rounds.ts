import type { Observed, Unit } from '../../src/model/index.ts';
import { deletionGuard } from './deletion-guard.ts';
import type { Drive } from './drive.ts';
import { inParallel } from './in-parallel.ts';
import { settingsOf } from './owners.ts';
import { createAttributeReader, type ExtrasWish } from './read-attributes.ts';
import type { Snapshot } from './snapshot.ts';

/** All attributes are read once within this; an object again after that. */
const firstRoundMs = 540_000;
const longestRoundMs = 1_800_000;
const minuteMs = 60_000;
/** Part of the budget of reading calls that attributes may take, while that is enough for the longest round. */
const share = 1 / 40;
/** After a start there is more pressing work. */
const restMs = 20_000;
const fastestMs = 100;
const slowestMs = 4_000;
const parallel = 8;

export interface AttributeRounds {
  /** Reads what was not read yet, now. */
  all(): Promise<void>;
  /** Whether load balancers of this reading that shall go are read, now, which were not read yet. What cannot be read stays unread. */
  leaving(reading: readonly Observed[]): Promise<boolean>;
  /** Goes on reading with time between, until the signal aborts. */
  start(signal: AbortSignal): void;
  /** These come before all others: somebody is about to change them. */
  hasten(units: ReadonlySet<Unit>): void;
}

/**
 * Attributes of load balancers, target groups and listeners cost a call for each object and change rarely: while a session stands, they are
 * read one by one beside the work, and `changed` has the unit planned anew with what was found.
 */
export function attributeRounds(
  { ctx, clients, known, options }: Drive,
  snapshot: Snapshot,
  live: () => AbortSignal,
): AttributeRounds {
  const { account } = snapshot;
  const read = createAttributeReader(clients, account, live);
  const readMs = new Map<string, number>();
  const first = new Set<Unit>();
  let everyMs = firstRoundMs;
  let running = false;
  let wake: () => void = () => {};

  /** So long takes a round: as long as the audit interval where the budget of calls allows it. */
  const roundMs = (objects: number): number => {
    const { auditMs = minuteMs } = ctx;
    const affordedMs = (1000 * objects) / (options.limits.callsPerSecond * share);
    return Math.max(auditMs, Math.min(longestRoundMs, affordedMs));
  };
  const due = (): readonly Observed[] => {
    const nowMs = ctx.clock.now();
    const objects = known.all().filter(isRead);
    everyMs = roundMs(objects.length);
    ctx.metric('weir_awselb_round_seconds', Math.round(everyMs / 1000), { balancer: ctx.balancer }, 'gauge');
    const late = ({ handle }: Observed): boolean => {
      // What we wrote ourselves counts as read when it is first met, and is looked at in its turn.
      if (!readMs.has(handle)) readMs.set(handle, nowMs);
      return !account.attributes.has(handle) || nowMs - (readMs.get(handle) ?? nowMs) >= everyMs;
    };
    const waiting = objects.filter(late);
    return [...waiting.filter(({ unit }) => first.has(unit)), ...waiting.filter(({ unit }) => !first.has(unit))];
  };
  const fetch = async ({ kind, handle }: Observed): Promise<void> => {
    await read(kind, handle, wishOf(handle, snapshot));
    readMs.set(handle, ctx.clock.now());
  };

  const round = async (signal: AbortSignal): Promise<void> => {
    await pause(restMs, signal);
    while (!signal.aborted) {
      const waiting = due();
      const [next] = waiting;
      if (next === undefined || waiting.every(({ unit }) => !first.has(unit))) first.clear();
      if (next !== undefined) await one(next, signal);
      const hurried = first.size > 0 && due().some(({ unit }) => first.has(unit));
      const withinMs = Math.min(firstRoundMs, everyMs);
      const pauseMs = Math.min(slowestMs, Math.max(fastestMs, withinMs / Math.max(1, waiting.length)));
      if (!hurried) await pause(waiting.length === 0 ? Math.min(slowestMs * 5, everyMs / 4) : pauseMs, signal);
    }
  };
  /** What cannot be read now is tried again in its turn. */
  const one = async (object: Observed, signal: AbortSignal): Promise<void> => {
    const before = account.attributes.get(object.handle);
    const extras = account.extras.get(object.handle);
    try {
      await fetch(object);
    } catch (error) {
      if (signal.aborted) return;
      readMs.set(object.handle, ctx.clock.now());
      ctx.log.warn({ kind: object.kind, handle: object.handle, error }, 'attributes cannot be read now');
      return;
    }
    const same = (a: object | undefined, b: object | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);
    if (same(before, account.attributes.get(object.handle)) && same(extras, account.extras.get(object.handle))) return;
    const rest = due().some(({ unit, handle }) => unit === object.unit && !account.attributes.has(handle));
    // A unit is looked at once, when all of it is known.
    if (rest) first.add(object.unit);
    else {
      snapshot.inHand(object.unit);
      ctx.changed(object.unit, `attributes of ${object.kind} ${object.id}`);
    }
  };
  const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
    const cut = new AbortController();
    wake = () => cut.abort();
    await ctx.clock.sleep(ms, AbortSignal.any([signal, cut.signal]));
  };

  return {
    async all() {
      const missing = known.all().filter((object) => isRead(object) && !account.attributes.has(object.handle));
      await inParallel(missing, parallel, fetch);
    },
    async leaving(reading) {
      const balancers = reading.filter(({ kind, owned }) => kind === 'LoadBalancer' && owned);
      const byId = Map.groupBy(balancers, ({ id }) => id);
      const goes = ({ id }: Observed): boolean => !snapshot.owners.isAskedFor(id) || (byId.get(id)?.length ?? 0) > 1;
      const dark = balancers.filter(
        (one) => one.attrs.unread === true && deletionGuard(one) !== undefined && goes(one),
      );
      await inParallel(dark, parallel, (one) =>
        fetch(one).catch((error: unknown) =>
          ctx.log.warn({ kind: one.kind, handle: one.handle, error }, 'attributes cannot be read now'),
        ),
      );
      return dark.length > 0;
    },
    start(signal) {
      if (running) return;
      running = true;
      void round(signal).catch((error: unknown) => ctx.log.error({ error }, 'reading attributes ended'));
    },
    hasten(units) {
      for (const unit of units) first.add(unit);
      if (units.size > 0) wake();
    },
  };
}

function isRead({ kind, owned, attrs }: Observed): boolean {
  if (!owned || attrs.Foreign === true) return false;
  return kind === 'LoadBalancer' || kind === 'TargetGroup' || kind === 'Listener';
}

/** What its services say something about. */
function wishOf(arn: string, { account, owners }: Snapshot): ExtrasWish {
  const owner = owners.of(arn, account.tags.get(arn));
  const members = new Set(owner === undefined ? [] : owners.servicesOf({ ...owner, resource: undefined }));
  const settings = owners.input.services.filter(({ id }) => members.has(id)).map(settingsOf);
  return {
    capacity: settings.some(({ minimumCapacityUnits }) => minimumCapacityUnits !== undefined),
    webAcl: owners.input.options.waf && settings.some(({ wafv2Acl }) => wafv2Acl !== undefined),
    shield: owners.input.options.shield && settings.some(({ shield }) => shield !== undefined),
  };
}
