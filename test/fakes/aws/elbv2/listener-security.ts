/** Certificates, security policy, ALPN and mutual authentication of listeners. */
import type { Certificate, MutualAuthenticationAttributes } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import type { World } from '../core/world.ts';
import { defaultSslPolicy, sslPolicies } from './ssl-policies.ts';
import type { Listener } from './state.ts';

export type Security = Pick<Listener, 'SslPolicy' | 'certificate' | 'AlpnPolicy' | 'MutualAuthentication'>;

interface Asked {
  readonly Certificates?: readonly Given<Certificate>[] | undefined;
  readonly SslPolicy?: string | undefined;
  readonly AlpnPolicy?: readonly string[] | undefined;
  readonly MutualAuthentication?: Given<MutualAuthenticationAttributes> | undefined;
}

const alpn = ['HTTP1Only', 'HTTP2Only', 'HTTP2Optional', 'HTTP2Preferred', 'None'];

/** What a listener of that protocol has; `before` fills what was not asked. Throws what AWS would say. */
export function checkSecurity(world: World, protocol: string, asked: Asked, before?: Listener): Security {
  const tls = protocol === 'HTTPS' || protocol === 'TLS';
  if (!tls) {
    if (asked.Certificates?.length)
      refuse('ValidationError', `Certificates cannot be specified for '${protocol}' listeners`);
    if (asked.SslPolicy !== undefined)
      refuse('ValidationError', `An SSL policy cannot be specified for '${protocol}' listeners`);
    if (asked.AlpnPolicy?.length)
      refuse('ALPNPolicyNotFound', `An ALPN policy cannot be specified for '${protocol}' listeners`);
    if (asked.MutualAuthentication !== undefined)
      refuse('ValidationError', `Mutual authentication cannot be specified for '${protocol}' listeners`);
    return { SslPolicy: undefined, certificate: undefined, AlpnPolicy: undefined, MutualAuthentication: undefined };
  }
  if ((asked.Certificates?.length ?? 0) > 1)
    refuse('ValidationError', 'You can specify exactly one default certificate');
  const certificate = asked.Certificates?.[0]?.CertificateArn ?? before?.certificate;
  if (certificate === undefined)
    refuse('CertificateNotFound', `A certificate must be specified for '${protocol}' listeners`);
  checkCertificate(world, certificate);
  const SslPolicy = asked.SslPolicy ?? before?.SslPolicy ?? defaultSslPolicy;
  if (!sslPolicies.includes(SslPolicy)) refuse('SSLPolicyNotFound', `SSL policy '${SslPolicy}' not found`);
  const AlpnPolicy = asked.AlpnPolicy?.length ? asked.AlpnPolicy : before?.AlpnPolicy;
  if (AlpnPolicy !== undefined && protocol !== 'TLS')
    refuse('ALPNPolicyNotFound', 'ALPN policies are for TLS listeners');
  if (AlpnPolicy !== undefined && (AlpnPolicy.length !== 1 || !alpn.includes(AlpnPolicy[0] ?? ''))) {
    refuse('ALPNPolicyNotFound', `ALPN policy '${AlpnPolicy.join()}' must be one of ${alpn.join(', ')}`);
  }
  return {
    SslPolicy,
    certificate,
    AlpnPolicy,
    MutualAuthentication:
      checkMutual(world, protocol, asked.MutualAuthentication) ??
      before?.MutualAuthentication ??
      (protocol === 'HTTPS' ? { Mode: 'off' } : undefined),
  };
}

function checkMutual(
  world: World,
  protocol: string,
  asked: Given<MutualAuthenticationAttributes> | undefined,
): Listener['MutualAuthentication'] {
  if (asked === undefined) return undefined;
  if (protocol !== 'HTTPS') refuse('ValidationError', 'Mutual authentication is for HTTPS listeners');
  const { Mode = 'off', TrustStoreArn, IgnoreClientCertificateExpiry, AdvertiseTrustStoreCaNames } = asked;
  if (!['off', 'passthrough', 'verify'].includes(Mode))
    refuse('ValidationError', `Mutual authentication mode '${Mode}' must be off, passthrough or verify`);
  if ((Mode === 'verify') !== (TrustStoreArn !== undefined))
    refuse('ValidationError', 'A trust store belongs to the mode verify, and only to it');
  if (TrustStoreArn !== undefined && world.elb.trustStores.get(TrustStoreArn) === undefined) {
    refuse('TrustStoreNotFound', `Trust store '${TrustStoreArn}' not found`);
  }
  if (Mode !== 'verify') return { Mode };
  return {
    Mode,
    ...(TrustStoreArn === undefined ? {} : { TrustStoreArn }),
    IgnoreClientCertificateExpiry: IgnoreClientCertificateExpiry ?? false,
    AdvertiseTrustStoreCaNames: AdvertiseTrustStoreCaNames ?? 'off',
  };
}

/** A certificate that a load balancer can serve: in ACM or IAM, issued. */
export function checkCertificate(world: World, arn: string): void {
  const stored = world.acm.certificates.get(arn);
  if (stored === undefined) refuse('CertificateNotFound', `Certificate '${arn}' not found`);
  if (stored.status !== 'ISSUED' || stored.KeyAlgorithm === 'RSA_1024') {
    refuse(
      'UnsupportedCertificate',
      `The certificate '${arn}' must have a fully-qualified domain name, a supported signature, and a supported key size`,
    );
  }
}
