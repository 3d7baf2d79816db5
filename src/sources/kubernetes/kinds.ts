import { type LocatedObject, type Problem, shown } from '../../model/index.ts';
import { type Cidr, isSafeText } from '../../net/index.ts';
import { type ConfigMapView, parseConfigMap } from './config-map.ts';
import type { EndpointsView } from './endpoint-group.ts';
import { parseEndpointSlice } from './endpoint-slice.ts';
import { parseEndpoints } from './endpoints.ts';
import { type IngressView, parseIngress } from './ingress.ts';
import { type IngressClassView, parseIngressClass } from './ingress-class.ts';
import type { Reading } from './metadata.ts';
import { type NodeView, parseNode } from './node.ts';
import type { KubernetesReadOptions } from './options.ts';
import { formerKinds, type PeerView, parsePeerObject, peerKinds } from './peer-object.ts';
import { placeOf, problemAt } from './place.ts';
import { parseSecret, type SecretView } from './secret.ts';
import { parseService, type ServiceView } from './service.ts';
import { standsFor } from './take-class.ts';

export type View =
  | ServiceView
  | EndpointsView
  | IngressView
  | IngressClassView
  | SecretView
  | NodeView
  | ConfigMapView
  | PeerView;

export interface KindContext {
  readonly options: KubernetesReadOptions;
  readonly allowed: readonly Cidr[];
}

interface Kind {
  readonly versions: readonly string[];
  readonly parse: (located: LocatedObject, context: KindContext) => Reading<View>;
}

/** group/Kind → versions that are read, newest first, and the reader. */
const kinds: Readonly<Record<string, Kind>> = {
  '/Service': { versions: ['v1'], parse: (located, { options }) => parseService(located, options.idPrefix) },
  '/Endpoints': { versions: ['v1'], parse: (located, { allowed }) => parseEndpoints(located, allowed) },
  '/Secret': { versions: ['v1'], parse: (located, { options }) => parseSecret(located, options) },
  '/Node': { versions: ['v1'], parse: (located, { allowed }) => parseNode(located, allowed) },
  '/ConfigMap': { versions: ['v1'], parse: parseConfigMap },
  'discovery.k8s.io/EndpointSlice': {
    versions: ['v1', 'v1beta1'],
    parse: (located, { allowed }) => parseEndpointSlice(located, allowed),
  },
  'networking.k8s.io/Ingress': {
    versions: ['v1', 'v1beta1'],
    parse: (located, { options }) => parseIngress(located, options.idPrefix),
  },
  'extensions/Ingress': {
    versions: ['v1beta1'],
    parse: (located, { options }) => parseIngress(located, options.idPrefix),
  },
  'networking.k8s.io/IngressClass': { versions: ['v1', 'v1beta1'], parse: parseIngressClass },
  ...Object.fromEntries(
    [...peerKinds].map(([type, kind]): [string, Kind] => [
      type,
      { versions: kind.versions, parse: (located) => parsePeerObject(located, type, kind) },
    ]),
  ),
};

/** Groups of Kubernetes itself: their other kinds are a normal part of every manifest and no word is lost about them. */
const silentGroups = new Set([
  '',
  'apps',
  'batch',
  'policy',
  'autoscaling',
  'extensions',
  'networking.k8s.io',
  'discovery.k8s.io',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'admissionregistration.k8s.io',
  'coordination.k8s.io',
  'scheduling.k8s.io',
  'events.k8s.io',
  'node.k8s.io',
  'certificates.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'kustomize.config.k8s.io',
]);

/** How an object was read; `ignored` names a kind that weir does not read. */
export interface ParsedObject extends Reading<View> {
  readonly ignored?: string;
  /** The kind, where weir has no use for it; most are passed over in silence. */
  readonly skipped?: string;
}

/** Reads one object of any kind. Never throws: what is not an object of a known kind is a problem or is ignored. */
export function parseObject(located: LocatedObject, context: KindContext): ParsedObject {
  const { object } = located;
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    return refuse(
      located,
      'Object',
      'E_OBJECT_KIND',
      '',
      object,
      'must be an object with apiVersion, kind and metadata',
    );
  }
  const kind = 'kind' in object ? object.kind : undefined;
  const apiVersion = 'apiVersion' in object ? object.apiVersion : undefined;
  if (typeof kind !== 'string' || !/^[A-Za-z][A-Za-z0-9]{0,62}$/.test(kind)) {
    return refuse(located, 'Object', 'E_OBJECT_KIND', 'kind', kind, 'must be the name of a kind such as Service');
  }
  if (typeof apiVersion !== 'string' || !/^([a-z0-9.-]{1,253}\/)?[a-z0-9]{1,63}$/.test(apiVersion)) {
    return refuse(
      located,
      kind,
      'E_OBJECT_KIND',
      'apiVersion',
      apiVersion,
      `must be the version of kind ${kind}${versionsHint(kind)}`,
    );
  }
  const slash = apiVersion.lastIndexOf('/');
  const [group, version] = [slash < 0 ? '' : apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  const name = `${group}/${kind}`;
  const known = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  const unused = known === undefined || !isWanted(name, context.options);
  const ignored = unused && !silentGroups.has(group) ? { ignored: `${kind} (${apiVersion})` } : {};
  if (known === undefined || (unused && context.options.checksPools !== true))
    return { problems: [], skipped: kind, ...ignored };
  if (known.versions.includes(version)) return { ...known.parse(located, context), ...ignored };
  return refuse(
    located,
    kind,
    'E_OBJECT_KIND',
    'apiVersion',
    apiVersion,
    `is not read for kind ${kind}${versionsHint(kind)}`,
  );
}

function isWanted(name: string, options: KubernetesReadOptions): boolean {
  const { onlyWanted } = peerKinds.get(name) ?? {};
  return onlyWanted === undefined || standsFor(onlyWanted, options);
}

function versionsHint(kind: string): string {
  const known = Object.entries(kinds).flatMap(([name, { versions }]) => {
    const [group = '', of] = name.split('/');
    return of === kind ? versions.map((version) => (group === '' ? version : `${group}/${version}`)) : [];
  });
  return known.length === 0 ? '' : `; write ${known.join(' or ')}`;
}

function refuse(
  located: LocatedObject,
  kind: string,
  code: 'E_OBJECT_KIND',
  field: string,
  value: unknown,
  reason: string,
): ParsedObject {
  const place = placeOf(located, kind, '', nameOf(located.object));
  return {
    problems: [
      problemAt(place, {
        code,
        path: field === '' ? [] : [field],
        value: typeof value === 'object' ? undefined : value,
        reason,
      }),
    ],
  };
}

function nameOf(object: unknown): string {
  if (typeof object !== 'object' || object === null || !('metadata' in object)) return '(no name)';
  const { metadata } = object;
  const name = typeof metadata === 'object' && metadata !== null && 'name' in metadata ? metadata.name : undefined;
  return typeof name === 'string' && name !== '' ? (isSafeText(name) ? name : shown(name)) : '(no name)';
}

/** One warning for each kind that is not read, at its first object. */
export function ignoredWarning(name: string, first: LocatedObject, count: number): Problem {
  const place = placeOf(first, name, '', nameOf(first.object));
  const others = count > 1 ? ` and ${count - 1} more of this kind are` : ' is';
  return problemAt(place, {
    code: 'W_OBJECT_IGNORED',
    path: [],
    reason: `this object${others} not used: ${whyUnused(first.object)}`,
  });
}

function whyUnused(object: unknown): string {
  const { apiVersion = '', kind = '' }: { apiVersion?: unknown; kind?: unknown } = Object(object);
  const type = `${String(apiVersion).split('/')[0]}/${String(kind)}`;
  if (peerKinds.has(type)) return 'no balancer takes addresses out of pools (fromPools: true)';
  const instead = formerKinds.get(type);
  return instead === undefined ? 'weir does not read the kind' : `weir does not read the kind; write ${instead}`;
}
