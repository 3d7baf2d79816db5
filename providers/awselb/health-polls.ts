import type { LoadBalancer } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Health, Observed } from '../../src/model/index.ts';
import type { Account } from './account.ts';
import type { Drive } from './drive.ts';
import { inParallel } from './in-parallel.ts';
import { groupArn, targetKey } from './names.ts';
import type { Reader } from './read.ts';
import { stateOf } from './see-load-balancer.ts';
import { healthOf } from './see-target-group.ts';

/** A target group is asked for again after this, and later each time it says the same. */
const firstMs = 2_000;
const slowestMs = 10_000;
const slower = 2;
/** Who only drains is asked for when it should be done, at least this often. */
const drainingMs = 60_000;
/** One look at all load balancers serves every unit that waits, for so long. */
const balancersMs = 4_000;
const parallel = 8;

/**
 * Looks at the health of objects as often as it makes sense, and notes it in `known`. While a load balancer is being set up its targets
 * are not asked for: one list of all load balancers tells when it is ready.
 */
export function createHealthPolls(
  { ctx, known }: Pick<Drive, 'ctx' | 'known'>,
  reader: Reader,
  account: Account,
  read: (group: string) => void,
) {
  const paces = new Map<string, { readonly nextMs: number; readonly everyMs: number; readonly said: string }>();
  const balancersNow = new Map<string, LoadBalancer>();
  let listedMs = Number.NEGATIVE_INFINITY;
  let listing: Promise<void> | undefined;

  const list = async (): Promise<void> => {
    if (ctx.clock.now() - listedMs < balancersMs) return;
    listing ??= (async () => {
      const startMs = ctx.clock.now();
      const all = await reader.loadBalancers();
      balancersNow.clear();
      for (const one of all) {
        const { LoadBalancerArn: arn } = one;
        if (arn === undefined) continue;
        balancersNow.set(arn, one);
        // One that is not in the account yet comes in by the next reading, with its tags: without them it would be somebody else's.
        if (account.loadBalancers.has(arn)) account.loadBalancers.set(arn, one);
      }
      listedMs = startMs;
    })().finally(() => {
      listing = undefined;
    });
    await listing;
  };

  const look = async (group: Observed): Promise<void> => {
    const { handle } = group;
    const nowMs = ctx.clock.now();
    const members = [...(group.sets.Targets?.keys() ?? [])].join(' ');
    const pace = paces.get(handle);
    if (pace?.said.startsWith(`${members}|`) !== true) {
      // What was registered a moment ago is known to be on its way.
      const everyMs = paceOf(group, group.health?.Targets);
      paces.set(handle, { nextMs: nowMs + everyMs, everyMs, said: `${members}|` });
      return;
    }
    if (nowMs < pace.nextMs) return;
    const health = await readNow(handle);
    const said = `${members}|${[...health].join(' ')}`;
    const least = paceOf(group, health);
    const everyMs = pace.said === said ? Math.max(least, Math.min(slowestMs, pace.everyMs * slower)) : least;
    paces.set(handle, { nextMs: nowMs + everyMs, everyMs, said });
  };

  /** Asks now, and notes what is said. */
  const readNow = async (handle: string): Promise<ReadonlyMap<string, Health>> => {
    const arn = groupArn(handle);
    const descriptions = await reader.health(arn);
    account.health.set(arn, descriptions);
    read(handle);
    const now = known.find('TargetGroup', handle);
    const serves = now === undefined || !settingUp(known.inUnit(now.unit)).has(handle);
    const health = new Map(
      descriptions.flatMap(({ Target, TargetHealth: state }) =>
        Target?.Id === undefined ? [] : [[targetKey(Target.Id, Target.Port ?? 0), healthOf(state, true)] as const],
      ),
    );
    if (!serves) for (const [key, state] of health) if (state === 'ready') health.set(key, 'initial');
    if (now !== undefined) known.put({ ...now, health: { ...now.health, Targets: health } });
    return health;
  };

  const lookAt = async (objects: readonly Observed[]): Promise<void> => {
    const waiting = objects.filter(isProvisioning);
    if (waiting.length > 0) await list();
    for (const { handle } of waiting) {
      const { DNSName, State } = balancersNow.get(handle) ?? account.loadBalancers.get(handle) ?? {};
      const now = known.find('LoadBalancer', handle);
      if (State?.Code === undefined || now === undefined) continue;
      const facts = { ...stateOf({ State }), ...(DNSName === undefined ? {} : { addresses: [DNSName] }) };
      known.put({ ...now, facts });
    }
    // The list may have taken its time: what counts is who sends to whom now.
    const present = [...new Set(objects.map(({ unit }) => unit))].flatMap((unit) => known.inUnit(unit));
    const behind = settingUp(present);
    const groups = present.filter(
      ({ kind, handle, owned, sets, health }) =>
        kind === 'TargetGroup' &&
        sets.Targets !== undefined &&
        !behind.has(handle) &&
        // What others have is looked at until it is ready.
        (owned || [...(health?.Targets?.values() ?? [])].some((state) => state !== 'ready')),
    );
    await inParallel(groups, parallel, look);
  };
  return { lookAt, readNow };
}

function isProvisioning({ kind, facts }: Observed): boolean {
  return kind === 'LoadBalancer' && facts.state === 'provisioning';
}

/** Target groups that only load balancers send to that are being set up: behind those nothing serves, whatever its checks say. */
function settingUp(objects: readonly Observed[]): ReadonlySet<string> {
  const found = new Set<string>();
  const balancers = new Set(objects.filter(isProvisioning).map(({ handle }) => handle));
  if (balancers.size === 0) return found;
  const listeners = new Map(
    objects.flatMap(({ kind, handle, refs }) =>
      kind === 'Listener' ? [[handle, balancers.has(refs.LoadBalancerArn ?? '')] as const] : [],
    ),
  );
  const served = new Set<string>();
  for (const { kind, handle, refs, sets } of objects) {
    if (kind !== 'Listener' && kind !== 'Rule') continue;
    const waits = listeners.get(kind === 'Listener' ? handle : (refs.ListenerArn ?? '')) === true;
    for (const group of [refs.TargetGroupArn, ...(sets.TargetGroups?.keys() ?? [])])
      if (group !== undefined) (waits ? found : served).add(group);
  }
  for (const group of served) found.delete(group);
  return found;
}

function paceOf({ attrs }: Observed, health: ReadonlyMap<string, Health> | undefined): number {
  const states = [...(health?.values() ?? [])];
  if (!states.includes('draining') || states.some((state) => state !== 'ready' && state !== 'draining')) return firstMs;
  const delayMs = Number(attrs['deregistration_delay.timeout_seconds'] ?? 300) * 1000 + firstMs;
  return Math.min(drainingMs, delayMs);
}
