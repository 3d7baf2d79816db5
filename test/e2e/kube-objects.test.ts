/** Objects as others write them: of no sense though the API server admits them, claiming what belongs to others, held up by a webhook. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApplyObject, deployment, eventually, missingKube, missingPods, serviceOf } from '../kube/index.ts';
import { malformedObjects } from './kube-malformed.ts';
import { fingerprintAt, makePlace } from './kube-path-stage.ts';
import { answerOf, answers, type Scene, startScene } from './kube-scene-stage.ts';
import { putClass, putIngress, putSecret, putService } from './kube-source-stage.ts';
import { addressesOf, programmedOf, until } from './kube-status-stage.ts';

describe('objects of a living cluster', { skip: missingKube() || missingPods() }, () => {
  let scene: Scene;
  const good = () => answerOf(scene.address, { port: 80, host: 'good.test' });
  const start = () => {
    const options = { addresses: [scene.address], numbersEvery: '1s' };
    return scene.user.start({}, { balancer: { options } });
  };
  const apply = (object: ApplyObject) => scene.plane.client.apply(object);

  before(async () => {
    scene = await startScene();
    const { plane } = scene;
    await putClass(plane);
    await makePlace(plane, 'shop');
    await Promise.all(['odd', 'other'].map((name) => makePlace(plane, name)));
    await plane.client.apply(deployment('shop', 'web', { replicas: 1, graceSeconds: 1 }));
    await plane.client.apply(serviceOf('shop', 'web'));
    await putIngress(plane, 'shop', 'good', { host: 'good.test' });
    await start();
    await answers(scene.address, { port: 80, host: 'good.test' }, /^200 web-/);
  });
  after(() => scene?.end());

  it('a webhook that nobody answers for one namespace: told, tried again, and nothing else waits', async () => {
    const { plane, user } = scene;
    const name = 'dead.weir.test';
    await plane.client.apply({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name },
      webhooks: [
        {
          name,
          clientConfig: { service: { namespace: 'odd', name: 'nobody', path: '/' } },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['services/status'] }],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'odd' } },
          failurePolicy: 'Fail',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          timeoutSeconds: 1,
        },
      ],
    });
    const failed = () => scene.metric('weir_kube_writes_total', 'resource="services/status"', 'reason="Admission"');
    // The API server hears of webhooks a little later.
    let port = 5600;
    await eventually(
      async () => {
        await putService(plane, 'odd', `held${port}`, { ports: [{ name: 'sql', port: port++ }] });
        await new Promise((resolve) => setTimeout(resolve, 300));
        return failed();
      },
      (count) => count > 0,
    );
    const held = `held${port - 1}`;
    await putService(plane, 'shop', 'free', { ports: [{ name: 'sql', port: 5599 }] });
    await until(
      () => user.service('shop', 'free'),
      (one) => programmedOf(one) === 'True Programmed',
    );
    assert.equal(programmedOf(await user.service('odd', held)), 'none');
    assert.match(await user.state(), new RegExp(`services/status ${held} in odd cannot be written.*webhook`));
    const before = await failed();
    await eventually(failed, (count) => count > before);
    await plane.client.remove(`/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${name}`);
    await until(
      () => user.service('odd', held),
      (one) => programmedOf(one) === 'True Programmed',
    );
    await eventually(
      () => user.state(),
      (text) => !text.includes('W_KUBE_WRITE'),
    );
    assert.ok((await scene.metric('weir_kube_writes_total', 'resource="services/status"', 'result="written"')) >= 2);
  });

  it("an Ingress that claims another namespace's host has nothing of it and an Event; the older knows nothing", async () => {
    const { plane, user } = scene;
    await apply(serviceOf('other', 'web'));
    await putIngress(plane, 'other', 'thief', { host: 'good.test' });
    const told = async (namespace: string) =>
      (await user.events(namespace)).filter(({ regarding }) => regarding.kind === 'Ingress');
    const conflicts = async (namespace: string) =>
      (await told(namespace)).filter(({ reason }) => reason === 'ROUTE_CONFLICT');
    const [event] = await eventually(
      () => conflicts('other'),
      (events) => events.length > 0,
    );
    assert.deepEqual([event?.reason, event?.type, event?.regarding.name], ['ROUTE_CONFLICT', 'Warning', 'thief']);
    assert.match(event?.note ?? '', /good\.test.*shop\/good/s);
    assert.match(await good(), /^200 web-/);
    assert.deepEqual(addressesOf(await user.ingress('other', 'thief')), []);
    assert.deepEqual(await conflicts('shop'), []);
  });

  it('a Secret of a megabyte: its certificate is served, and another one in its place, as any other', async () => {
    const { plane, address } = scene;
    const ballast = () => putSecret(plane, 'shop', 'large', { ballast: Buffer.alloc(760_000).toString('base64') });
    await ballast();
    await putIngress(plane, 'shop', 'large', { host: 'a.test', tls: 'large' });
    const first = await eventually(
      () => fingerprintAt(address, 'a.test'),
      (shown) => shown !== undefined,
    );
    await ballast();
    await eventually(
      () => fingerprintAt(address, 'a.test'),
      (shown) => shown !== undefined && shown !== first,
    );
    assert.match(await good(), /^200 web-/);
  });

  it('several slices of one Service, twice the same, of both families, one without ports: each Pod is one target', async () => {
    const { plane, user } = scene;
    const [[pod = '', address = ''] = []] = [...scene.kubelet.pods].filter(([name]) => name.startsWith('shop/web-'));
    const targetRef = { kind: 'Pod', namespace: 'shop', name: pod.split('/')[1] };
    const slice = (name: string, addressType: string, ports: readonly object[], addresses: readonly string[]) =>
      apply({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name, namespace: 'other', labels: { 'kubernetes.io/service-name': 'sliced' } },
        addressType,
        ports,
        endpoints: addresses.map((one) => ({ addresses: [one], conditions: { ready: true }, targetRef })),
      });
    const http = [{ name: 'http', port: 8080 }];
    await slice('one', 'IPv4', http, [address]);
    await slice('again', 'IPv4', http, [address]);
    await slice('sixth', 'IPv6', http, ['2001:db8::1']);
    await slice('portless', 'IPv4', [], ['10.9.0.9']);
    await putService(plane, 'other', 'sliced', { ports: [{ name: 'http', port: 5700 }] });
    await answers(scene.address, { port: 5700 }, /^200 web-/);
    const targets = async () => {
      const { services }: { services: { id: string; targets: { total: number } }[] } = JSON.parse(await user.state());
      return services.find(({ id }) => id === 'other/sliced')?.targets;
    };
    assert.deepEqual(await eventually(targets, (found) => (found?.total ?? 0) > 0), { ready: 1, total: 1 });
    await slice('one', 'IPv4', http, []);
    await slice('sixth', 'IPv6', http, []);
    await slice('again', 'IPv4', [], [address]);
    await eventually(targets, (found) => found?.total === 0);
    assert.match(await good(), /^200 web-/);
  });

  it('of no sense: each is told, and the good one is served as ever, by a weir that finds them all at its start too', async () => {
    const { plane, user } = scene;
    const { objects, wrong } = malformedObjects('odd');
    for (const object of objects) await apply(object);
    const untold = async () => {
      const { problems }: { problems: { source: string; message: string }[] } = JSON.parse(await user.state());
      return wrong.filter(
        ([source, words]) => !problems.some((one) => one.source === source && one.message.includes(words)),
      );
    };
    await eventually(untold, (missing) => missing.length === 0);
    assert.match(await good(), /^200 web-/);
    const odd = await until(
      () => user.service('odd', 'address'),
      (one) => programmedOf(one).startsWith('False'),
    );
    assert.match(odd.status?.conditions?.[0]?.message ?? '', /spec\.loadBalancerIP/);
    assert.equal(programmedOf(await user.service('odd', 'web')), 'none');
    await user.running?.stop();
    await start();
    await answers(scene.address, { port: 80, host: 'good.test' }, /^200 web-/);
    await eventually(untold, (missing) => missing.length === 0);
    await putIngress(plane, 'shop', 'late', { host: 'late.test' });
    await answers(scene.address, { port: 80, host: 'late.test' }, /^200 web-/);
    assert.equal(await scene.metric('weir_units', 'state="failed"'), 0);
  });
});
