import type { Account, Tags } from './account.ts';
import { apiCode } from './api-error.ts';
import type { Drive } from './drive.ts';
import { clusterTag } from './names.ts';
import type { Owners } from './owners.ts';
import { settingsOf } from './owners.ts';
import type { Reader } from './read.ts';
import { tagsOf } from './read.ts';

/** Tags that were asked for one by one are believed for so long. */
const tagsMs = 600_000;

export interface TagFinder {
  /** Everything that carries the cluster's tag, in pages; undefined where the tagging API cannot be used. */
  listed(): Promise<ReadonlyMap<string, Tags> | undefined>;
  /** Tags of all load balancers, target groups and security groups that may be ours. */
  complete(
    account: Account,
    listed: ReadonlyMap<string, Tags> | undefined,
    owners: Owners,
  ): Promise<ReadonlyMap<string, Tags>>;
  /** Whether the tagging API told of it when it was last asked. */
  lists(arn: string): boolean;
  /** Tags of listeners and rules of ours. */
  of(arns: readonly string[], account: Account): Promise<ReadonlyMap<string, Tags>>;
}

/**
 * The tagging API tells in few calls what is ours, and late: what was made a moment ago is not there yet. So what may be ours by its name
 * and is not there is asked for at ELBv2 itself, once.
 */
export function findTags({ cluster, ctx, known, options }: Drive, reader: Reader): TagFinder {
  /** What the tagging API has told of: what it ceases to tell of may have lost its tags. */
  const told = new Set<string>();
  /** Since when what we wrote stands for what nobody was asked for. */
  const believed = new Map<string, number>();
  const asked = new Map<string, { readonly tags: Tags; readonly atMs: number }>();
  let usable = true;
  let latest: ReadonlyMap<string, Tags> = new Map();

  const ask = async (arns: readonly string[]): Promise<ReadonlyMap<string, Tags>> => {
    const nowMs = ctx.clock.now();
    const missing = arns.filter(
      (arn) => told.has(arn) || (asked.get(arn)?.atMs ?? Number.NEGATIVE_INFINITY) < nowMs - tagsMs,
    );
    const found = missing.length === 0 ? new Map<string, Tags>() : await reader.tags(missing);
    for (const arn of missing) asked.set(arn, { tags: found.get(arn) ?? {}, atMs: nowMs });
    return new Map(arns.map((arn) => [arn, asked.get(arn)?.tags ?? {}]));
  };
  /** What we wrote ourselves is known before any API tells. */
  const written = (kind: string, arn: string): Tags | undefined => {
    const object = known.find(kind, arn);
    if (object === undefined || !object.owned) return undefined;
    return Object.fromEntries([...(object.sets.Tags ?? [])].map(([key, { attrs }]) => [key, String(attrs.Value)]));
  };

  /** Whether what we wrote stands for what is there: tags that others took off since show nowhere else. */
  const isSure = (arn: string): boolean => {
    if (told.has(arn)) return false;
    const nowMs = ctx.clock.now();
    const sinceMs = believed.get(arn);
    if (sinceMs === undefined || nowMs - sinceMs >= tagsMs) believed.set(arn, nowMs);
    return sinceMs === undefined || nowMs - sinceMs < tagsMs;
  };
  const forget = (arn: string): void => {
    told.delete(arn);
    believed.delete(arn);
    asked.delete(arn);
  };

  return {
    async listed() {
      if (!usable) return undefined;
      try {
        return await reader.tagged(clusterTag, cluster);
      } catch (error) {
        if (!/Denied|Unauthorized|UnrecognizedClient|UnknownOperation|InvalidAction|NotFound/.test(apiCode(error)))
          throw error;
        usable = false;
        ctx.log.warn(
          { code: apiCode(error) },
          'tag:GetResources cannot be used: tags are read by elasticloadbalancing:DescribeTags, which takes more calls; allow it, see deploy/aws/iam-policy.json',
        );
        return undefined;
      }
    },
    async complete(account, listed, owners) {
      latest = listed ?? new Map();
      const tags = new Map<string, Tags>();
      for (const [id, group] of account.securityGroups) tags.set(id, tagsOf(group.Tags));
      const names = new Set(
        owners.input.services.flatMap((service) => [settingsOf(service).name, settingsOf(service).adopt]),
      );
      const unknown: string[] = [];
      const place = (kind: string, arn: string, name: string | undefined, vpc: string | undefined): void => {
        const own = latest.get(arn);
        if (own !== undefined) told.add(arn);
        const wrote = own ?? (isSure(arn) ? written(kind, arn) : undefined);
        if (wrote !== undefined) tags.set(arn, wrote);
        else if (
          told.has(arn) ||
          names.has(arn) ||
          names.has(name) ||
          options.adopt.arns.includes(arn) ||
          ((listed === undefined || name?.startsWith('k8s-') === true) &&
            (vpc === undefined || options.vpcId === undefined || vpc === options.vpcId))
        )
          unknown.push(arn);
      };
      for (const [arn, { LoadBalancerName, VpcId }] of account.loadBalancers)
        place('LoadBalancer', arn, LoadBalancerName, VpcId);
      for (const [arn, { TargetGroupName, VpcId }] of account.targetGroups)
        place('TargetGroup', arn, TargetGroupName, VpcId);
      for (const [arn, own] of await ask(unknown)) tags.set(arn, own);
      for (const arns of [told, believed.keys()])
        for (const arn of arns) if (!account.loadBalancers.has(arn) && !account.targetGroups.has(arn)) forget(arn);
      // Listeners and rules stay as they are known until they are read.
      for (const lists of [...account.listeners.values()])
        for (const { ListenerArn: arn = '' } of lists) tags.set(arn, latest.get(arn) ?? account.tags.get(arn) ?? {});
      for (const rules of account.rules.values())
        for (const { RuleArn: arn = '' } of rules) tags.set(arn, latest.get(arn) ?? account.tags.get(arn) ?? {});
      return tags;
    },
    lists: (arn) => latest.has(arn),
    async of(arns) {
      const found = new Map<string, Tags>();
      const unknown: string[] = [];
      for (const arn of arns) {
        const kind = arn.includes(':listener-rule/') ? 'Rule' : 'Listener';
        const own = latest.get(arn) ?? written(kind, arn);
        if (own !== undefined) found.set(arn, own);
        else unknown.push(arn);
      }
      for (const [arn, own] of await ask(unknown)) found.set(arn, own);
      return found;
    },
  };
}
