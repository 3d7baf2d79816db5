/** Objects that the API server admits and nobody can make sense of. */
import type { ApplyObject } from '../kube/index.ts';
import { good, hostile } from '../sources/kubernetes/annotation-values.ts';

export interface Malformed {
  readonly objects: readonly ApplyObject[];
  /** Of each source, `Kind/namespace/name`, a problem is told that has these words. */
  readonly wrong: readonly (readonly [source: string, words: string])[];
}

/** Any text will do for these, at least on a TCP port. */
const free = new Set([
  'rewrite-regex',
  'affinity-cookie',
  'share-key',
  'backend-key',
  'bundle',
  'auth-realm',
  'pool',
  'class',
  'export',
]);

/** In a namespace, with our class; nothing else of the cluster is touched. */
export function malformedObjects(namespace: string): Malformed {
  const objects: ApplyObject[] = [];
  const wrong: (readonly [string, string])[] = [];
  const core = (kind: string, name: string, rest: object, apiVersion = 'v1'): ApplyObject => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
    ...rest,
  });
  let port = 20_000;
  const service = (name: string, spec: object, annotations: object = {}): ApplyObject => {
    const made = core('Service', name, {
      spec: {
        type: 'LoadBalancer',
        loadBalancerClass: 'weir-lb.dev/test',
        ports: [{ name: 'a', port: port++ }],
        ...spec,
      },
    });
    return { ...made, metadata: { ...made.metadata, annotations } };
  };
  const path = (value: object) => ({ rules: [{ host: `p${objects.length}.test`, http: { paths: [value] } }] });
  const ingress = (name: string, spec: object, annotations: object = {}): ApplyObject => {
    const made = core('Ingress', name, { spec: { ingressClassName: 'weir-e2e', ...spec } }, 'networking.k8s.io/v1');
    return { ...made, metadata: { ...made.metadata, annotations } };
  };
  const put = (object: ApplyObject, words = '') => {
    objects.push(object);
    if (words !== '') wrong.push([`${object.kind}/${namespace}/${object.metadata.name}`, words]);
  };
  const web = { service: { name: 'web', port: { number: 80 } } };

  put(core('Service', 'web', { spec: { ports: [{ name: 'http', port: 80 }] } }));
  for (const [i, key] of Object.keys(good).entries()) {
    const annotations = { [`weir-lb.dev/${key}`]: hostile[i % hostile.length] };
    put(service(`s-${key}`, {}, annotations), free.has(key) ? '' : `weir-lb.dev/${key}`);
    put(ingress(`i-${key}`, path({ path: '/', pathType: 'Prefix', backend: web }), annotations));
  }
  put(service('address', { loadBalancerIP: 'tomorrow' }), 'spec.loadBalancerIP');
  put(service('sctp', { ports: [{ name: 'a', port: 5000, protocol: 'SCTP' }] }), 'SCTP');
  put(service('udp', { ports: [{ name: 'a', port: 5001, protocol: 'UDP' }] }), 'UDP');
  put(service('app', { ports: [{ name: 'a', port: 5002, appProtocol: 'example.com/telepathy' }] }));
  put(service('twice', { ports: [{ name: 'a', port: 80 }], loadBalancerClass: 'weir-lb.dev/test' }));
  const named = core('Service', 'named', {
    spec: { type: 'ExternalName', externalName: 'a.example.com', ports: [{ port: 80 }] },
  });
  put({ ...named, metadata: { ...named.metadata, annotations: { 'weir-lb.dev/export': 'true' } } }, 'host names');

  const slice = (name: string, of: string, rest: object) => {
    const made = core('EndpointSlice', name, rest, 'discovery.k8s.io/v1');
    put({ ...made, metadata: { ...made.metadata, labels: { 'kubernetes.io/service-name': of } } });
  };
  for (const [name, rest] of Object.entries({
    portless: { addressType: 'IPv4', ports: [], endpoints: [{ addresses: ['10.9.0.1'] }] },
    numberless: { addressType: 'IPv4', ports: [{ name: 'a' }], endpoints: [{ addresses: ['10.9.0.2'] }] },
    fqdn: { addressType: 'FQDN', ports: [{ name: 'a', port: 80 }], endpoints: [{ addresses: ['a.example.com'] }] },
    empty: { addressType: 'IPv6', ports: [{ name: 'a', port: 80 }], endpoints: [] },
  })) {
    put(service(name, {}), 'no targets');
    slice(name, name, rest);
  }
  slice('orphan', 'nobody', { addressType: 'IPv4', ports: [{ port: 80 }], endpoints: [{ addresses: ['10.9.0.3'] }] });

  for (const [i, text] of [
    '/a"b',
    '/a\nb',
    '/a b #{',
    '/%[env(HOME)]',
    `/${'x'.repeat(5_000)}`,
    '/(unclosed',
  ].entries())
    put(ingress(`path-${i}`, path({ path: text, pathType: 'ImplementationSpecific', backend: web })));
  const backends = {
    gone: { service: { name: 'gone', port: { number: 1 } } },
    port: { service: { name: 'web', port: { name: 'nowhere' } } },
    bucket: { resource: { apiGroup: 'example.com', kind: 'Bucket', name: 'b' } },
  };
  for (const [name, words] of [
    ['gone', 'gone'],
    ['port', 'nowhere'],
    ['bucket', 'resource'],
  ] as const)
    put(ingress(name, path({ path: '/', pathType: 'Prefix', backend: backends[name] })), words);
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const secret = (name: string, type: string, data: object) => put(core('Secret', name, { type, data }));
  secret('garbage', 'kubernetes.io/tls', { 'tls.crt': encode('not PEM'), 'tls.key': encode('\u0000') });
  secret('opaque', 'Opaque', { other: encode('x') });
  for (const name of ['garbage', 'opaque', 'missing']) {
    const spec = path({ path: '/', pathType: 'Prefix', backend: web });
    put(
      ingress(`tls-${name}`, { ...spec, tls: [{ hosts: [`${name}.test`], secretName: name }] }),
      `${namespace}/${name}`,
    );
  }
  return { objects, wrong };
}
