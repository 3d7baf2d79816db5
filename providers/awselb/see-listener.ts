import type { Action, Listener, Rule } from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  type Attrs,
  canonicalJson,
  type Json,
  type Member,
  type MemberSet,
  type Observed,
} from '../../src/model/index.ts';
import { canonicalConditions } from './conditions.ts';
import { withoutGone } from './former-forward.ts';
import { withoutGoneGroups } from './former-rule.ts';
import { adoptedTag, isOther, listenerId, ruleId } from './names.ts';
import type { Claim } from './owners.ts';
import { readSecretTag, secretTag } from './secret-tag.ts';
import { attributesOf, given, plain, seen, tagSet, type View } from './see-parts.ts';
import { isNothing } from './strangers-at.ts';

/** Services by the target group that they are behind. */
export type ServesOf = (targetGroup: string) => readonly string[];

/**
 * A listener of a load balancer that is ours. On an adopted one, those without our tags are left alone unless `asked` for; on one that is
 * `shared` with somebody whom this weir was never asked for, all are.
 */
export function seeListener(
  listener: Listener,
  balancer: Observed,
  serves: ServesOf,
  asked: (port: number) => boolean,
  shared: boolean,
  view: View,
): Observed | undefined {
  const { ListenerArn: handle, Port: port, Protocol } = listener;
  if (handle === undefined || port === undefined) return undefined;
  const { account, owners } = view;
  const tags = withoutGone(account.tags.get(handle), (group) => account.targetGroups.has(group));
  const marked = account.tags.get(balancer.handle)?.[adoptedTag] !== undefined;
  const named = owners.adopted.has(balancer.handle);
  const others = marked && !named && hasTheirRules(handle, view);
  const network = balancer.attrs.Type === 'network';
  const forward = forwardOf(listener.DefaultActions, network);
  const claim = owners.claimOf(tags);
  const served = servedBy(claim, forward) ?? servicesOf(forward, balancer, serves);
  const rules = account.rules.get(handle);
  const ruled = rules?.some(({ IsDefault }) => IsDefault !== true) === true;
  // Nobody is served there: whoever asked for the port has left.
  const empty = !network && rules !== undefined && !ruled && isNothing(listener.DefaultActions);
  // Rules of those who leave go before it does.
  const left = rules?.every((rule) => rule.IsDefault === true || isRuleOfOurs(rule, balancer, serves, view)) !== false;
  const alone = left && (claim === undefined ? empty || (network && isOfOurs(forward, served)) : claim.ours);
  const theirs = marked || named ? owners.of(handle, tags) === undefined : shared && !alone;
  const owned = !theirs || asked(port);
  // One that is given back is in nobody's way: what others have there holds it up no more.
  if (balancer.owned && !owned && !named && !owners.isAskedFor(balancer.id)) return undefined;
  // The default one may stand among the others too.
  const listed = [...(account.certificates.get(handle) ?? [])].sort(
    (a, b) => Number(a.isDefault) - Number(b.isDefault),
  );
  const certificates = new Map(
    listed.map(({ arn, isDefault }): [string, Member] => [arn, { attrs: { IsDefault: isDefault } }]),
  );
  return seen({
    kind: 'Listener',
    id: listenerId(balancer.id, port),
    unit: balancer.unit,
    handle,
    owned,
    serves: served,
    attrs: {
      ...attributesOf(handle, view),
      ...given({
        Place: `${balancer.id}:${port}`,
        Port: port,
        Protocol,
        SslPolicy: listener.SslPolicy,
        AlpnPolicy: listener.AlpnPolicy,
        MutualAuthentication: listener.MutualAuthentication,
        DefaultActions: inOrder(listener.DefaultActions),
        TargetGroupStickinessConfig: forward.sticky,
      }),
      ...readSecretTag(tags?.[secretTag]),
      ...(others ? { others } : {}),
      ...(shared && !theirs && (empty || (ruled && alone)) ? { empty: true } : {}),
    },
    refs: {
      LoadBalancerArn: balancer.handle,
      ...(forward.only === undefined ? {} : { TargetGroupArn: forward.only }),
    },
    sets: {
      ...(forward.set.size === 0 ? {} : { TargetGroups: forward.set }),
      ...(certificates.size === 0 ? {} : { Certificates: certificates }),
      Tags: tagSet(tags),
    },
    facts: {},
  });
}

/** Whether a listener has rules that carry no tags of ours: where its load balancer is given back, it stays with them. */
function hasTheirRules(listener: string, { account, owners }: View): boolean {
  return (account.rules.get(listener) ?? []).some(
    ({ RuleArn: arn = '', IsDefault }) => IsDefault !== true && owners.of(arn, account.tags.get(arn)) === undefined,
  );
}

/**
 * A rule of a listener that is seen. Where a load balancer is shared, whose it is says its tag, else whom it sends to. One that has tags of
 * ours and tells neither is kept by the model unless somebody asks for it.
 */
export function seeRule(
  rule: Rule,
  listener: Observed,
  balancer: Observed,
  serves: ServesOf,
  shared: boolean,
  view: View,
): Observed | undefined {
  const { RuleArn: handle, Priority } = rule;
  if (handle === undefined) return undefined;
  const tags = withoutGoneGroups(view.account.tags.get(handle), (group) => view.account.targetGroups.has(group));
  const forward = forwardOf(rule.Actions, false);
  const read = plain(rule.Conditions ?? []);
  const conditions = canonicalConditions(Array.isArray(read) ? read : []);
  const text = canonicalJson([...conditions]);
  const { account, owners } = view;
  const claim = owners.claimOf(tags);
  const served = servedBy(claim, forward) ?? servicesOf(forward, balancer, serves);
  const givenBack =
    account.tags.get(balancer.handle)?.[adoptedTag] !== undefined && !owners.adopted.has(balancer.handle);
  const tagged = owners.of(handle, tags) !== undefined;
  const sends = forward.only !== undefined || forward.set.size > 0;
  const theirs =
    claim === undefined
      ? (givenBack && !tagged) || (shared && (sends ? served.some(isOther) : !tagged))
      : !claim.ours || (givenBack && !tagged);
  // What a member of ours has alone is ours wherever it stands.
  const alone = shared && (claim === undefined ? isOfOurs(forward, served) : claim.ours);
  return seen({
    kind: 'Rule',
    id: ruleId(listener.id, text),
    unit: listener.unit,
    handle,
    owned: alone || (listener.owned && !theirs),
    serves: served,
    attrs: {
      ...given({
        Place: `${String(listener.attrs.Place)} ${text}`,
        Conditions: conditions,
        Priority: Number(Priority),
        Actions: inOrder(rule.Actions),
        TargetGroupStickinessConfig: forward.sticky,
        Transforms: rule.Transforms,
      }),
      ...readSecretTag(tags?.[secretTag]),
    },
    refs: { ListenerArn: listener.handle },
    sets: { ...(forward.set.size === 0 ? {} : { TargetGroups: forward.set }), Tags: tagSet(tags) },
    facts: {},
  });
}

interface Forward {
  /** A network load balancer that forwards to one group. */
  readonly only: string | undefined;
  readonly set: MemberSet;
  readonly sticky: Attrs | undefined;
}

function forwardOf(actions: readonly Action[] | undefined, network: boolean): Forward {
  const action = actions?.find(({ Type }) => Type === 'forward');
  const groups = action?.ForwardConfig?.TargetGroups ?? [];
  const config = action?.ForwardConfig?.TargetGroupStickinessConfig;
  const sticky = config === undefined ? undefined : given({ ...config });
  const single = groups.length > 1 ? undefined : (action?.TargetGroupArn ?? groups[0]?.TargetGroupArn);
  if (single !== undefined) {
    if (network) return { only: single, set: new Map(), sticky };
    return { only: undefined, set: new Map([[single, { attrs: { Weight: groups[0]?.Weight ?? 1 } }]]), sticky };
  }
  const set = new Map(
    groups.flatMap(({ TargetGroupArn, Weight = 1 }): [string, Member][] =>
      TargetGroupArn === undefined ? [] : [[TargetGroupArn, { attrs: { Weight } }]],
    ),
  );
  return { only: undefined, set, sticky };
}

function isRuleOfOurs(rule: Rule, balancer: Observed, serves: ServesOf, { account, owners }: View): boolean {
  const claim = owners.claimOf(account.tags.get(rule.RuleArn ?? ''));
  if (claim !== undefined) return claim.ours;
  const forward = forwardOf(rule.Actions, false);
  return isOfOurs(forward, servicesOf(forward, balancer, serves));
}

/** Whoever gets traffic; where nobody is forwarded to, whoever the tags or the load balancer tell. */
function servicesOf({ only, set }: Forward, balancer: Observed, serves: ServesOf): readonly string[] {
  const groups =
    only === undefined ? [...set].flatMap(([arn, { attrs }]) => (attrs.Weight === 0 ? [] : [arn])) : [only];
  if (groups.length === 0) return balancer.serves;
  return [...new Set(groups.flatMap(serves))];
}

/** It sends to members whom this weir is or was asked for, and to nobody else. */
function isOfOurs({ only, set }: Forward, served: readonly string[]): boolean {
  return (only !== undefined || set.size > 0) && served.length > 0 && !served.some(isOther);
}

/** Whoever the tag names, where that is somebody whom this weir was never asked for, or nothing else tells. */
function servedBy(claim: Claim | undefined, { only, set }: Forward): readonly string[] | undefined {
  return claim === undefined || (claim.ours && (only !== undefined || set.size > 0)) ? undefined : claim.serves;
}

/** As they are carried out. */
function inOrder(actions: readonly Action[] | undefined): Json {
  return plain([...(actions ?? [])].sort((a, b) => (a.Order ?? 0) - (b.Order ?? 0)));
}
