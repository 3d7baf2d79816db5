import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeCertificate } from '../../../src/cli/demo/certificate.ts';
import type { ExportedService } from '../../../src/model/index.ts';
import type { Placed } from './live-cluster.ts';
import { ingress, ingressClass, liveStage, service, serviceOf, slice } from './live-stage.ts';

const dayMs = 86_400_000;

function secret(name: string, host: string, more: object = {}): Placed {
  const made = makeCertificate({ names: [host], notBeforeMs: Date.now() - dayMs, notAfterMs: Date.now() + dayMs });
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'shop' },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': encode(made.certPem), 'tls.key': encode(made.keyPem), ...more },
  };
}

const tls = (name: string, host: string) => ({ tls: [{ hosts: [host], secretName: name }] });
const certsOf = ({ fronts }: ExportedService) =>
  fronts.flatMap((front) => (front.tls?.certs ?? []).map(({ sha256 }) => sha256));
const front = 'ingress/shop/front';

async function shop(t: Parameters<typeof liveStage>[0]) {
  const stage = await liveStage(t);
  const { cluster } = stage;
  cluster.put(ingressClass());
  cluster.put(service('web', { type: 'ClusterIP', loadBalancerClass: undefined }));
  cluster.put(slice('web', ['10.0.0.1']));
  return stage;
}

describe('Secrets of a living cluster', () => {
  it('are read by name, only those that a service names, before the first reading says anything', async (t) => {
    const { cluster, follow } = await shop(t);
    cluster.put(secret('front', 'a.test'));
    cluster.put(secret('other', 'b.test'));
    cluster.put(ingress('front', 'a.test', tls('front', 'a.test')));
    const live = follow();
    const first = await live.read();
    assert.deepEqual(first.problems, []);
    const [cert = ''] = certsOf(serviceOf(first, front));
    assert.match((await live.source.secret({ sha256: cert, origin: '', names: [] })) ?? '', /BEGIN [A-Z ]*PRIVATE KEY/);
    assert.deepEqual(
      cluster.asked.filter((path) => path.includes('secrets')),
      ['/api/v1/namespaces/shop/secrets?metadata.name=front'],
    );
  });

  it('are swapped when they change, and kept while they are bad or gone', async (t) => {
    const { cluster, follow } = await shop(t);
    cluster.put(secret('front', 'a.test'));
    cluster.put(ingress('front', 'a.test', tls('front', 'a.test')));
    const live = follow();
    const [one] = certsOf(serviceOf(await live.read(), front));
    cluster.put(secret('front', 'a.test'));
    const [two = ''] = certsOf(serviceOf(await live.read(), front));
    assert.notEqual(two, one);
    cluster.put(secret('front', 'a.test', { 'tls.key': 'AAAA' }));
    const bad = await live.read();
    assert.deepEqual(certsOf(serviceOf(bad, front)), [two]);
    assert.deepEqual(
      bad.problems.map(({ code }) => code),
      ['E_CERT_INVALID'],
    );
    cluster.remove('Secret', 'shop', 'front');
    const gone = await live.read();
    assert.deepEqual(certsOf(serviceOf(gone, front)), [two]);
    assert.deepEqual(
      gone.problems.map(({ code }) => code),
      ['E_CERT_MISSING'],
    );
    assert.ok((await live.source.secret({ sha256: two, origin: '', names: [] })) !== undefined);
  });

  it('are waited for when an Ingress names another one: TLS does not go for a moment', async (t) => {
    const { cluster, follow } = await shop(t);
    cluster.put(secret('one', 'a.test'));
    cluster.put(secret('two', 'a.test'));
    cluster.put(ingress('front', 'a.test', tls('one', 'a.test')));
    const live = follow();
    const [one] = certsOf(serviceOf(await live.read(), front));
    cluster.put(ingress('front', 'a.test', tls('two', 'a.test')));
    const now = await live.read();
    const certs = certsOf(serviceOf(now, front));
    assert.equal(certs.length, 1);
    assert.notEqual(certs[0], one);
    assert.deepEqual(now.problems, []);
    await live.until(() => cluster.reflectors.filter((path) => path.includes('secrets')).length === 1);
  });

  it('that may not be read are told by name', async (t) => {
    const { cluster, follow } = await shop(t);
    cluster.put(secret('front', 'a.test'));
    cluster.put(ingress('front', 'a.test', tls('front', 'a.test')));
    cluster.faults.set('secrets/shop', 'forbidden');
    const live = follow();
    const now = await live.read();
    assert.match(
      now.problems.map(({ message }) => message).join('\n'),
      /Secret shop\/front cannot be read: .*forbidden/,
    );
    cluster.faults.clear();
    cluster.judge();
    await live.until((later) => certsOf(serviceOf(later, front)).length === 1 && later.problems.length === 0);
  });

  it('serve over a restart while the cluster is away', async (t) => {
    const { cluster, follow } = await shop(t);
    cluster.put(secret('front', 'a.test'));
    cluster.put(ingress('front', 'a.test', tls('front', 'a.test')));
    const first = follow();
    const [cert = ''] = certsOf(serviceOf(await first.read(), front));
    await first.stop();
    cluster.down = true;
    const second = follow();
    assert.deepEqual(certsOf(serviceOf(await second.read(), front)), [cert]);
    assert.match((await second.source.secret({ sha256: cert, origin: '', names: [] })) ?? '', /PRIVATE KEY/);
  });

  it('beyond a bound are read one by one, and noticed all the same', async (t) => {
    const { cluster, follow } = await shop(t);
    for (let i = 0; i < 40; i++) {
      cluster.put(secret(`s${i}`, `h${i}.test`));
      cluster.put(ingress(`front${i}`, `h${i}.test`, tls(`s${i}`, `h${i}.test`)));
    }
    const live = follow();
    const first = await live.read();
    assert.deepEqual(first.problems, []);
    assert.equal(cluster.reflectors.filter((path) => path.includes('secrets')).length, 32);
    const certs = first.services.flatMap(certsOf);
    assert.equal(certs.length, 40);
    for (let i = 0; i < 40; i++) cluster.put(secret(`s${i}`, `h${i}.test`));
    await live.until(({ services }) => services.flatMap(certsOf).every((cert) => !certs.includes(cert)));
  });

  it('are all read where that is asked for', async (t) => {
    const { cluster, follow } = await shop(t);
    cluster.put(secret('front', 'a.test'));
    cluster.put(ingress('front', 'a.test', tls('front', 'a.test')));
    const now = await follow({ secrets: 'all' }).read();
    assert.equal(certsOf(serviceOf(now, front)).length, 1);
    assert.deepEqual(
      cluster.asked.filter((path) => path.includes('secrets')),
      ['/api/v1/secrets'],
    );
  });
});
