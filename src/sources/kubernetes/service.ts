import type { PeerAnnotations } from '../../compat/index.ts';
import type { LocatedObject, ServiceId } from '../../model/index.ts';
import { accept, type Family, type Parsed, parseAddress, parseCidr, parsePort } from '../../net/index.ts';
import { type BcsExport, readBcsExport } from './bcs-export.ts';
import { Canonical, orNone } from './canonical.ts';
import type { Field } from './field.ts';
import { type Metadata, openObject, parseClassName, type Reading } from './metadata.ts';
import { type OwnAnnotations, readOwnAnnotations } from './own-annotations.ts';
import { peerAnnotations } from './peer-object.ts';
import type { Place } from './place.ts';
import { readServicePorts, type ServicePort } from './service-port.ts';
import { readHeldAddresses } from './status.ts';

const types = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] as const;

/** A core/v1 Service, typed and validated. */
export interface ServiceView {
  readonly kind: 'Service';
  readonly place: Place;
  readonly meta: Metadata;
  readonly id: ServiceId;
  readonly type: (typeof types)[number];
  readonly headless: boolean;
  readonly class?: string;
  readonly ports: readonly ServicePort[];
  /** Addresses asked for: loadBalancerIP, then externalIPs. */
  readonly addresses: readonly string[];
  readonly families: readonly Family[];
  readonly loadBalancerIp?: string;
  /** ipFamilyPolicy, where it means two families. */
  readonly familyPolicy?: 'require' | 'prefer';
  /** The selector as text, where traffic stays on the node: which Pods a node must have. */
  readonly localPods?: string;
  /** Addresses and host names that the status holds. */
  readonly held: readonly string[];
  readonly sourceRanges?: readonly string[];
  /** sessionAffinity ClientIP: how long a client stays with its target. */
  readonly affinityMs?: number;
  /** externalTrafficPolicy Local. */
  readonly localOnly: boolean;
  readonly healthCheckNodePort?: number;
  readonly own: OwnAnnotations;
  readonly annotations: PeerAnnotations;
  readonly bcs?: BcsExport;
  /** Something that decides about exposure cannot be read: targets of it may be used, the Service itself is not exported. */
  readonly refused: boolean;
  /** Its class cannot be read, so it cannot be known whose it is. */
  readonly classBad: boolean;
}

/** Reads a Service. A bad port is left out and told; what restricts access or names an address is never guessed. */
export function parseService(located: LocatedObject, idPrefix = ''): Reading<ServiceView> {
  const { root, meta, notes } = openObject(located, 'Service', {
    serviceId: ({ namespace, name }) => `${idPrefix}${namespace}/${name}`,
  });
  const { problems, place } = notes;
  if (meta === undefined) return { problems };
  const spec = root.at('spec');
  if (!spec.present) spec.refuse('E_FIELD_MISSING', 'is missing');
  if (!spec.isObject()) return { problems };
  const type = spec.at('type').present ? spec.at('type').oneOf(types) : 'ClusterIP';
  if (type === undefined) return { problems };
  const annotations = root.at('metadata').at('annotations');
  const own = readOwnAnnotations(annotations, 'Service');
  const bcs = readBcsExport(root.at('metadata'), meta);
  const headless = spec.at('clusterIP').value === 'None';
  const ports = readServicePorts(spec.at('ports'), bcs !== undefined);
  if (ports.length === 0 && !headless && type !== 'ExternalName' && !spec.at('ports').present) {
    spec.at('ports').refuse('E_FIELD_MISSING', 'is missing; a Service needs at least one port');
  }
  const className = read(spec.at('loadBalancerClass'), parseClassName);
  const address = read(spec.at('loadBalancerIP'), (value) => (value === '' ? accept(undefined) : parseAddress(value)));
  const ranges = readSourceRanges(spec, annotations, own);
  const affinityMs = readAffinityMs(spec);
  const healthCheckNodePort = optionalPort(spec.at('healthCheckNodePort'));
  const localOnly = spec.at('externalTrafficPolicy').oneOf(['Cluster', 'Local']) === 'Local';
  const familyPolicy = familyPolicies.get(spec.at('ipFamilyPolicy').value);
  const localPods = localOnly ? selectorText(spec.at('selector').value) : undefined;
  const view: ServiceView = {
    kind: 'Service',
    place,
    meta,
    id: place.service ?? `${idPrefix}${meta.namespace}/${meta.name}`,
    type,
    headless,
    ...(className.value === undefined ? {} : { class: className.value }),
    ports,
    addresses: orNone([
      ...(address.value === undefined ? [] : [address.value]),
      ...spec
        .at('externalIPs')
        .items()
        .flatMap((item) => item.parse(parseAddress) ?? []),
    ]),
    families: readFamilies(spec.at('ipFamilies')),
    ...(address.value === undefined ? {} : { loadBalancerIp: address.value }),
    ...(familyPolicy === undefined ? {} : { familyPolicy }),
    ...(localPods === undefined ? {} : { localPods }),
    held: orNone(readHeldAddresses(root.at('status'))),
    ...(ranges.value === undefined ? {} : { sourceRanges: ranges.value }),
    ...(affinityMs === undefined ? {} : { affinityMs }),
    localOnly,
    ...(healthCheckNodePort === undefined ? {} : { healthCheckNodePort }),
    own,
    annotations: peerAnnotations(annotations),
    ...(bcs === undefined ? {} : { bcs }),
    classBad: className.bad,
    refused: own.refused || className.bad || address.bad || ranges.bad || bcs?.refused === true,
  };
  return { view, problems };
}

const familyPolicies: ReadonlyMap<unknown, 'require' | 'prefer'> = new Map([
  ['RequireDualStack', 'require'],
  ['PreferDualStack', 'prefer'],
]);

/** The same text for the same selector; undefined: there is none. */
function selectorText(selector: unknown): string | undefined {
  if (typeof selector !== 'object' || selector === null) return undefined;
  const pairs = Object.entries(selector).map(([key, value]) => `${key}=${String(value)}`);
  return pairs.length === 0 ? undefined : pairs.sort().join();
}

interface Strict<T> {
  readonly value: T | undefined;
  readonly bad: boolean;
}

/** A field that must be right if it is there. */
function read<T>(field: Field, parser: (value: unknown) => Parsed<T>): Strict<T> {
  const before = field.notes.problems.length;
  const value = field.parse(parser);
  return { value, bad: field.notes.problems.length > before };
}

/** A port where the API writes 0 for none. */
export function optionalPort(field: Field): number | undefined {
  return field.value === 0 ? undefined : field.parse(parsePort);
}

const legacyRanges = 'service.beta.kubernetes.io/load-balancer-source-ranges';

/** spec.loadBalancerSourceRanges, else our annotation, else the legacy one. One bad range refuses all: leaving it out could open or close too much. */
function readSourceRanges(spec: Field, annotations: Field, own: OwnAnnotations): Strict<readonly string[]> {
  const field = spec.at('loadBalancerSourceRanges');
  const legacy = annotations.at(legacyRanges);
  const before = spec.notes.problems.length;
  const items = field.items();
  if (items.length > 0 || spec.notes.problems.length > before) {
    const parsed = items.map((item) =>
      item.required((value) => parseCidr(typeof value === 'string' ? value.trim() : value)),
    );
    const value = parsed.flatMap((range) => range?.text ?? []);
    if (own.sourceRanges !== undefined)
      field.refuse('E_FIELD_VALUE', 'and the annotation weir-lb.dev/source-ranges are both given; keep one');
    return { value, bad: spec.notes.problems.length > before };
  }
  if (own.sourceRanges !== undefined || !legacy.present || legacy.value === '')
    return { value: own.sourceRanges, bad: false };
  return read(legacy, (value) => {
    const ranges: string[] = [];
    for (const part of typeof value === 'string' ? value.split(',') : [value]) {
      const range = parseCidr(typeof part === 'string' ? part.trim() : part);
      if (!range.ok) return range;
      ranges.push(range.value.text);
    }
    return accept(ranges);
  });
}

/** The API's default for ClientIP is three hours. */
function readAffinityMs(spec: Field): number | undefined {
  if (spec.at('sessionAffinity').oneOf(['None', 'ClientIP']) !== 'ClientIP') return undefined;
  const seconds = spec.at('sessionAffinityConfig').at('clientIP').at('timeoutSeconds').integer(1, 86_400);
  return (seconds ?? 10_800) * 1000;
}

function readFamilies(field: Field): readonly Family[] {
  const families = field.items().flatMap((item) => {
    const family = item.oneOf(['IPv4', 'IPv6']);
    return family === undefined ? [] : ([family === 'IPv4' ? 'ipv4' : 'ipv6'] as const);
  });
  return familyLists.of(families.join(' '), families);
}

const familyLists = new Canonical<readonly Family[]>();
