/** Steps of a plan as calls to AWS, and the number of calls without making them. */
import { type Handle, type Observed, type Step, WeirError } from '../../src/model/index.ts';
import { Attempts } from './apply-attempt.ts';
import { tellBlockers } from './apply-blockers.ts';
import { countCalls, nothing, type View, type Work, type WorkOf } from './apply-call.ts';
import { handleOf, isEmpty, isObject } from './apply-codec.ts';
import { findExisting, isTaken } from './apply-existing.ts';
import { listenerWork } from './apply-listener.ts';
import { loadBalancerWork, namesBackendGroup } from './apply-load-balancer.ts';
import { ruleWork } from './apply-rule.ts';
import { securityGroupRuleWork, securityGroupWork } from './apply-security-group.ts';
import { targetGroupWork } from './apply-target-group.ts';
import type { Drive } from './drive.ts';
import { clusterTag, groupArn, isFilledGroup } from './names.ts';

const works: Readonly<Record<string, WorkOf>> = {
  LoadBalancer: loadBalancerWork,
  TargetGroup: targetGroupWork,
  Listener: listenerWork,
  Rule: ruleWork,
  SecurityGroup: securityGroupWork,
  SecurityGroupRule: securityGroupRuleWork,
};

function workOf(step: Step, view: View): Work {
  return step.op === 'wait' ? nothing : (works[step.kind]?.(step, view) ?? nothing);
}

/**
 * API calls of a step by rate class, when nothing fails. Fewer are made where the account already says what is asked: a listener that
 * begins or ceases to speak TLS takes its certificates along.
 */
export function callsOf(step: Step): Readonly<Record<string, number>> {
  return countCalls(workOf(step, {}));
}

/** Notes what was written; by default in `drive.known`. */
export type Wrote = (step: Step, made: Handle | undefined) => void;

export type Apply = (step: Step, signal: AbortSignal) => Promise<Handle | undefined>;

/**
 * Carries out steps whose handles are resolved; a create answers the new handle. May be interrupted after any call and repeated: a create
 * carries its ownership tags, and finds what it has made before. `wrote` is told of every step that is done, before the next one on the same
 * object begins. Throws WeirError.
 */
export function createApply(drive: Drive, wrote: Wrote = (step, made) => drive.known.wrote(step, made)): Apply {
  const attempts = new Attempts(drive);
  const lines = new Map<string, Promise<void>>();

  const carryOut = async (step: Step, signal: AbortSignal): Promise<Handle | undefined> => {
    const view = await viewOf(step, drive, signal);
    const work = workOf(step, view);
    const handle = work.existing ?? (await create(step, work, signal)) ?? step.handle;
    if (step.op === 'order') for (const call of work.rest('')) await attempts.run(call, signal);
    else
      for (const call of work.rest(handleOf(handle, `${step.op} ${step.kind} ${step.id}`)))
        await attempts.run(call, signal);
    const made = step.op === 'create' && typeof handle === 'string' ? handle : undefined;
    wrote(step, made);
    return made;
  };

  const create = async (step: Step, { create: call }: Work, signal: AbortSignal): Promise<Handle | undefined> => {
    if (call === undefined) return undefined;
    try {
      const handle = await attempts.run(call, signal);
      if (handle === undefined) throw new WeirError('E_BUG', `${call.name} answered without a handle`);
      attempts.made(handle);
      return handle;
    } catch (error) {
      if (!isTaken(error)) throw error;
      const handle = await findExisting(step, drive, signal);
      drive.ctx.log.info({ kind: step.kind, id: step.id, handle }, 'found what an earlier create has made');
      await bring(step, handle, signal);
      return handle;
    }
  };

  /** What was found may differ from what is wanted: tags first, then everything that is asked for and can be changed. */
  const bring = async (step: Step, handle: Handle, signal: AbortSignal): Promise<void> => {
    const now: Observed = {
      kind: step.kind,
      id: step.id,
      unit: step.unit,
      serves: step.serves,
      attrs: step.attrs ?? {},
      refs: Object.fromEntries(
        Object.entries(step.refs ?? {}).flatMap(([name, ref]) => (ref === null ? [] : [[name, String(ref)]])),
      ),
      sets: Object.fromEntries(
        Object.entries(step.sets ?? {}).map(([name, members]) => [
          name,
          new Map(members.map(([key, member]) => [String(key), member])),
        ]),
      ),
      handle,
      owned: true,
      facts: {},
    };
    const view = { ...(await viewOf(step, drive, signal)), now };
    const { sets = {}, ...rest } = step;
    const tags: Step = { ...rest, op: 'add', handle, set: 'Tags', members: sets.Tags ?? [] };
    const said = Object.entries(step.attrs ?? {}).filter(([, value]) => value !== false && !isEmpty(value));
    const update: Step = { ...rest, op: 'update', handle, attrs: Object.fromEntries(said) };
    const certificates: Step = { ...tags, set: 'Certificates', members: sets.Certificates ?? [] };
    const parts: Readonly<Record<string, readonly Step[]>> = {
      SecurityGroup: [tags],
      SecurityGroupRule: [],
      Listener: [tags, certificates, update],
    };
    for (const part of parts[step.kind] ?? [tags, update])
      for (const call of workOf(part, view).rest(handle)) await attempts.run(call, signal);
  };

  return async (step, signal) => {
    // Actions and security groups are sent whole: who writes one object does it after the other.
    const line = `${step.kind} ${typeof step.handle === 'string' ? step.handle : step.id}`;
    const before = lines.get(line) ?? Promise.resolve();
    const task = before.then(() => carryOut(step, signal));
    const end = task.then(
      () => undefined,
      () => undefined,
    );
    lines.set(line, end);
    try {
      return await task;
    } catch (error) {
      if (signal.aborted) throw error;
      throw await tellBlockers(error, step, drive, signal);
    } finally {
      if (lines.get(line) === end) lines.delete(line);
    }
  };
}

/** So long a load balancer waits for the security group that all of them share. */
const backendGroupMs = 10_000;

async function viewOf(step: Step, { known, ctx, cluster, registered }: Drive, signal: AbortSignal): Promise<View> {
  const now = typeof step.handle === 'string' ? known.find(step.kind, step.handle) : undefined;
  // What went with its parent is deleted again at no harm.
  const blind = ['create', 'order', ...(step.kind === 'SecurityGroupRule' ? [] : ['delete'])];
  if (now === undefined && !blind.includes(step.op))
    throw new WeirError('E_APPLY', `${step.kind} ${String(step.handle)} is no longer known`);
  if (step.op === 'update' && typeof step.attrs?.CustomerOwnedIpv4Pool === 'string')
    throw new WeirError('E_CLOUD_REFUSED', 'CustomerOwnedIpv4Pool of a load balancer cannot be changed', {
      hint: 'Set it back, or replace the load balancer by giving it another name.',
    });
  const startMs = ctx.clock.now();
  let backendGroup = known.backendGroup();
  while (step.kind === 'LoadBalancer' && backendGroup === undefined && namesBackendGroup(step, { now })) {
    if (signal.aborted || ctx.clock.now() - startMs > backendGroupMs)
      throw new WeirError('E_APPLY', 'the security group that all load balancers share does not exist yet');
    await ctx.clock.sleep(200, signal);
    backendGroup = known.backendGroup();
  }
  return {
    now,
    backendGroup,
    clientSecret: await clientSecret(step, ctx),
    tags: { [clusterTag]: cluster },
    registered: registeredBy(step, registered),
  };
}

/** Ours in a group of others that is given up. */
function registeredBy({ op, id, handle }: Step, registered: Drive['registered']): View['registered'] {
  if (registered === undefined || op !== 'delete' || !isFilledGroup(id)) return undefined;
  return registered.all().get(groupArn(String(handle)))?.targets ?? new Set();
}

/** The text of the secret that this step brings. */
async function clientSecret({ attrs = {} }: Step, ctx: Drive['ctx']): Promise<string | undefined> {
  const { ClientSecret: wanted } = attrs;
  if (!isObject(wanted)) return undefined;
  const { sha256, origin } = wanted;
  if (typeof sha256 !== 'string' || typeof origin !== 'string') return undefined;
  const text = await ctx.secret({ sha256, origin });
  if (text === undefined)
    throw new WeirError('E_APPLY', `the client secret of ${origin} cannot be read; the old actions stay`);
  return text;
}
