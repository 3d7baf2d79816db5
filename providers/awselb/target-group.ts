import type { Attrs, Backend, ExportedService, Member, Resource } from '../../src/model/index.ts';
import { addressFamily } from '../../src/net/index.ts';
import { boundGroupOf } from './bound-group.ts';
import type { Build } from './build.ts';
import { healthCheckOf } from './health-check.ts';
import { type LoadBalancerType, nextName, type Stack, tagText, targetGroupId, targetGroupName } from './names.ts';
import { stickyAttributes } from './sticky-attributes.ts';
import { targetAttributesOf } from './target-attributes.ts';
import type { BackendOptions } from './target-group-options.ts';
import { targetsOf } from './targets.ts';
import { tell, tellSetting } from './tell.ts';

/** What every target group of a load balancer is made from. */
export interface Frame {
  readonly lb: string;
  readonly unit: string;
  readonly stack: Stack;
  readonly type: LoadBalancerType;
  readonly ipAddressType: string;
  readonly vpcId: string | undefined;
  /** Handle of the load balancer that exists and is kept. */
  readonly keptLb: string | undefined;
  /** It was made by somebody else. */
  readonly adopted: boolean;
  readonly build: Build;
  /** Tags of what belongs to one service: its own and those that prove ownership of a resource of the stack. */
  tags(resource: string, service: ExportedService): ReadonlyMap<string, Member>;
  /** In a group, the tag that names the member who asked for a rule or for the answer of a listener. */
  claim(service: ExportedService): ReadonlyMap<string, Member>;
  /** Tags of what all members share. */
  sharedTags(resource: string): ReadonlyMap<string, Member>;
}

export interface GroupWish {
  readonly service: ExportedService;
  readonly key: string;
  readonly backend: Backend;
  /** Protocol of the listener, e.g. TCP, TLS, HTTPS. */
  readonly listener: string;
  /** Port of the listener: target groups of one Service are told apart by it. */
  readonly port: number;
}

/** Settings of a backend: its own over those of the service, attributes key by key. */
export function backendOptions(
  service: ExportedService,
  key: string,
  build: Build,
): { readonly options: BackendOptions; readonly path: readonly string[] } {
  const { targetGroup = {}, backends = {} } = build.settings(service);
  const own = Object.hasOwn(backends, key) ? backends[key] : undefined;
  if (own === undefined) return { options: targetGroup, path: ['targetGroup'] };
  const maps = {
    ...(targetGroup.attributes === undefined && own.attributes === undefined
      ? {}
      : { attributes: { ...targetGroup.attributes, ...own.attributes } }),
    ...(targetGroup.healthCheck === undefined && own.healthCheck === undefined
      ? {}
      : { healthCheck: { ...targetGroup.healthCheck, ...own.healthCheck } }),
  };
  return { options: { ...targetGroup, ...own, ...maps }, path: ['backends', key] };
}

/** The target group of a backend behind a listener of this protocol. */
export function targetGroupOf(wish: GroupWish, frame: Frame): Resource {
  const { service, key, backend } = wish;
  const { build, lb, unit, type, stack } = frame;
  const { options, path } = backendOptions(service, key, build);
  const targetType = backend.targetKind;
  const protocol = protocolOf(wish, options, frame);
  const protocolVersion = type === 'application' ? (options.protocolVersion ?? versionOf(backend)) : undefined;
  const ipAddressType = familyOf(wish, options, frame);
  const resource = resourceOf(wish, options, protocol, frame);
  // As it is read back from the tag.
  const id = targetGroupId(lb, tagText(resource));
  if (options.targetGroup !== undefined) return boundGroupOf(wish, options.targetGroup, ipAddressType, options, frame);
  const health = healthCheckOf({ service, key, backend, options, path, protocol, protocolVersion, targetType }, build);
  const fixed: Attrs = {
    TargetType: targetType,
    Protocol: protocol,
    ...(protocolVersion === undefined ? {} : { ProtocolVersion: protocolVersion }),
    IpAddressType: ipAddressType,
    ...(frame.vpcId === undefined ? {} : { VpcId: frame.vpcId }),
  };
  const name = targetGroupName(build.cluster, stack, {
    ...identityOf(wish, options, frame),
    targetPort: portOf(wish, options),
    targetType,
    protocol,
    protocolVersion: protocolVersion ?? '',
    healthProtocol: String(health.HealthCheckProtocol),
    healthIntervalSeconds: Number(health.HealthCheckIntervalSeconds),
  });
  const ports = [wish.port, ...(options.identity === undefined ? [] : [Number(options.identity.port)])];
  const wanted = targetAttributesOf({ service, key, backend, options, path, type, ports }, build);
  const { kept, ...place } = generation(id, fixed, { Name: name, Port: portOf(wish, options) }, frame);
  return {
    kind: 'TargetGroup',
    id,
    unit,
    serves: [service.id],
    attrs: { ...fixed, ...place, ...health, ...stickyAttributes(kept, wanted) },
    refs: {},
    sets: {
      Targets: targetsOf({ service, key, backend, options, targetType, ipAddressType }, build),
      Tags: frame.tags(resource, service),
    },
  };
}

/**
 * The generation that is meant: one that exists, fits and sits under the same load balancer keeps its name, port and the attributes that
 * nobody named; else a new one, whose name is free. Ports of target groups carry no traffic: every target brings its own.
 */
function generation(
  id: string,
  fixed: Attrs,
  made: { readonly Name: string; readonly Port: number },
  { build, keptLb }: Frame,
) {
  const { present } = build;
  const fitting = present.of('TargetGroup', id).filter(({ attrs, handle }) => {
    const users = present.balancersOf(handle);
    const here = users.size === 0 || (keptLb !== undefined && users.size === 1 && users.has(keptLb));
    return here && Object.entries(fixed).every(([name, value]) => attrs[name] === undefined || attrs[name] === value);
  });
  const [kept] = [...fitting].sort((a, b) => present.balancersOf(b.handle).size - present.balancersOf(a.handle).size);
  if (kept === undefined) {
    // That of a service that moves serves at its old load balancer until this one does.
    const taken = (name: string): boolean =>
      present.of('TargetGroup', id).some(({ attrs }) => attrs.Name === name) ||
      present.named('TargetGroup', name)?.owned === true;
    return { Name: nextName(made.Name, taken), Port: made.Port, kept: undefined };
  }
  const { Name = made.Name, Port = made.Port, VpcId } = kept.attrs;
  return { Name, Port, ...(VpcId === undefined ? {} : { VpcId }), kept: kept.attrs };
}

const behind: Readonly<Record<string, string>> = { TCP: 'TCP', TLS: 'TCP', UDP: 'UDP', TCP_UDP: 'TCP_UDP' };

function protocolOf(
  { service, backend, listener, key }: GroupWish,
  options: BackendOptions,
  { type, build }: Frame,
): string {
  const secure = backend.tls !== undefined || backend.protocol === 'https' || backend.protocol === 'grpcs';
  const own =
    type === 'application'
      ? secure
        ? 'HTTPS'
        : 'HTTP'
      : (behind[listener] ?? 'TCP') === 'TCP' && secure
        ? 'TLS'
        : (behind[listener] ?? 'TCP');
  const wish = options.protocol ?? own;
  const able =
    type === 'application' ? ['HTTP', 'HTTPS'] : listener === 'TCP' || listener === 'TLS' ? ['TCP', 'TLS'] : [listener];
  if (able.includes(wish)) return wish;
  const message = `behind a listener of protocol ${listener} a target group speaks ${able.join(' or ')}`;
  build.refuse(service, tellSetting(service, 'E_FIELD_VALUE', ['backends', key, 'protocol'], wish, message));
  return own;
}

function versionOf({ protocol }: Backend): string {
  if (protocol === 'grpc' || protocol === 'grpcs') return 'GRPC';
  return protocol === 'h2c' ? 'HTTP2' : 'HTTP1';
}

function familyOf(
  { service, backend, key }: GroupWish,
  options: BackendOptions,
  { ipAddressType, build }: Frame,
): 'ipv4' | 'ipv6' {
  const [first] = backend.targets;
  const family =
    options.ipAddressType ??
    (backend.targetKind === 'ip' && first !== undefined && addressFamily(first.address) === 'ipv6' ? 'ipv6' : 'ipv4');
  if (family === 'ipv6' && ipAddressType === 'ipv4') {
    const message = 'IPv6 targets need a load balancer of ipAddressType dualstack';
    build.refuse(
      service,
      tell(service, 'E_FEATURE', `backends[${JSON.stringify(key)}].targets`, first?.address ?? family, message),
    );
  }
  return family;
}

function portOf({ backend }: GroupWish, { identity }: BackendOptions): number {
  if (backend.targetKind === 'instance') return backend.nodePort ?? backend.targets[0]?.port ?? 1;
  if (identity !== undefined) return /^[1-9]\d{0,4}$/.test(identity.targetPort) ? Number(identity.targetPort) : 1;
  return backend.targets[0]?.port ?? 1;
}

function identityOf({ service, key, port }: GroupWish, { identity }: BackendOptions, { stack }: Frame) {
  const { namespace, name, uid = '' } = service.origin;
  const ingress = stack.scope === 'ingress' ? { ingress: { namespace, name } } : {};
  if (identity !== undefined)
    return {
      namespace: identity.namespace,
      name: identity.name,
      uid: identity.uid,
      servicePort: identity.port,
      ...ingress,
    };
  // Several backends may stand behind one port of a network load balancer.
  const several = Object.keys(service.backends).length > 1;
  const servicePort = stack.scope === 'ingress' ? key : several ? `${port} ${key}` : String(port);
  return { namespace, name, uid, servicePort, ...ingress };
}

/** Value of the resource tag: `ns/svc:port` of a Service, `ns/ing-svc:port` of an Ingress, else the backend's key. */
function resourceOf(
  { service, key, backend }: GroupWish,
  { identity }: BackendOptions,
  protocol: string,
  { stack }: Frame,
): string {
  const { namespace, name } = service.origin;
  if (identity !== undefined) {
    return stack.scope === 'service'
      ? `${identity.namespace}/${identity.name}:${identity.port}`
      : `${namespace}/${name}-${identity.name}:${identity.port}`;
  }
  // One backend behind listeners of several transports has a target group for each.
  const other = /UDP|QUIC/.test(protocol) && backend.protocol !== 'udp' ? `-${protocol.toLowerCase()}` : '';
  return `${namespace}/${name}:${key}${other}`;
}
