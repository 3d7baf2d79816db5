import { type CertificateRequest, makeCertificate } from '../../../src/cli/demo/certificate.ts';
import { nowMs } from './read-yaml.ts';

const dayMs = 86_400_000;

/** A fresh certificate that is valid around the tests' clock. Keys are made at run time: the repository holds none. */
export function certificateFor(
  names: readonly string[],
  more: Partial<CertificateRequest> = {},
): ReturnType<typeof makeCertificate> {
  return makeCertificate({ names, notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + dayMs, ...more });
}

/** YAML of a Secret `shop/<name>` of type kubernetes.io/tls. */
export function tlsSecret(name: string, certPem: string, keyPem: string, type = 'kubernetes.io/tls'): string {
  const encode = (text: string): string => Buffer.from(text, 'latin1').toString('base64');
  return `
apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: shop }
type: ${type}
data: { tls.crt: "${encode(certPem)}", tls.key: "${encode(keyPem)}" }
---`;
}
