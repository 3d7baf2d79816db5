/**
 * One call until it is done: what AWS does not see yet is waited for, what is done already counts as done, and one bad part of a list
 * does not hold up the others. Everything else ends in the WeirError of the client.
 */
import type { Handle } from '../../src/model/index.ts';
import { apiCode, isNotFound } from './api-error.ts';
import type { Call } from './apply-call.ts';
import { chunks } from './apply-codec.ts';
import type { Drive } from './drive.ts';
import { send } from './send.ts';

/** So long an object that was just made may be unknown to another part of AWS. */
const settleMs = 60_000;
/** So long a deletion waits here for what uses the object; the plan is made again after that. */
const patienceMs = 20_000;
const firstPauseMs = 500;
const longestPauseMs = 5_000;

/** What other parts of AWS say of an object that they do not see yet, besides NotFound. */
const unseen = new Set(['InvalidSecurityGroup', 'WAFNonexistentItemException', 'InvalidResourceException']);

export class Attempts {
  readonly #drive: Pick<Drive, 'clients' | 'ctx'>;
  /** Handle → when it was made. */
  readonly #fresh = new Map<Handle, number>();

  constructor(drive: Pick<Drive, 'clients' | 'ctx'>) {
    this.#drive = drive;
  }

  made(handle: Handle): void {
    const now = this.#drive.ctx.clock.now();
    for (const [old, atMs] of this.#fresh) if (now - atMs > settleMs) this.#fresh.delete(old);
    this.#fresh.set(handle, now);
  }

  /** Answers the handle of what a create has made. */
  async run(call: Call, signal: AbortSignal): Promise<Handle | undefined> {
    const { clients, ctx } = this.#drive;
    const startMs = ctx.clock.now();
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await send(clients, call, signal);
      } catch (error) {
        const untilMs = this.#untilMs(call, error, startMs);
        if (untilMs === undefined || ctx.clock.now() + pauseMs > untilMs || signal.aborted) {
          if (isDone(call, error)) return undefined;
          const parts = divide(call, error);
          if (parts.length < 2) throw error;
          return await this.#each(parts, signal);
        }
        ctx.log.debug({ call: call.name, code: apiCode(error), pauseMs }, 'not yet');
        await ctx.clock.sleep(pauseMs, signal);
      }
    }
  }

  async #each(parts: readonly Call[], signal: AbortSignal): Promise<Handle | undefined> {
    let answer: Handle | undefined;
    let failure: { readonly error: unknown } | undefined;
    for (const part of parts) {
      try {
        answer = (await this.run(part, signal)) ?? answer;
      } catch (error) {
        if (signal.aborted) throw error;
        failure ??= { error };
      }
    }
    if (failure !== undefined) throw failure.error;
    return answer;
  }

  /** When patience with this error ends; undefined: it will not pass by itself. */
  #untilMs({ name, input }: Call, error: unknown, startMs: number): number | undefined {
    const code = apiCode(error);
    const held = name === 'DeleteTargetGroup' && code === 'ResourceInUse';
    if (held || code === 'DependencyViolation' || code === 'WAFUnavailableEntityException') return startMs + patienceMs;
    if (!isNotFound(error) && !unseen.has(code)) return undefined;
    const text = JSON.stringify(input);
    const madeMs = [...this.#fresh].filter(([handle]) => text.includes(handle)).map(([, atMs]) => atMs);
    return madeMs.length === 0 ? undefined : Math.max(...madeMs) + settleMs;
  }
}

const done: Readonly<Partial<Record<Call['name'], RegExp>>> = {
  DeregisterTargets: /^(TargetGroupNotFound|InvalidTarget)$/,
  // What is not permitted is to take out the default one, which may have stood among the others, too.
  RemoveListenerCertificates: /^(CertificateNotFound|ListenerNotFound|OperationNotPermitted)$/,
  RemoveTags: /NotFound$/,
  DeleteTags: /NotFound$/,
  CreateProtection: /^ResourceAlreadyExistsException$/,
  Unprotect: /^ResourceNotFoundException$/,
  DisassociateWebACL: /^WAFNonexistentItemException$/,
};

function isDone({ name, input }: Call, error: unknown): boolean {
  if (name.startsWith('Delete') && isNotFound(error)) return true;
  // A single rule that is there already, or gone already. The create of a rule needs its id, and asks for it.
  if (name === 'AuthorizeSecurityGroupIngress')
    return (
      apiCode(error) === 'InvalidPermission.Duplicate' &&
      rulesOf(input.IpPermissions) === 1 &&
      input.TagSpecifications === undefined
    );
  if (name === 'RevokeSecurityGroupIngress')
    return (
      /^Invalid(Permission|SecurityGroupRuleId|Group)\.NotFound$/.test(apiCode(error)) &&
      rulesOf(input.IpPermissions) <= 1
    );
  return done[name]?.test(apiCode(error)) ?? false;
}

type Permissions = Extract<Call, { name: 'AuthorizeSecurityGroupIngress' }>['input']['IpPermissions'];
type Permission = NonNullable<Permissions>[number];

const sources = ['IpRanges', 'Ipv6Ranges', 'PrefixListIds', 'UserIdGroupPairs'] as const;

function rulesOf(permissions: Permissions): number {
  return (permissions ?? []).reduce(
    (sum, permission) => sum + sources.reduce((all, name) => all + (permission[name]?.length ?? 0), 0),
    0,
  );
}

/** The call in parts, where its error can be that of one part alone. */
function divide(call: Call, error: unknown): readonly Call[] {
  const code = apiCode(error);
  switch (call.name) {
    case 'RegisterTargets': {
      const { Targets = [], TargetGroupArn } = call.input;
      if (code !== 'InvalidTarget' || Targets.length < 2) return [];
      return chunks(Targets, Math.ceil(Targets.length / 2)).map((part) => ({
        name: call.name,
        input: { TargetGroupArn, Targets: part },
      }));
    }
    case 'AddListenerCertificates': {
      // The reference says one certificate a call, the service takes more; should it cease to, one by one.
      const { Certificates = [], ListenerArn } = call.input;
      if (code !== 'ValidationError' && code !== 'CertificateNotFound') return [];
      return Certificates.map((one) => ({ name: call.name, input: { ListenerArn, Certificates: [one] } }));
    }
    case 'AuthorizeSecurityGroupIngress':
      if (code !== 'InvalidPermission.Duplicate' || call.input.TagSpecifications !== undefined) return [];
      return single(call.input.IpPermissions).map((one) => ({
        name: call.name,
        input: { GroupId: call.input.GroupId, IpPermissions: [one] },
      }));
    case 'RevokeSecurityGroupIngress':
      if (code !== 'InvalidPermission.NotFound') return [];
      return single(call.input.IpPermissions).map((one) => ({
        name: call.name,
        input: { GroupId: call.input.GroupId, IpPermissions: [one] },
      }));
    default:
      return [];
  }
}

/** A permission for each rule. */
function single(permissions: Permissions): readonly Permission[] {
  return (permissions ?? []).flatMap(
    ({ IpRanges = [], Ipv6Ranges = [], PrefixListIds = [], UserIdGroupPairs = [], ...place }): Permission[] => [
      ...IpRanges.map((one) => ({ ...place, IpRanges: [one] })),
      ...Ipv6Ranges.map((one) => ({ ...place, Ipv6Ranges: [one] })),
      ...PrefixListIds.map((one) => ({ ...place, PrefixListIds: [one] })),
      ...UserIdGroupPairs.map((one) => ({ ...place, UserIdGroupPairs: [one] })),
    ],
  );
}
