import type { AddressRequest, Origin, Problem, ServiceId } from '../../model/index.ts';
import { addressFamily, type Family } from '../../net/index.ts';
import { Canonical } from './canonical.ts';
import type { EndpointsView } from './endpoint-group.ts';
import type { Metadata } from './metadata.ts';
import type { KubernetesReadOptions } from './options.ts';
import type { OwnAnnotations } from './own-annotations.ts';
import { type Finding, type Place, problemAt } from './place.ts';
import type { Certificate } from './secret.ts';
import type { ServiceView } from './service.ts';

/** What is remembered of a draft: thousands are, and most of them need none of it. */
export interface Drafted {
  readonly id: ServiceId;
  readonly problems: readonly Problem[];
  /** sha256 → PEM bundle of the certificates that it names. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Objects whose own problems are problems of this service. */
  readonly uses: readonly (EndpointsView | ServiceView)[];
  /** When the result would be another. */
  readonly expiresMs: number;
}

const noProblems: Drafted['problems'] = [];
const noSecrets: Drafted['secrets'] = new Map();

/** One exported service while it is put together: what is wrong with it, and what it draws on. */
export class Draft {
  readonly id: ServiceId;
  readonly place: Place;
  readonly options: KubernetesReadOptions;
  readonly problems: Problem[] = [];
  /** sha256 → PEM bundle of the certificates that it names. */
  readonly secrets = new Map<string, string>();
  /** Objects whose own problems are problems of this service. */
  readonly uses = new Set<EndpointsView | ServiceView>();
  /** The first moment at which a certificate expires and the result would be another. */
  expiresMs = Number.POSITIVE_INFINITY;

  constructor(id: ServiceId, place: Place, options: KubernetesReadOptions) {
    this.id = id;
    this.place = place;
    this.options = options;
  }

  /** `place`: of the object that is wrong, where it is another one. */
  tell(finding: Finding, place: Place = this.place): void {
    this.problems.push(problemAt(place, { ...finding, service: this.id }));
  }

  keep(certificate: Certificate): void {
    this.secrets.set(certificate.sha256, certificate.pem);
  }

  /** Nothing more will come. */
  done(): Drafted {
    const { id, problems, secrets, uses, expiresMs } = this;
    return {
      id,
      problems: problems.length === 0 ? noProblems : problems,
      secrets: secrets.size === 0 ? noSecrets : secrets,
      uses: [...uses],
      expiresMs,
    };
  }
}

/** Where a service was read. */
export function originOf(kind: string, meta: Metadata, place: Place, options: KubernetesReadOptions): Origin {
  const { file, line } = place.located;
  return {
    source: options.source,
    ...(options.cluster === undefined ? {} : { cluster: options.cluster }),
    kind,
    namespace: meta.namespace,
    name: meta.name,
    ...(meta.uid === undefined ? {} : { uid: meta.uid }),
    ...(meta.createdMs === undefined ? {} : { createdMs: meta.createdMs }),
    ...(meta.revision === undefined ? {} : { revision: meta.revision }),
    labels: meta.labels,
    ...(file === '' ? {} : { file, line }),
  };
}

/** What is asked for and held of addresses; undefined when the balancer's own address will do. */
export function addressOf(
  own: OwnAnnotations,
  asked: readonly string[],
  families: readonly Family[],
  held: readonly string[],
): AddressRequest | undefined {
  const list = [...new Set([...(own.addresses ?? []), ...asked])];
  if (
    list.length === 0 &&
    held.length === 0 &&
    own.pool === undefined &&
    own.shareKey === undefined &&
    own.addressFamilies === undefined &&
    families.length === 0
  )
    return undefined;
  const wanted: readonly Family[] =
    own.addressFamilies ??
    (families.length > 0 ? families : list.length > 0 ? [...new Set(list.map(addressFamily))] : ['ipv4']);
  const address: AddressRequest = {
    ...(own.pool === undefined ? {} : { pool: own.pool }),
    ...(list.length === 0 ? {} : { list }),
    families: wanted,
    ...(own.shareKey === undefined ? {} : { shareKey: own.shareKey }),
    ...(own.backendKey === undefined ? {} : { backendKey: own.backendKey }),
    held,
  };
  return plain.of(JSON.stringify(address), address);
}

/** Most ask for nothing but a family. */
const plain = new Canonical<AddressRequest>();
