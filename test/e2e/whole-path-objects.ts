/** Objects as a cluster would export them, as plain JSON. */

const labels = { team: 'test' };

export function service(namespace: string, name: string, port: number, targetPort: number) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name, labels },
    spec: { ports: [{ name: 'http', port, targetPort }], selector: { app: name } },
  };
}

export function slice(
  namespace: string,
  name: string,
  endpoints: readonly { readonly address: string; readonly port: number; readonly ready?: boolean }[],
) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: endpoints[0]?.port ?? 1, protocol: 'TCP' }],
    endpoints: endpoints.map(({ address, ready = true }) => ({ addresses: [address], conditions: { ready } })),
  };
}

export function ingress(
  namespace: string,
  name: string,
  host: string,
  paths: Readonly<Record<string, string>>,
  secretName: string,
) {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { namespace, name },
    spec: {
      tls: [{ hosts: [host], secretName }],
      rules: [
        {
          host,
          http: {
            paths: Object.entries(paths).map(([path, backend]) => ({
              path,
              pathType: 'Prefix',
              backend: { service: { name: backend, port: { number: 80 } } },
            })),
          },
        },
      ],
    },
  };
}

export function secret(namespace: string, name: string, certPem: string, keyPem: string) {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { namespace, name },
    data: { 'tls.crt': encode(certPem), 'tls.key': encode(keyPem) },
  };
}

export function bcsService(
  namespace: string,
  serviceName: string,
  host: string,
  servicePort: number,
  backends: readonly { readonly ip: string; readonly port: number }[],
) {
  return {
    namespace,
    serviceName,
    BCSGroup: ['external'],
    balance: 'roundrobin',
    sslcert: false,
    maxconn: 50_000,
    ports: [
      {
        name: 'http',
        protocol: 'http',
        BCSVHost: host,
        path: '/',
        servicePort,
        backends: backends.map(({ ip, port }) => ({ targetIP: ip, targetPort: port, label: [] })),
      },
    ],
  };
}
