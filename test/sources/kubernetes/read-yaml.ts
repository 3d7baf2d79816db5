import { parseAllDocuments } from 'yaml';
import type { ExportedService, LocatedObject, Problem } from '../../../src/model/index.ts';
import {
  type KubernetesReadOptions,
  type ReadResult,
  readAuthorities,
  readCertificateFacts,
  readObjects,
  sha256,
} from '../../../src/sources/kubernetes/index.ts';

/** Wall clock of all tests here. */
export const nowMs = Date.parse('2026-06-01T00:00:00Z');

export const options: KubernetesReadOptions = {
  source: 'files',
  nowMs,
  hash: sha256,
  certificate: readCertificateFacts,
  authorities: readAuthorities,
};

/** The documents of a YAML text as a file source would hand them on. */
export function locate(text: string, file = 'a.yaml'): LocatedObject[] {
  return parseAllDocuments(text)
    .map((document, i) => ({ object: document.toJS(), file, document: i + 1, line: 1 }))
    .filter(({ object }) => object !== null);
}

export interface YamlResult extends ReadResult {
  /** The one service of an id; fails when it is not there. */
  readonly service: (id: string) => ExportedService;
  readonly codes: readonly string[];
}

/** Reads YAML documents; `more` narrows or widens the options. */
export function readYaml(text: string, more: Partial<KubernetesReadOptions> = {}): YamlResult {
  const result = readObjects(locate(text), { ...options, ...more });
  const service = (id: string): ExportedService => {
    const found = result.services.find((candidate) => candidate.id === id);
    if (found === undefined)
      throw new Error(`no service ${id}; problems: ${result.problems.map(({ message }) => message).join(' | ')}`);
    return found;
  };
  return { ...result, service, codes: result.problems.map(({ code }) => code) };
}

/** `code field` of problems: what most tests compare. */
export function brief(problems: readonly Problem[]): string[] {
  return problems.map(({ code, field }) => `${code} ${field ?? ''}`);
}

/** `address:port state` of a backend's targets. */
export function targetsOf(service: ExportedService, backend: string): string[] {
  return (service.backends[backend]?.targets ?? []).map(({ address, port, state }) => `${address}:${port} ${state}`);
}

/** A ClusterIP Service `shop/<name>` with port 80 named http and one slice. */
export function backing(name: string, address = '10.0.0.1'): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [${address}] }]
---`;
}

/** An Ingress `shop/front`; `spec` is YAML in flow or block style, indented by two. */
export function ingress(spec: string, metadata = '', apiVersion = 'networking.k8s.io/v1'): string {
  return `
apiVersion: ${apiVersion}
kind: Ingress
metadata:
  name: front
  namespace: shop
${metadata}
spec:
${spec}
---`;
}
