/** What a Service says in its own fields, as clients of the real HAProxy find it, from a living cluster and Pods that answer. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ask } from '../fakes/ask.ts';
import { type ApplyObject, deployment, eventually, missingKube, missingPods, serviceOf } from '../kube/index.ts';
import { makePlace } from './kube-path-stage.ts';
import { answerOf, answers, type Scene, startScene } from './kube-scene-stage.ts';
import { putSecret } from './kube-source-stage.ts';
import { addressesOf, programmedOf, until } from './kube-status-stage.ts';

const shop = 'shop';

let scene: Scene;

describe('Services of a living cluster', { skip: missingKube() || missingPods() }, () => {
  before(async () => {
    scene = await startScene(2);
    await makePlace(scene.plane, shop);
    await Promise.all([
      scene.plane.client.apply(deployment(shop, 'web', { replicas: 3, graceSeconds: 1 })),
      scene.plane.client.apply(deployment(shop, 'cart', { replicas: 1, graceSeconds: 1 })),
      scene.user.start({}),
    ]);
  });
  after(() => scene?.end());

  describe('with their own fields', fields);
  describe('with the annotation of BCS', bcs);
});

function fields() {
  let nextPort = 7000;

  /** A LoadBalancer of our class in front of Pods of that name; answers its port. */
  const put = async (name: string, spec: object = {}, of = name) => {
    const port = nextPort++;
    const ours = { type: 'LoadBalancer', loadBalancerClass: 'weir-lb.dev/test', selector: { app: of } };
    await scene.plane.client.apply(
      serviceOf(shop, name, { ...ours, ports: [{ name: 'http', port, targetPort: 'http' }], ...spec }),
    );
    return port;
  };
  const change = (name: string, spec: object) =>
    scene.plane.client.patch(`/api/v1/namespaces/${shop}/services/${name}`, { spec });
  /** Who answers a client now. */
  const who = (port: number, from?: string) =>
    answerOf(scene.address, { port, ...(from === undefined ? {} : { from }) });
  const everybody = (port: number, from?: string) => {
    const seen = new Set<string>();
    return eventually(
      async () => seen.add(await who(port, from)),
      (all) => [...all].filter((answer) => answer.startsWith('200')).length === 3,
    );
  };

  it('sessionAffinity ClientIP: a client stays with its Pod, whatever others do, until that Pod goes', async () => {
    const port = await put('sticky', {}, 'web');
    await everybody(port, '127.9.9.1');
    await change('sticky', {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 600 } },
    });
    const calls = (count: number, from: string) => Promise.all(Array.from({ length: count }, () => who(port, from)));
    await eventually(
      async () => new Set(await calls(12, '127.9.9.1')),
      (seen) => seen.size === 1,
    );
    const clients = Array.from({ length: 12 }, (_, i) => `127.9.9.${i + 1}`);
    const pods = new Map<string, string>();
    for (const client of clients) pods.set(client, await who(port, client));
    assert.ok(new Set(pods.values()).size > 1, 'clients are spread');
    for (const client of clients) assert.deepEqual(new Set(await calls(3, client)), new Set([pods.get(client)]));
    const reloads = await scene.metric('weir_haproxy_reloads_total');
    const [, pod = ''] = pods.get('127.9.9.1')?.split(' ') ?? [];
    await scene.plane.client.remove(`/api/v1/namespaces/${shop}/pods/${pod}`);
    await eventually(
      () => who(port, '127.9.9.1'),
      (answer) => answer.startsWith('200 web-') && !answer.endsWith(pod),
    );
    const others = clients.filter((client) => !pods.get(client)?.endsWith(pod));
    // The one that comes in its place takes its share, and no more.
    const asked = () => Promise.all(clients.map(async (client) => [client, await who(port, client)] as const));
    await eventually(
      async () => new Map(await asked()),
      (now) => others.filter((client) => now.get(client) === pods.get(client)).length * 2 >= others.length,
    );
    await eventually(
      () => scene.plane.client.probe('GET', `/api/v1/namespaces/${shop}/pods/${pod}`),
      (code) => code === 404,
    );
    await settled(asked);
    const before = await asked();
    assert.equal(await scene.metric('weir_haproxy_reloads_total'), reloads);
    await scene.plane.client.patch(`/api/v1/namespaces/${shop}/services/sticky`, {
      metadata: { annotations: { 'weir-lb.dev/timeout-server': '7s' } },
    });
    await eventually(
      () => scene.metric('weir_haproxy_reloads_total'),
      (count) => count > reloads,
    );
    assert.deepEqual(await asked(), before, 'the same after a reload');
  });

  it('loadBalancerSourceRanges: who is not named gets no answer, as soon as it is said and until it is taken back', async () => {
    const port = await put('ranged', { loadBalancerSourceRanges: ['127.9.0.0/16'] }, 'web');
    await answers(scene.address, { port, from: '127.9.1.1' }, /^200 web-/);
    assert.doesNotMatch(await who(port, '127.8.1.1'), /^200/);
    await change('ranged', { loadBalancerSourceRanges: ['127.8.0.0/16'] });
    await answers(scene.address, { port, from: '127.8.1.1' }, /^200 web-/);
    assert.doesNotMatch(await who(port, '127.9.1.1'), /^200/);
    await change('ranged', { loadBalancerSourceRanges: null });
    await answers(scene.address, { port, from: '127.9.1.1' }, /^200 web-/);
    assert.match(await who(port, '127.8.1.1'), /^200 web-/);
  });

  it('externalTrafficPolicy Local and allocateLoadBalancerNodePorts false: Pods are reached as ever, without a node port', async () => {
    const spec = { externalTrafficPolicy: 'Local', allocateLoadBalancerNodePorts: false };
    const port = await put('portless', spec, 'web');
    await everybody(port);
    const service = await scene.plane.client.request<{ spec: { ports: { nodePort?: number }[] } }>(
      'GET',
      `/api/v1/namespaces/${shop}/services/portless`,
    );
    assert.equal(service.spec.ports[0]?.nodePort, undefined);
  });

  it('externalIPs: those of this machine are listened on and told, beside nothing else', async () => {
    // The machine's own end of the network of the Pods.
    const host = `${scene.kubelet.nodes[0]?.address.split('.').slice(0, 3).join('.')}.1`;
    const port = await put('external', { externalIPs: [host] }, 'web');
    await answers(host, { port }, /^200 web-/);
    const written = await until(
      () => scene.user.service(shop, 'external'),
      (one) => programmedOf(one) === 'True Programmed',
    );
    assert.deepEqual(addressesOf(written), [host]);
    await put('elsewhere', { externalIPs: ['203.0.113.7'] }, 'web');
    await until(
      () => scene.user.service(shop, 'elsewhere'),
      (one) => one.status?.conditions?.some(({ message }) => message.includes('203.0.113.7')) === true,
    );
    await answers(host, { port }, /^200 web-/);
    await scene.plane.client.remove(`/api/v1/namespaces/${shop}/services/elsewhere`);
  });

  it('a named target port is the number that each Pod has for it', async () => {
    for (const [name, http] of [
      ['mixed-a', 8081],
      ['mixed-b', 9091],
    ] as const)
      await scene.plane.client.apply(
        labelled(deployment(shop, name, { replicas: 1, graceSeconds: 1, ports: { http } }), 'mixed'),
      );
    const port = await put('mixed');
    const seen = new Set<string>();
    await eventually(
      async () => seen.add((await who(port)).split('-').slice(0, 2).join('-')),
      (all) => all.has('200 mixed-a') && all.has('200 mixed-b'),
    );
  });

  it('a selector that matches nothing: an Event says so, and it is served as soon as a Pod is there', async () => {
    const port = await put('nobody');
    const reasons = async () =>
      (await scene.user.events(shop))
        .filter(({ regarding }) => regarding.kind === 'Service' && regarding.name === 'nobody')
        .map(({ type, reason }) => `${type} ${reason}`);
    await eventually(reasons, (told) => told.includes('Warning NO_TARGETS'));
    assert.doesNotMatch(await who(port), /^200/);
    await scene.plane.client.apply(deployment(shop, 'nobody', { replicas: 1, graceSeconds: 1 }));
    await answers(scene.address, { port }, /^200 nobody-/);
    await eventually(reasons, (told) => told.includes('Normal Resolved'));
  });
}

function bcs() {
  const web = (port: number, host: string) => answerOf(scene.address, { port, host });
  const put = (name: string, metadata: object, ports: readonly object[]) =>
    scene.plane.client.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: shop, ...metadata },
      spec: { type: 'ClusterIP', selector: { app: 'cart' }, ports },
    });

  it('is reachable by its own name on port 80, and by the host that JSON or a label names', async () => {
    const annotations = { 'bcs-loadbalance.bk': 'true' };
    await put('cart', { annotations }, [{ port: 80, targetPort: 'http' }]);
    await answers(scene.address, { port: 80, host: 'cart' }, /^200 cart-/);
    const json = { annotations: { 'bcs-loadbalance.bk': '{"BCSVHost": "www.json.test"}' } };
    await put('json', json, [{ port: 80, targetPort: 'http' }]);
    await put('label', { annotations, labels: { BCSVHost: 'www.label.test' } }, [{ port: 80, targetPort: 'http' }]);
    await answers(scene.address, { port: 80, host: 'www.json.test' }, /^200 cart-/);
    await answers(scene.address, { port: 80, host: 'www.label.test' }, /^200 cart-/);
    assert.match(await web(80, 'json'), /^404/);
    const written = await until(
      () => scene.user.service(shop, 'cart'),
      (one) => programmedOf(one) === 'True Programmed',
    );
    assert.deepEqual(addressesOf(written), [], 'the address of a ClusterIP Service is nobody else to write');
  });

  it('has all its ports: 443 with its certificate, a second HTTP port that is told, others as TCP', async () => {
    await putSecret(scene.plane, shop, 'safe');
    const annotations = { 'bcs-loadbalance.bk': '{}', 'weir-lb.dev/tls-secret': 'safe' };
    await put('many', { annotations }, [
      { name: 'web', port: 80, targetPort: 'http' },
      { name: 'safe', port: 443, targetPort: 'http' },
      { name: 'admin', port: 8081, targetPort: 'http', appProtocol: 'http' },
      { name: 'raw', port: 6379, targetPort: 'http' },
    ]);
    for (const port of [80, 8081, 6379]) await answers(scene.address, { port, host: 'many' }, /^200 cart-/);
    const safe = () =>
      ask({ address: scene.address, port: 443, host: 'many', tls: {} }).then(
        ({ status }) => status,
        () => 0,
      );
    await eventually(safe, (status) => status === 200);
    assert.match(await web(8081, 'other'), /^404/, 'by its name alone, as port 80');
    assert.match(await web(6379, 'other'), /^200/);
    const told = await eventually(
      () => scene.user.events(shop),
      (events) => events.some(({ regarding, reason }) => regarding.name === 'many' && reason === 'FEATURE'),
    );
    const notes = told.filter(({ regarding }) => regarding.name === 'many').map(({ note }) => note);
    assert.match(notes.join('\n'), /second http port beside 80/);
  });

  it('is not half served: JSON that cannot be read is told, and so is 443 without a certificate', async () => {
    await put('odd', { annotations: { 'bcs-loadbalance.bk': '{"BCSVHost": ' } }, [{ port: 80, targetPort: 'http' }]);
    await put('bare', { annotations: { 'bcs-loadbalance.bk': '' } }, [
      { name: 'a', port: 80, targetPort: 'http' },
      { name: 'b', port: 443, targetPort: 'http' },
    ]);
    const told = async (name: string) =>
      (await scene.user.events(shop)).filter(({ regarding }) => regarding.name === name).map(({ reason }) => reason);
    await eventually(
      () => told('odd'),
      (reasons) => reasons.includes('ANNOTATION_VALUE'),
    );
    await eventually(
      () => told('bare'),
      (reasons) => reasons.includes('CERT_MISSING'),
    );
    // What is wrong is told at once; that the other port is served takes a moment more.
    await eventually(
      () => web(80, 'bare'),
      (answer) => answer.startsWith('200 cart-'),
    );
    assert.match(await web(80, 'odd'), /^404/);
  });

  it('may not write http in place of TCP: that the API server itself refuses, and only files can say it', async () => {
    const refused = put('spelt', { annotations: { 'bcs-loadbalance.bk': '' } }, [{ port: 80, protocol: 'http' }]);
    await assert.rejects(refused, /Unsupported value: "http"/);
  });
}

/** Until it answers the same twice. */
async function settled(ask: () => Promise<unknown>): Promise<void> {
  let last = '';
  await eventually(
    async () => {
      const [before, now] = [last, JSON.stringify(await ask())];
      last = now;
      return before === now;
    },
    (same) => same,
  );
}

/** Its Pods have another label besides. */
function labelled(made: ApplyObject, app: string): ApplyObject {
  const { spec } = Object(made);
  const labels = { app, part: made.metadata.name };
  return {
    ...made,
    spec: { ...spec, selector: { matchLabels: labels }, template: { ...spec.template, metadata: { labels } } },
  };
}
