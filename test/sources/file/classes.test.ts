/** `classes` of a file source keeps out what another controller serves. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { weir } from '../../fakes/weir-process.ts';
import { openSource, readNow, temporary } from './open-temporary.ts';

const service = (name: string, more: string) => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { type: LoadBalancer, ${more} ports: [{ port: 80 }] }
---
`;

it('takes Services without a class unless classes are named', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-classes-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(
    join(folder, 'services.yaml'),
    service('plain', '') + service('named', 'loadBalancerClass: example.com/lb,'),
  );
  const taken = async (classes: string) => {
    const source = `{ type: file, paths: [./services.yaml]${classes} }`;
    const text = `sources: [${source}]\nbalancers: [{ name: main, provider: builtin }]\n`;
    await writeFile(join(folder, 'weir.yaml'), text);
    const { out, err } = await weir(['render', '-c', 'weir.yaml', '-o', 'json'], folder);
    const report: { services: { id: string }[] } = JSON.parse(out || err);
    return report.services.map(({ id }) => id).sort();
  };
  assert.deepEqual(await taken(''), ['shop/named', 'shop/plain']);
  assert.deepEqual(await taken(', classes: [example.com/lb]'), ['shop/named']);
});

it('serves an Ingress on when IngressClasses come and its own is not among them', async (t) => {
  const root = await temporary(t);
  const rule =
    'host: shop.test, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] }';
  const manifests = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: front, namespace: shop }
spec: { ingressClassName: own, rules: [{ ${rule} }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { ports: [{ port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-1, namespace: shop, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ port: 8080 }]
endpoints: [{ addresses: [10.0.0.1] }]
`;
  await writeFile(join(root, 'shop.yaml'), manifests);
  const source = openSource([root]);
  const served = async () => {
    const { services, problems } = await readNow(source);
    return [services.map(({ id }) => id), problems.map(({ code, service: id }) => `${code} ${id}`)];
  };
  assert.deepEqual(await served(), [['ingress/shop/front'], []]);
  const foreign = `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: nginx }
spec: { controller: k8s.io/ingress-nginx }
`;
  await writeFile(join(root, 'classes.yaml'), foreign);
  assert.deepEqual(await served(), [['ingress/shop/front'], ['E_FIELD_VALUE ingress/shop/front']]);
  await rm(join(root, 'classes.yaml'));
  assert.deepEqual(await served(), [['ingress/shop/front'], []]);
});
