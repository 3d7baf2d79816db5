/** How plans tell load balancers, target groups, listeners, rules and security groups to people: what an engineer would look for first. Pure. */
import type { Attrs, AttrWords, Json, KindWords, SetWords } from '../../src/model/index.ts';
import { actionsText, conditionsText, field, list, text } from './action-words.ts';
import { usualAttribute } from './default-attributes.ts';
import { backendGroup } from './names.ts';

const tags: SetWords = {
  word: 'tags',
  member: (key, { Value }) => (Value === undefined ? key : `${key}=${said(Value)}`),
  quiet: true,
};
const quiet = (word: string, say?: AttrWords['text']): AttrWords => ({
  word,
  quiet: true,
  ...(say === undefined ? {} : { text: say }),
});
const seconds = (value: Json): string => `${said(value)} s`;
const stickiness: AttrWords = {
  word: 'clients stay with their target group for',
  usual: {},
  text: (value) => (text(value, 'DurationSeconds') === '' ? 'no time' : seconds(text(value, 'DurationSeconds'))),
};
const forward: SetWords = { word: 'forward to' };

/** Attributes of the API, by its own keys: of a new object those that are not as AWS makes them. */
function attribute(kind: string): (name: string) => AttrWords | undefined {
  return (name) => {
    if (!/^[a-z]/.test(name)) return undefined;
    const usual = usualAttribute(kind, name);
    return {
      word: name,
      ...(usual === undefined ? {} : { usual }),
      text: (value) => (value === '' ? '' : said(value)),
    };
  };
}

const loadBalancer: KindWords = {
  handle: lastName,
  gone: ['Type', 'Scheme', 'Name'],
  attrs: {
    Type: { word: '' },
    Scheme: { word: '' },
    IpAddressType: { word: '', usual: 'ipv4' },
    Name: { word: 'named' },
    SubnetMappings: { word: 'subnets', text: subnetsText },
    SecurityGroups: { word: 'further security groups', usual: [backendGroup], text: groupsText },
    WebACLArn: { word: 'web ACL', usual: '', text: orNone },
    ShieldProtection: { word: 'Shield Advanced', usual: false },
    MinimumLoadBalancerCapacity: {
      word: 'capacity units',
      usual: {},
      text: (value) => text(value, 'CapacityUnits') || 'none',
    },
    IpamPools: { word: 'IPAM pool', usual: {}, text: (value) => text(value, 'Ipv4IpamPoolId') || 'none' },
    CustomerOwnedIpv4Pool: { word: 'customer-owned pool', usual: '', text: orNone },
    EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: { word: 'security groups also for PrivateLink', usual: 'on' },
    EnablePrefixForIpv6SourceNat: { word: 'IPv6 source NAT prefixes', usual: 'off' },
    VpcId: quiet('VPC'),
  },
  attr: attribute('LoadBalancer'),
  sets: { ManagedSecurityGroups: { word: 'security groups' }, Tags: tags },
};

const targetGroup: KindWords = {
  name: (id) => {
    const [, resource = id] = /^[^|]*\|(.*)$/s.exec(id) ?? [];
    return resource.startsWith('arn:') ? lastName(resource) : resource;
  },
  handle: lastName,
  gone: ['Name'],
  attrs: {
    Protocol: { word: '', text: protocolText },
    Name: { word: 'named' },
    HealthCheckProtocol: { word: 'check', text: checkText },
    HealthCheckEnabled: { word: 'checks', usual: true, text: (value) => (value === false ? 'off' : 'on') },
    IpAddressType: { word: '', usual: 'ipv4' },
    ProtocolVersion: quiet('protocol version'),
    TargetType: quiet('target type'),
    Port: quiet('port'),
    VpcId: quiet('VPC'),
    HealthCheckPath: quiet('check path'),
    HealthCheckPort: quiet('check port'),
    HealthCheckIntervalSeconds: quiet('check every', seconds),
    HealthCheckTimeoutSeconds: quiet('check time-out', seconds),
    HealthyThresholdCount: quiet('healthy after'),
    UnhealthyThresholdCount: quiet('unhealthy after'),
    Matcher: quiet('check expects', (value) => text(value, 'HttpCode') || text(value, 'GrpcCode')),
  },
  attr: attribute('TargetGroup'),
  sets: { Targets: { word: 'targets' }, Tags: tags },
};

const listener: KindWords = {
  name: lastPart,
  attrs: {
    Protocol: { word: '' },
    DefaultActions: { word: 'default action', usual: [], text: actionsText },
    SslPolicy: { word: 'policy', usual: '', text: orNone },
    AlpnPolicy: { word: 'ALPN', usual: [], text: (value) => list(value).map(said).join(' ') || 'none' },
    MutualAuthentication: { word: 'client certificates', text: mutualText },
    TargetGroupStickinessConfig: stickiness,
    Port: quiet('port'),
  },
  attr: attribute('Listener'),
  refs: { TargetGroupArn: 'forward to' },
  sets: {
    TargetGroups: forward,
    Certificates: {
      word: 'certificates',
      member: (arn, { IsDefault }) => `${arn}${IsDefault === true ? ' (default)' : ''}`,
    },
    Tags: tags,
  },
};

const rule: KindWords = {
  name: (id) => {
    const [, port = '', conditions = ''] = /\|(\d+)\|(.*)$/s.exec(id) ?? [];
    return port === '' ? id : `${port} ${conditionsText(parsed(conditions))}`;
  },
  attrs: {
    Priority: { word: 'priority' },
    Actions: { word: 'action', usual: [], text: actionsText },
    Transforms: { word: 'rewrites', usual: [], text: transformsText },
    TargetGroupStickinessConfig: stickiness,
  },
  refs: {},
  sets: { TargetGroups: forward, Tags: tags },
};

const securityGroup: KindWords = {
  name: groupName,
  gone: ['GroupName'],
  attrs: { GroupName: { word: 'named' } },
  sets: { IpPermissions: { word: 'lets in', member: permissionText }, Tags: tags },
};

const securityGroupRule: KindWords = {
  name: (id) => {
    const [group = id, protocol = ''] = id.split('|');
    return `${group} ${protocol}`.trimEnd();
  },
  gone: ['FromPort', 'SourceGroupId', 'Cidr'],
  attrs: {
    FromPort: { word: 'ports', text: (from, { ToPort = from }) => portsText(from, ToPort) },
    SourceGroupId: { word: 'from', usual: '' },
    Cidr: { word: 'from' },
    ToPort: quiet('to port'),
  },
  refs: { Source: 'from' },
};

export const kindWords = { loadBalancer, targetGroup, listener, rule, securityGroup, securityGroupRule } as const;

function said(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function orNone(value: Json): string {
  return value === '' ? 'none' : said(value);
}

/** The name in an ARN: `…:targetgroup/k8s-shop-web/0123` is `k8s-shop-web`. */
function lastName(arn: string): string {
  const [, name = arn] = /:(?:targetgroup\/|loadbalancer\/(?:app|net|gwy)\/)([^/]+)\//.exec(arn) ?? [];
  return name;
}

function lastPart(id: string): string {
  return id.slice(id.lastIndexOf('|') + 1);
}

function groupName(id: string): string {
  if (id === backendGroup) return 'shared back end';
  const [whole, number = ''] = /\|sg(\d*)$/.exec(id) ?? [];
  return whole === undefined ? id : `front end ${number}`.trimEnd();
}

function groupsText(value: Json): string {
  return (
    list(value)
      .map((one) => (one === backendGroup ? 'shared back end' : said(one)))
      .join(' ') || 'none'
  );
}

function subnetsText(value: Json): string {
  return list(value)
    .map((one) => {
      const own = ['AllocationId', 'PrivateIPv4Address', 'IPv6Address'].flatMap((name) => text(one, name) || []);
      return `${text(one, 'SubnetId')}${own.length === 0 ? '' : ` (${own.join(' ')})`}`;
    })
    .join(' ');
}

function protocolText(protocol: Json, { TargetType, ProtocolVersion, Port }: Attrs): string {
  const version = ProtocolVersion === 'GRPC' || ProtocolVersion === 'HTTP2' ? ` (${ProtocolVersion})` : '';
  if (TargetType === undefined) return said(protocol);
  return `${said(protocol)}${version} to ${said(TargetType)} targets${Port === undefined ? '' : `, port ${said(Port)}`}`;
}

function checkText(protocol: Json, attrs: Attrs): string {
  const {
    HealthCheckPath: path = '',
    HealthCheckPort: port = 'traffic-port',
    HealthCheckIntervalSeconds: every,
  } = attrs;
  if (attrs.HealthCheckEnabled === false) return 'nothing';
  const at = port === 'traffic-port' ? '' : ` on port ${said(port)}`;
  return `${said(protocol)}${path === '' ? '' : ` ${said(path)}`}${at}${every === undefined ? '' : ` every ${seconds(every)}`}`;
}

function mutualText(value: Json): string {
  const mode = text(value, 'Mode');
  if (mode === '' || mode === 'off') return '';
  const store = text(value, 'TrustStoreArn');
  return store === '' ? mode : `${mode} by ${store}`;
}

function transformsText(value: Json): string {
  const told = list(value).map((one) => {
    const config = field(one, 'HostHeaderRewriteConfig') ?? field(one, 'UrlRewriteConfig');
    const [rewrite] = list(field(config, 'Rewrites'));
    const what = text(one, 'Type') === 'host-header-rewrite' ? 'host' : 'path';
    return `${what} ${text(rewrite, 'Regex')} to ${text(rewrite, 'Replace')}`;
  });
  return told.join(' ') || 'nothing';
}

/** `tcp|80|443|10.0.0.0/8` → `80-443/tcp from 10.0.0.0/8`. */
function permissionText(key: string): string {
  const [protocol = '', from = '', to = '', source = ''] = key.split('|');
  if (source === '') return key;
  return `${portsText(from, to)}/${protocol} from ${source}`;
}

function portsText(from: Json, to: Json): string {
  return said(from) === said(to) ? said(from) : `${said(from)}-${said(to)}`;
}

function parsed(json: string): Json {
  try {
    const value: Json = JSON.parse(json);
    return value;
  } catch {
    return [];
  }
}
