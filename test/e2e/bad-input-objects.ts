/** Bad input in BCS JSON and Kubernetes manifests. */
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import type { BadCase } from './bad-input-cases.ts';
import { bcsService, ingress, secret, service, slice } from './whole-path-objects.ts';

export function objectCases(targetPort: number): readonly BadCase[] {
  const cases: BadCase[] = [];

  const bcs = (
    name: string,
    change: Readonly<Record<string, unknown>>,
    where: string,
    code: string,
    message: RegExp,
    status: BadCase['status'] = 200,
  ) => {
    const slug = `bcs-${cases.length}`;
    const good = bcsService('bad', slug, `${slug}.test`, 80, [{ ip: '127.0.0.1', port: targetPort }]);
    const bad = { ...good, ports: good.ports.map((port) => ({ ...port, ...change })) };
    const told = { code, service: `bad/${slug}`, field: where, message };
    cases.push({ name, slug, good: JSON.stringify([good]), bad: JSON.stringify([bad]), told, status, secure: false });
  };
  bcs('BCS: port 70000', { servicePort: 70_000 }, 'ports[0].servicePort', 'E_PORT', /65535/);
  bcs('BCS: line break in a host', { BCSVHost: 'a\nb' }, 'ports[0].BCSVHost', 'E_TEXT_UNSAFE', /line breaks/);
  bcs('BCS: unknown protocol', { protocol: 'gopher' }, 'ports[0].protocol', 'E_FIELD_VALUE', /http/);
  const evil = [{ targetIP: '127.0.0.1 disabled', targetPort: 1, label: [] }];
  bcs(
    'BCS: text in an address',
    { backends: evil },
    'ports[0].backends[0].targetIP',
    'E_ADDRESS',
    /the backend is left out/,
    503,
  );

  interface Objects {
    readonly namespace: string;
    readonly web: ReturnType<typeof service>;
    readonly slices: readonly ReturnType<typeof slice>[];
    readonly front: ReturnType<typeof ingress>;
    readonly tls: ReturnType<typeof secret>;
  }
  const kube = (name: string, bad: (objects: Objects) => readonly unknown[], told: BadCase['told']): void => {
    const slug = `kube-${cases.length}`;
    const pair = makeCertificate({ names: [`${slug}.test`] });
    const web = service(slug, 'web', 80, targetPort);
    const slices = [slice(slug, 'web', [{ address: '127.0.0.1', port: targetPort }])];
    const front = ingress(slug, 'front', `${slug}.test`, { '/': 'web' }, 'tls');
    const tls = secret(slug, 'tls', pair.certPem, pair.keyPem);
    const objects = { namespace: slug, web, slices, front, tls };
    const good = JSON.stringify([web, ...slices, front, tls]);
    cases.push({ name, slug, good, bad: JSON.stringify(bad(objects)), told, status: 200, secure: true });
  };
  const second = ({ slices }: Objects, change: object) =>
    slices.map((one) => ({ ...one, metadata: { ...one.metadata, name: 'web-2' }, ...change }));
  const portless = { ports: [{ name: 'http', protocol: 'TCP' }] };
  kube('Kubernetes: portless slice', (all) => [all.web, ...all.slices, all.front, all.tls, ...second(all, portless)], {
    code: 'E_PORTLESS',
    field: 'ports[0].port',
    message: /port/,
  });
  const fqdn = { addressType: 'FQDN', endpoints: [{ addresses: ['db.test'] }] };
  kube('Kubernetes: FQDN endpoint', (all) => [all.web, ...all.slices, all.front, all.tls, ...second(all, fqdn)], {
    code: 'E_ADDRESS',
    message: /host names/,
  });
  kube('Kubernetes: missing certificate', ({ web, slices, front }) => [web, ...slices, front], {
    code: 'E_CERT_MISSING',
    message: /tls/,
  });
  const expired = makeCertificate({
    names: ['old.test'],
    notBeforeMs: Date.UTC(2020, 0, 1),
    notAfterMs: Date.UTC(2021, 0, 1),
  });
  kube(
    'Kubernetes: expired certificate',
    ({ namespace, web, slices, front }) => [
      web,
      ...slices,
      front,
      secret(namespace, 'tls', expired.certPem, expired.keyPem),
    ],
    { code: 'E_CERT_EXPIRED', message: /expired/ },
  );
  kube(
    'Kubernetes: configuration in a path',
    ({ namespace, web, slices, tls }) => [
      web,
      ...slices,
      tls,
      ingress(namespace, 'front', `${namespace}.test`, { '/x"; } location /': 'web' }, 'tls'),
    ],
    { code: 'E_PATH', message: /path/ },
  );
  return cases;
}
