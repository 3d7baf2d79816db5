import type { PeerAnnotations } from '../../compat/index.ts';
import type { FieldPath, LocatedObject, PathMatch, ServiceId } from '../../model/index.ts';
import { parseHost } from '../../net/index.ts';
import type { Field } from './field.ts';
import { type BackendRef, type PathReader, readBackendRef, readIngressPath } from './ingress-path.ts';
import { type Metadata, openObject, parseClassName, parseObjectName, type Reading } from './metadata.ts';
import { type OwnAnnotations, readOwnAnnotations } from './own-annotations.ts';
import { peerAnnotations } from './peer-object.ts';
import type { Place } from './place.ts';
import { readHeldAddresses } from './status.ts';

/** An Ingress of any of the three API versions, typed and validated. */
export interface IngressView {
  readonly kind: 'Ingress';
  readonly place: Place;
  readonly meta: Metadata;
  readonly id: ServiceId;
  /** spec.ingressClassName. */
  readonly className?: string;
  /** Annotation kubernetes.io/ingress.class; counts only where className is absent. */
  readonly legacyClass?: string;
  readonly rules: readonly IngressRule[];
  readonly defaultBackend?: BackendRef;
  readonly tls: readonly IngressTls[];
  readonly held: readonly string[];
  readonly own: OwnAnnotations;
  readonly annotations: PeerAnnotations;
  /** As it was written: a peer may read its paths otherwise. */
  readonly located: LocatedObject;
  /** Nothing of it may be served. */
  readonly refused: boolean;
  /** Its class cannot be read, so it cannot be known whose it is. */
  readonly classBad: boolean;
}

export interface IngressRule {
  /** Lower case, exact or `*.one.label`; empty: every host. */
  readonly host: string;
  /** Absent: the rule has no paths of its own and everything of the host goes to the default backend. */
  readonly paths?: readonly IngressPath[];
}

export interface IngressPath {
  /** As it is written: stringPrefix is ImplementationSpecific. */
  readonly type: PathMatch['type'];
  readonly match: PathMatch;
  readonly backend: BackendRef;
  readonly at: FieldPath;
}

export interface IngressTls {
  /** Empty: the hosts of all rules. */
  readonly hosts: readonly string[];
  /** Hosts were written but none can be used: the entry covers nothing (and not everything). */
  readonly covers: 'listed' | 'rules' | 'nothing';
  readonly secret?: string;
  readonly at: FieldPath;
}

const legacyAnnotation = 'kubernetes.io/ingress.class';

/** Reads networking.k8s.io/v1, networking.k8s.io/v1beta1 and extensions/v1beta1. A bad rule or path is left out and told; the others go on. */
export function parseIngress(located: LocatedObject, idPrefix = '', readPath?: PathReader): Reading<IngressView> {
  const serviceId = ({ namespace, name }: Metadata): ServiceId => `${idPrefix}ingress/${namespace}/${name}`;
  const { root, meta, notes } = openObject(located, 'Ingress', { serviceId });
  const { problems, place } = notes;
  if (meta === undefined) return { problems };
  const spec = root.at('spec');
  if (!spec.present) spec.refuse('E_FIELD_MISSING', 'is missing');
  if (!spec.isObject()) return { problems };
  const beta = String(root.at('apiVersion').value).endsWith('/v1beta1');
  const annotations = root.at('metadata').at('annotations');
  const own = readOwnAnnotations(annotations, 'Ingress');
  const before = problems.length;
  const className = optionalClass(spec.at('ingressClassName'));
  const legacyClass = className === undefined ? optionalClass(annotations.at(legacyAnnotation)) : undefined;
  const classBad = problems.length > before;
  const backendField = spec.at(beta ? 'backend' : 'defaultBackend');
  if (!beta && spec.at('backend').present) {
    spec.at('backend').refuse('E_FIELD_UNKNOWN', 'is the v1beta1 form; in networking.k8s.io/v1 it is defaultBackend');
  }
  const defaultBackend = backendField.present ? readBackendRef(backendField, beta) : undefined;
  if (!backendField.present && spec.at('rules').items().length === 0) {
    spec.at('rules').refuse('E_FIELD_MISSING', 'is missing; an Ingress needs rules or a default backend');
  }
  const rules = spec
    .at('rules')
    .items()
    .flatMap((item) => readRule(item, beta, readPath) ?? []);
  const view: IngressView = {
    kind: 'Ingress',
    place,
    meta,
    id: serviceId(meta),
    ...(className === undefined ? {} : { className }),
    ...(legacyClass === undefined ? {} : { legacyClass }),
    rules,
    ...(defaultBackend === undefined ? {} : { defaultBackend }),
    tls: spec
      .at('tls')
      .items()
      .flatMap((item) => readTls(item) ?? []),
    held: readHeldAddresses(root.at('status')),
    own,
    annotations: peerAnnotations(annotations),
    located,
    classBad,
    refused: own.refused || classBad || (rules.length === 0 && defaultBackend === undefined),
  };
  return { view, problems };
}

function optionalClass(field: Field): string | undefined {
  return field.value === '' ? undefined : field.parse(parseClassName);
}

function readRule(item: Field, beta: boolean, readPath: PathReader | undefined): IngressRule | undefined {
  if (!item.isObject()) return undefined;
  const field = item.at('host');
  const host = !field.present || field.value === '' ? '' : field.parse(parseHost);
  if (host === undefined) return undefined;
  const http = item.at('http');
  if (!http.present) return { host };
  if (!http.isObject()) return undefined;
  if (!http.at('paths').present) return http.at('paths').refuse('E_FIELD_MISSING', 'is missing; the rule is left out');
  return {
    host,
    paths: http
      .at('paths')
      .items()
      .flatMap((path) => readIngressPath(path, beta, readPath) ?? []),
  };
}

function readTls(item: Field): IngressTls | undefined {
  if (!item.isObject()) return undefined;
  const listed = item.at('hosts');
  const before = item.notes.problems.length;
  const items = listed.items();
  const hosts = items.flatMap((host) => host.required(parseHost) ?? []);
  const bad = item.notes.problems.length > before;
  const name = item.at('secretName');
  const secret = name.value === '' ? undefined : name.parse(parseObjectName);
  // A name that cannot be read was noted; without this the entry would be told a second time as one that names no Secret.
  if (name.present && name.value !== '' && secret === undefined) return undefined;
  const covers = hosts.length > 0 ? 'listed' : items.length > 0 || bad ? 'nothing' : 'rules';
  return { hosts, covers, ...(secret === undefined ? {} : { secret }), at: item.path };
}
