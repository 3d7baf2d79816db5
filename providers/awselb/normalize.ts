/**
 * One form for what is wanted and what is read: every field named, values as ELBv2 answers them, and without what says nothing:
 * the numbers of rules (a rank here), tags that AWS or older controllers keep, the numbered resource tag of rules. Pure.
 */
import type { Attrs, Json, Member, MemberSet, Resource } from '../../src/model/index.ts';
import { canonicalConditions, compare } from './conditions.ts';

export function normalize(resource: Resource): Resource {
  const { kind, attrs, sets } = resource;
  if (attrs.Foreign === true) return foreign(resource);
  const tidy = attrsOf[kind];
  return {
    ...resource,
    attrs: Object.freeze(sorted(tidy === undefined ? attrs : { ...attrs, ...tidy(attrs) })),
    sets: setsOf(kind, sets),
  };
}

/** Somebody else's target group: nothing of it is ours but the targets of a bound one. */
function foreign(resource: Resource): Resource {
  const { Foreign = true, TargetGroupArn = '' } = resource.attrs;
  const { Targets } = resource.sets;
  const sets = Targets === undefined || resource.id.startsWith('pointed|') ? {} : { Targets };
  return { ...resource, attrs: { Foreign, TargetGroupArn }, sets };
}

const attrsOf: Readonly<Record<string, (attrs: Attrs) => Attrs>> = {
  LoadBalancer: ({ Type, SubnetMappings, SecurityGroups, ...rest }) => ({
    Type: Type ?? 'application',
    Scheme: rest.Scheme ?? 'internet-facing',
    IpAddressType: rest.IpAddressType ?? 'ipv4',
    SubnetMappings: mappings(SubnetMappings),
    SecurityGroups: Array.isArray(SecurityGroups) ? [...SecurityGroups].map(String).sort(compare) : [],
    CustomerOwnedIpv4Pool: rest.CustomerOwnedIpv4Pool ?? '',
    IpamPools: rest.IpamPools ?? {},
    MinimumLoadBalancerCapacity: rest.MinimumLoadBalancerCapacity ?? {},
    WebACLArn: rest.WebACLArn ?? '',
    ShieldProtection: rest.ShieldProtection ?? false,
    ...(Type === 'network'
      ? {
          EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic:
            rest.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic ?? 'on',
          EnablePrefixForIpv6SourceNat: rest.EnablePrefixForIpv6SourceNat ?? 'off',
        }
      : {}),
  }),
  TargetGroup: (attrs) => ({
    HealthCheckEnabled: attrs.HealthCheckEnabled ?? true,
    ProtocolVersion: attrs.ProtocolVersion ?? '',
    HealthCheckPath: attrs.HealthCheckPath ?? '',
    Matcher: attrs.Matcher ?? {},
    IpAddressType: attrs.IpAddressType ?? 'ipv4',
  }),
  Listener: ({ Protocol, ...rest }) => {
    const secure = Protocol === 'HTTPS' || Protocol === 'TLS';
    return {
      SslPolicy: secure ? (rest.SslPolicy ?? '') : '',
      AlpnPolicy:
        Protocol === 'TLS' && Array.isArray(rest.AlpnPolicy) && rest.AlpnPolicy[0] !== 'None' ? rest.AlpnPolicy : [],
      MutualAuthentication: Protocol === 'HTTPS' ? mutual(rest.MutualAuthentication) : {},
      DefaultActions: actions(rest.DefaultActions),
      TargetGroupStickinessConfig: sticky(rest.TargetGroupStickinessConfig),
    };
  },
  Rule: (attrs) => ({
    Conditions: canonicalConditions(Array.isArray(attrs.Conditions) ? attrs.Conditions : []),
    Actions: actions(attrs.Actions),
    Transforms: Array.isArray(attrs.Transforms) ? attrs.Transforms : [],
    TargetGroupStickinessConfig: sticky(attrs.TargetGroupStickinessConfig),
  }),
};

/** By subnet; without what ELBv2 adds of itself. */
function mappings(value: Json | undefined): Json {
  const list = Array.isArray(value) ? value.filter(isObject) : [];
  return list
    .map((one) => pick(one, ['SubnetId', 'AllocationId', 'PrivateIPv4Address', 'IPv6Address', 'SourceNatIpv6Prefix']))
    .sort((a, b) => compare(String(a.SubnetId), String(b.SubnetId)));
}

function mutual(value: Json | undefined): Json {
  if (!isObject(value) || value.Mode === undefined) return { Mode: 'off' };
  if (value.Mode !== 'verify') return { Mode: value.Mode };
  return {
    IgnoreClientCertificateExpiry: false,
    AdvertiseTrustStoreCaNames: 'off',
    ...pick(value, ['Mode', 'TrustStoreArn', 'IgnoreClientCertificateExpiry', 'AdvertiseTrustStoreCaNames']),
  };
}

/** Without numbers (their order is that of the list), secrets, and the forward, which is a set or a ref. */
function actions(value: Json | undefined): Json {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).flatMap((action): Json[] => {
    if (action.Type === 'forward') return [];
    const { Order: _, TargetGroupArn: __, ...rest } = action;
    return [
      Object.fromEntries(
        Object.entries(rest).map(([key, config]) => [
          key,
          key === 'AuthenticateOidcConfig' && isObject(config) ? withoutSecret(config) : config,
        ]),
      ),
    ];
  });
}

function withoutSecret({ ClientSecret: _, UseExistingClientSecret: __, ...rest }: Attrs): Json {
  return rest;
}

function sticky(value: Json | undefined): Json {
  return isObject(value) && value.Enabled === true ? pick(value, ['Enabled', 'DurationSeconds']) : {};
}

/** Tags that are never ours to change. */
function isForeignTag(key: string): boolean {
  return (
    /^aws:/i.test(key) ||
    key === 'ingress.k8s.aws/cluster' ||
    /^kubernetes\.io\/(cluster|ingress|service|namespace|service-name|ingress-name)/.test(key)
  );
}

function setsOf(kind: string, sets: Resource['sets']): Resource['sets'] {
  const kept = Object.entries(sets).flatMap(([name, set]): [string, MemberSet][] => {
    const tidy = name === 'Tags' ? tags(kind, set) : name === 'TargetGroups' ? weights(set) : set;
    return [[name, tidy]];
  });
  return Object.fromEntries(kept);
}

function tags(kind: string, set: MemberSet): MemberSet {
  const drop = (key: string): boolean => isForeignTag(key) || (kind === 'Rule' && key.endsWith('.k8s.aws/resource'));
  return [...set.keys()].some(drop) ? new Map([...set].filter(([key]) => !drop(key))) : set;
}

/** A share of one is all of it. */
function weights(set: MemberSet): MemberSet {
  const [only] = set;
  if (set.size !== 1 || only === undefined || only[1].attrs.Weight === 1 || only[1].attrs.Weight === 0) return set;
  const member: Member = { ...only[1], attrs: { Weight: 1 } };
  return new Map([[only[0], member]]);
}

function isObject(value: Json | undefined): value is Attrs {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pick(value: Attrs, names: readonly string[]): Attrs {
  return Object.fromEntries(
    names.flatMap((name): [string, Json][] =>
      value[name] === undefined || value[name] === null ? [] : [[name, value[name]]],
    ),
  );
}

function sorted(attrs: Attrs): Attrs {
  return Object.fromEntries(Object.entries(attrs).sort(([a], [b]) => compare(a, b)));
}
