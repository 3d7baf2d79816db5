import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificate } from '../../../src/cli/demo/certificate.ts';
import type { Snapshot } from '../../../src/model/source.ts';
import { codesOf, openSource, readNow, targetsOf, temporary, web } from './open-temporary.ts';

const slice = (address: string): object => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  endpoints: [{ addresses: [address], conditions: { ready: true } }],
});

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
};

const bcs = {
  serviceName: 'pay',
  namespace: 'bank',
  ports: [{ protocol: 'tcp', servicePort: 90, backends: [{ targetIP: '10.3.0.1', targetPort: 90 }] }],
  BCSGroup: ['external'],
};

test('all kinds side by side; Kubernetes objects join across files', async (t) => {
  const root = await temporary(t);
  writeFileSync(join(root, '1.json'), JSON.stringify([service, bcs]));
  writeFileSync(
    join(root, '2.yaml'),
    `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [slice('10.0.0.5')] })}\n`,
  );
  writeFileSync(join(root, '3.yml'), web('a/x'));
  const source = openSource([root]);
  const before = await readNow(source);
  assert.deepEqual(before.problems, []);
  assert.deepEqual(targetsOf(before), { 'shop/web': '10.0.0.5:8080', 'bank/pay': '10.3.0.1:90', 'a/x': '10.0.0.1:80' });
  writeFileSync(join(root, '2.yaml'), JSON.stringify(slice('10.0.0.6')));
  const after = await readNow(source);
  assert.equal(targetsOf(after)['shop/web'], '10.0.0.6:8080');
  for (const id of ['bank/pay', 'a/x']) {
    const find = ({ services }: Snapshot) => services.find((found) => found.id === id);
    assert.equal(find(after), find(before), `${id} is the same object`);
  }
});

test('a Secret in one file serves an Ingress in another; its key is asked for by hash', async (t) => {
  const root = await temporary(t);
  const made = makeCertificate({ names: ['shop.test'], notAfterMs: Date.now() + 86_400_000 });
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name: 'shop', namespace: 'shop' },
    data: { 'tls.crt': base64(made.certPem), 'tls.key': base64(made.keyPem) },
  };
  const ingress = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'front', namespace: 'shop' },
    spec: {
      tls: [{ hosts: ['shop.test'], secretName: 'shop' }],
      rules: [
        {
          host: 'shop.test',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
          },
        },
      ],
    },
  };
  writeFileSync(join(root, '1.json'), JSON.stringify([ingress, service, slice('10.0.0.5')]));
  writeFileSync(join(root, '2.json'), JSON.stringify(secret));
  const stateDir = join(root, '.state');
  const source = openSource([root], { stateDir });
  const snapshot = await readNow(source);
  const ref = snapshot.services.flatMap(({ fronts }) => fronts).flatMap(({ tls }) => tls?.certs ?? [])[0];
  assert.ok(ref, JSON.stringify(snapshot.problems));
  assert.ok((await source.secret(ref))?.includes('PRIVATE KEY'));
  assert.ok(!JSON.stringify(snapshot).includes('PRIVATE KEY'));
  writeFileSync(join(root, '2.json'), '{');
  const again = openSource([root], { stateDir });
  assert.equal((await readNow(again)).services.length, snapshot.services.length);
  assert.ok((await again.secret(ref))?.includes('PRIVATE KEY'), 'the key survives the broken file and the restart');

  const old = makeCertificate({ names: ['shop.test'], notAfterMs: Date.now() - 86_400_000 });
  const useless = [
    ['E_CERT_MISSING', []],
    ['E_CERT_INVALID', { ...secret, data: { ...secret.data, 'tls.key': base64(old.keyPem) } }],
    ['E_CERT_EXPIRED', { ...secret, data: { 'tls.crt': base64(old.certPem), 'tls.key': base64(old.keyPem) } }],
  ] as const;
  for (const [code, object] of useless) {
    writeFileSync(join(root, '2.json'), JSON.stringify(object));
    const { services, problems } = await readNow(openSource([root], { stateDir }));
    assert.deepEqual(
      problems.map((problem) => problem.code),
      [code],
    );
    assert.match(problems[0]?.message ?? '', /its last good certificate stays in service/);
    const now = services.flatMap(({ fronts }) => fronts).flatMap(({ tls }) => tls?.certs ?? [])[0];
    assert.equal(now?.sha256, ref.sha256);
  }
});

test('an object of no kind is told and stops nothing', async (t) => {
  const root = await temporary(t);
  writeFileSync(join(root, 'a.yaml'), `hello: world\n---\njust text\n---\nkind: Exportedservice\n---\n${web('a/x')}`);
  const snapshot = await readNow(openSource([root]));
  assert.deepEqual(codesOf(snapshot), ['E_OBJECT_KIND', 'E_OBJECT_KIND', 'E_OBJECT_KIND']);
  assert.deepEqual(
    snapshot.problems.map(({ line, source }) => [line, source]),
    [
      [1, `${join(root, 'a.yaml')}#1`],
      [3, `${join(root, 'a.yaml')}#2`],
      [5, `${join(root, 'a.yaml')}#3`],
    ],
  );
  assert.deepEqual(Object.keys(targetsOf(snapshot)), ['a/x']);
});

test('one id in two files: the first by path, unless the other is older; the loser is told', async (t) => {
  const root = await temporary(t);
  mkdirSync(join(root, 'b'));
  writeFileSync(join(root, 'a.yaml'), web('a/x', '10.0.0.1:80'));
  writeFileSync(join(root, 'b', 'a.yaml'), web('a/x', '10.0.0.2:80'));
  const source = openSource([root]);
  const snapshot = await readNow(source);
  assert.deepEqual(targetsOf(snapshot), { 'a/x': '10.0.0.1:80' });
  assert.deepEqual(
    snapshot.problems.map(({ code, file }) => [code, file]),
    [['E_SERVICE_DUPLICATE', join(root, 'b', 'a.yaml')]],
  );
  writeFileSync(join(root, 'b', 'a.yaml'), web('a/x', '10.0.0.2:80', 'created: 2020-01-01\n'));
  assert.deepEqual(targetsOf(await readNow(source)), { 'a/x': '10.0.0.2:80' });
});

test('groups narrow BCS services; loopback targets follow allowTargets; a wrong range is a configuration error', async (t) => {
  const root = await temporary(t);
  writeFileSync(join(root, 'a.json'), JSON.stringify([bcs, { ...bcs, serviceName: 'inner', BCSGroup: ['internal'] }]));
  assert.deepEqual(Object.keys(targetsOf(await readNow(openSource([root], { groups: ['internal'] })))), ['bank/inner']);
  writeFileSync(join(root, 'a.json'), '');
  writeFileSync(join(root, 'b.yaml'), web('a/x', '127.0.0.1:80'));
  assert.deepEqual(codesOf(await readNow(openSource([root]))), []);
  assert.deepEqual(codesOf(await readNow(openSource([root], {}, { allowTargets: [] }))), ['E_ADDRESS_FORBIDDEN']);
  assert.throws(() => openSource([root], {}, { allowTargets: ['10.0.0.0/33'] }), /allowTargets/);
});
