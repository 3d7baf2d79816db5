import type {
  AddListenerCertificatesInput,
  DescribeListenerCertificatesInput,
  RemoveListenerCertificatesInput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import { page } from '../core/page.ts';
import type { World } from '../core/world.ts';
import { checkCertificate } from './listener-security.ts';
import { findListener } from './listeners.ts';

/** The API reference: one certificate a call. */
function checkOne({ Certificates }: { readonly Certificates: readonly unknown[] }): void {
  if (Certificates.length !== 1) refuse('TooManyCertificates', 'One certificate can be specified per call');
}

export function addListenerCertificates(world: World, input: Given<AddListenerCertificatesInput>) {
  const listener = findListener(world, input.ListenerArn);
  checkOne(input);
  if (listener.certificate === undefined) {
    refuse('UnsupportedProtocol', `Certificates can be added to HTTPS and TLS listeners only: '${listener.Protocol}'`);
  }
  const arns = input.Certificates.map(
    ({ CertificateArn }) => CertificateArn ?? refuse('ValidationError', 'CertificateArn is required'),
  );
  for (const arn of arns) checkCertificate(world, arn);
  const next = new Set([...listener.sni, ...arns.filter((arn) => arn !== listener.certificate)]);
  // The quota is the load balancer's: every listener's certificates for names count, default ones do not.
  const { loadBalancer } = listener;
  const kind = loadBalancer.type === 'network' ? 'network' : 'application';
  const most = world.quotas[`certificates-per-${kind}-load-balancer`];
  let count = next.size;
  for (const other of loadBalancer.listeners) if (other !== listener) count += other.sni.size;
  if (count > most)
    refuse('TooManyCertificates', `A load balancer can have at most ${most} certificates besides its default ones`);
  for (const arn of next) listener.sni.add(arn);
  return {
    Certificates: arns.map((CertificateArn) => ({
      CertificateArn,
      IsDefault: CertificateArn === listener.certificate,
    })),
  };
}

export function removeListenerCertificates(world: World, input: Given<RemoveListenerCertificatesInput>) {
  const listener = findListener(world, input.ListenerArn);
  checkOne(input);
  const arns = input.Certificates.map(({ CertificateArn = '' }) => CertificateArn);
  if (arns.some((arn) => arn === listener.certificate && !listener.sni.has(arn))) {
    refuse(
      'OperationNotPermitted',
      `Default certificate '${listener.certificate}' cannot be removed from listener '${listener.arn}'`,
    );
  }
  for (const arn of arns) listener.sni.delete(arn);
  return {};
}

export function describeListenerCertificates(world: World, input: Given<DescribeListenerCertificatesInput>) {
  const listener = findListener(world, input.ListenerArn);
  const all = [
    ...(listener.certificate === undefined ? [] : [{ CertificateArn: listener.certificate, IsDefault: true }]),
    ...[...listener.sni].map((CertificateArn) => ({ CertificateArn, IsDefault: false })),
  ];
  const { items, next } = page(all, ({ CertificateArn, IsDefault }) => `${CertificateArn}#${IsDefault}`, {
    marker: input.Marker,
    size: input.PageSize,
    most: 400,
  });
  return { Certificates: [...items], NextMarker: next };
}
