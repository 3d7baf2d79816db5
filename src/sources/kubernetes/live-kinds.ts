/** What a living cluster is asked for: kinds, where they are served, and what is lost while one cannot be read. */
import { peers } from '../../compat/index.ts';
import type { KubeObject } from '../../kube/index.ts';
import { poolsConfigMap } from './read-pools.ts';

export interface LiveKind {
  /** Singular, as objects have it. */
  readonly kind: string;
  /** For messages. */
  readonly plural: string;
  /** Of the API, as it stands in paths. */
  readonly resource: string;
  /** apiVersions that are read, newest first. */
  readonly versions: readonly string[];
  readonly clusterWide?: true;
  /** Without it the services of a namespace cannot be known at all. */
  readonly required?: true;
  /** What goes on without it, and how: a clause. */
  readonly lost?: string;
  /** Read in the one namespace where pools stand, whatever else is read. */
  readonly home?: true;
  /** Name of the one object that is of use. */
  readonly only?: string;
}

const core: readonly LiveKind[] = [
  { kind: 'Service', plural: 'Services', resource: 'services', versions: ['v1'], required: true },
  {
    kind: 'EndpointSlice',
    plural: 'EndpointSlices',
    resource: 'endpointslices',
    versions: ['discovery.k8s.io/v1', 'discovery.k8s.io/v1beta1'],
    required: true,
  },
  {
    kind: 'Ingress',
    plural: 'Ingresses',
    resource: 'ingresses',
    versions: ['networking.k8s.io/v1', 'networking.k8s.io/v1beta1', 'extensions/v1beta1'],
    required: true,
  },
  {
    kind: 'IngressClass',
    plural: 'IngressClasses',
    resource: 'ingressclasses',
    versions: ['networking.k8s.io/v1', 'networking.k8s.io/v1beta1'],
    clusterWide: true,
    lost: 'only Ingresses of classes that the configuration names (classes of the source, class of a balancer) or that begin with weir-lb.dev/ are taken, and none by a default class',
  },
  {
    kind: 'Node',
    plural: 'Nodes',
    resource: 'nodes',
    versions: ['v1'],
    clusterWide: true,
    lost: 'targets by node (targets: node, instances) are not known',
  },
];

const secret: LiveKind = {
  kind: 'Secret',
  plural: 'Secrets',
  resource: 'secrets',
  versions: ['v1'],
  lost: 'certificates of Secrets stay as they were last read; set secrets: referenced to read them one by one',
};

const poolsMap: LiveKind = {
  kind: 'ConfigMap',
  plural: 'ConfigMaps',
  resource: 'configmaps',
  versions: ['v1'],
  home: true,
  only: poolsConfigMap,
  lost: 'pools of MetalLB before v0.13 are not known',
};

export interface KindsWanted {
  /** Controllers of peers that a balancer stands in for: their own kinds are read. */
  readonly controllers: readonly string[];
  /** Every Secret, and not only those that a service names. */
  readonly allSecrets: boolean;
  /** Requests go to nodes: without them there is no target at all. */
  readonly atNodes: boolean;
}

export function liveKinds({ controllers, allSecrets, atNodes }: KindsWanted): readonly LiveKind[] {
  const ofPeers = peers
    .filter((peer) => peer.controllers.some((controller) => controllers.includes(controller)))
    .flatMap(({ kinds, title }) =>
      Object.entries(kinds).map(([type, { versions, clusterWide, home, lost }]): LiveKind => {
        const [group = '', kind = ''] = type.split('/');
        return {
          kind,
          plural: pluralOf(kind),
          // As the API server makes it of the kind of a CRD, and as its makers have it.
          resource: pluralOf(kind.toLowerCase()),
          versions: versions.map((version) => (group === '' ? version : `${group}/${version}`)),
          ...(clusterWide === undefined ? {} : { clusterWide }),
          ...(home === undefined ? {} : { home }),
          lost: lost ?? `what ${title} has in them is not known`,
        };
      }),
    );
  const own = core.map((one): LiveKind => (one.kind === 'Node' && atNodes ? { ...one, required: true } : one));
  const map = ofPeers.some(({ home }) => home) ? [poolsMap] : [];
  return [...own, ...(allSecrets ? [secret] : []), ...ofPeers, ...map];
}

function pluralOf(kind: string): string {
  if (kind.toLowerCase().endsWith('params')) return kind;
  return /[^aeiou]y$/.test(kind) ? `${kind.slice(0, -1)}ies` : `${kind}s`;
}

const bulky = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * An object as the readers need it: with the kind that lists leave out, without what only fills memory. The version is dropped too:
 * it changes with every touch, and a service that means the same shall be the same.
 */
export function projectObject(object: KubeObject, kind: string, apiVersion: string): object {
  const { metadata, status, ...rest } = object;
  const { resourceVersion: _, managedFields: __, ownerReferences: ___, annotations, ...meta } = metadata;
  const kept =
    typeof annotations === 'object' && annotations !== null && !Array.isArray(annotations) && bulky in annotations
      ? Object.fromEntries(Object.entries(annotations).filter(([key]) => key !== bulky))
      : annotations;
  return {
    ...rest,
    apiVersion,
    kind,
    metadata: kept === undefined ? meta : { ...meta, annotations: kept },
    ...(status === undefined ? {} : { status }),
  };
}
