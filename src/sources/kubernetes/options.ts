import type { CertRef, ServiceId } from '../../model/index.ts';
import type { CertificateFacts } from './secret.ts';

/** Value of IngressClass.spec.controller that makes a class ours. */
export const ownController = 'weir-lb.dev/ingress';

/** How Kubernetes objects are read. Clock, hash and X.509 are passed in: the readers themselves are pure. */
export interface KubernetesReadOptions {
  /** Name of the source in the configuration, e.g. `files`. */
  readonly source: string;
  /** Name of the cluster, for messages and origins. */
  readonly cluster?: string;
  /** Put before every service id, e.g. `prod:`, where several clusters are read. */
  readonly idPrefix?: string;
  /** Take only Services and Ingresses of these classes; absent: of every class. */
  readonly classes?: readonly string[];
  /** Also take those that name no class although `classes` or IngressClass objects narrow them. */
  readonly watchWithoutClass?: boolean;
  /**
   * The objects are those of a living cluster, which others serve too: what does not name weir is theirs. A class is ours when
   * `classes` or `ownClasses` name it, when its IngressClass names our controller, or when it begins with `weir-lb.dev/`. Default: files,
   * where every class is ours unless something narrows them.
   */
  readonly amongOthers?: boolean;
  /** Classes that balancers name: as `classes`, but others are not turned away for them. */
  readonly ownClasses?: readonly string[];
  /** Objects that describe pools are read though no balancer wants them: somebody asks whether they are right. Default: false. */
  readonly checksPools?: boolean;
  /** Where the ConfigMap of MetalLB before v0.13 stands; default `metallb-system`. */
  readonly poolsNamespace?: string;
  /** The Service behind which the Pods of weir are that announce addresses. Absent: none is known. */
  readonly announcers?: { readonly namespace: string; readonly name: string };
  /** Whether labels of a Service or Ingress let it be taken; default: all do. */
  readonly selects?: (labels: Readonly<Record<string, string>>) => boolean;
  /** By which objects are held for whom something was made: those that are not exported any more are told as leaving. Absent: none are. */
  readonly finalizer?: string;
  /** Values of IngressClass.spec.controller that are ours; default `weir-lb.dev/ingress`. */
  readonly controllers?: readonly string[];
  /** CIDRs allowed as targets although they are loopback or link-local; default none. */
  readonly allowTargets?: readonly string[];
  /** Wall-clock milliseconds since the epoch, for the expiry of certificates. */
  readonly nowMs: number;
  /** Lower-case hex SHA-256 of a text. */
  readonly hash: (text: string) => string;
  /** Facts of a PEM bundle (chain, then key), or why it cannot be used; must not repeat the key. See `x509.ts`. */
  readonly certificate: (pem: string) => CertificateFacts | { readonly error: string };
  /** The authorities of a PEM text in canonical form, or why it has none. */
  readonly authorities: (text: string) => string | { readonly error: string };
  /** Whether a certificate is in service already: an expired one stays then, but is never newly taken. Default: none is. */
  readonly inService?: (sha256: string) => boolean;
  /** The certificate of an origin (`Secret namespace/name`) that is in service: it stays while the Secret cannot be used. Default: none. */
  readonly held?: (origin: string) => CertRef | undefined;
  /** The class by which a service is in force: while that IngressClass is missing it stays so. Default: none is known. */
  readonly lastClass?: (service: ServiceId) => string | undefined;
  /** The text of an OCSP response that is in service, by its SHA-256: shown on while its Secret has none that can be used. Default: none. */
  readonly heldStaple?: (sha256: string) => string | undefined;
}
