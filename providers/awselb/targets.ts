import type { Backend, ExportedService, Member, Node } from '../../src/model/index.ts';
import { contains, parseCidr } from '../../src/net/index.ts';
import type { Build } from './build.ts';
import type { AwsEnvironment } from './environment.ts';
import { targetKey } from './names.ts';
import type { BackendOptions } from './target-group-options.ts';
import { tell } from './tell.ts';

const member: Member = Object.freeze({ attrs: Object.freeze({}) });
const outside: Member = Object.freeze({ attrs: Object.freeze({ AvailabilityZone: 'all' }) });
const gone: Member = Object.freeze({ attrs: member.attrs, gone: true });

/** Nodes that load balancers are kept away from. */
const excluded = [
  'node.kubernetes.io/exclude-from-external-load-balancers',
  'alpha.service-controller.kubernetes.io/exclude-balancer',
];

interface TargetWish {
  readonly service: ExportedService;
  readonly key: string;
  readonly backend: Backend;
  readonly options: BackendOptions;
  readonly targetType: 'instance' | 'ip';
  readonly ipAddressType: 'ipv4' | 'ipv6';
}

/** The set Targets: what is ready, and marked so what no longer exists. What drains is left out: deregistering drains it. */
export function targetsOf(wish: TargetWish, build: Build): ReadonlyMap<string, Member> {
  return wish.targetType === 'instance' ? instancesOf(wish, build) : addressesOf(wish, build);
}

const memo = new WeakMap<
  Backend['targets'],
  { readonly vpc: AwsEnvironment['Vpc']; readonly family: string; readonly set: ReadonlyMap<string, Member> }
>();

function addressesOf({ backend, ipAddressType }: TargetWish, { environment }: Build): ReadonlyMap<string, Member> {
  const known = memo.get(backend.targets);
  if (known?.vpc === environment.Vpc && known?.family === ipAddressType) return known.set;
  const ranges = rangesOf(environment.Vpc);
  const set = new Map<string, Member>();
  for (const { address, port, state, weight } of backend.targets) {
    if (address.includes(':') !== (ipAddressType === 'ipv6') || state === 'draining' || weight === 0) continue;
    const inside = ranges.length === 0 || ranges.some((range) => contains(range, address));
    set.set(targetKey(address, port), state === 'gone' ? gone : inside ? member : outside);
  }
  memo.set(backend.targets, { vpc: environment.Vpc, family: ipAddressType, set });
  return set;
}

/** Instances that are named, else the cluster's nodes at the node port. All of them also with localOnly: health checks tell who has targets. */
function instancesOf({ service, key, backend, options }: TargetWish, build: Build): ReadonlyMap<string, Member> {
  const set = new Map<string, Member>();
  for (const { address, port, state } of backend.targets) {
    if (address.startsWith('i-') && state !== 'draining')
      set.set(targetKey(address, port), state === 'gone' ? gone : member);
  }
  if (set.size > 0) return set;
  if (backend.nodePort === undefined) {
    const message =
      'targets of type instance need a node port, and the Service has none; use target type ip or a Service of type NodePort or LoadBalancer';
    build.refuse(
      service,
      tell(service, 'E_FIELD_MISSING', `backends[${JSON.stringify(key)}].nodePort`, '(none)', message),
    );
    return set;
  }
  for (const node of build.nodes) {
    if (!usable(node, options.nodeLabels)) continue;
    const instance =
      node.instanceId ?? build.environment.Instances.find(({ NodeName }) => NodeName === node.name)?.InstanceId;
    if (instance !== undefined) set.set(targetKey(instance, backend.nodePort), member);
  }
  return set;
}

function usable({ ready, excluded: barred, labels }: Node, wanted: BackendOptions['nodeLabels']): boolean {
  if (wanted !== undefined && Object.keys(wanted).length > 0)
    return ready && Object.entries(wanted).every(([name, value]) => labels[name] === value);
  return ready && barred !== true && excluded.every((label) => labels[label] === undefined);
}

/** Ranges of the VPC, and the shared address space that it may be extended by. */
function rangesOf(vpc: AwsEnvironment['Vpc']) {
  return [...(vpc?.CidrBlocks ?? []), ...(vpc?.Ipv6CidrBlocks ?? [])].flatMap((range) => {
    const parsed = parseCidr(range);
    return parsed.ok ? [parsed.value] : [];
  });
}
