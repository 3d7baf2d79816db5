/** Finalizers in a real API server, on the strict account: no load balancer outlives the object that it was made for. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { networkService } from '../bench/awselb/manifests.ts';
import { FakeAws } from '../fakes/aws/index.ts';
import { type Seeded, seed } from '../fakes/aws/seed.ts';
import { type ControlPlane, eventually, makeNamespace, missingKube, sharedControlPlane } from '../kube/index.ts';
import { addressesOf, grantStatus, programmedOf, StatusUser, until, type Written } from './kube-status-stage.ts';

const ours = 'weir-lb.dev/resources';
type Metadata = Readonly<Record<string, unknown>> & { readonly annotations?: Readonly<Record<string, string>> };
const theirs = 'service.k8s.aws/resources';

describe('objects with something in a cloud', { skip: missingKube() }, () => {
  let plane: ControlPlane;
  let user: StatusUser;
  let aws: FakeAws;
  let seeded: Seeded;
  let server: Awaited<ReturnType<FakeAws['listen']>>;

  const start = (source: object = {}, more: object = {}) =>
    user.start(
      { classes: ['service.k8s.aws/nlb'], ...source },
      {
        balancer: { name: 'aws', provider: 'awselb', options: { clusterName: 'test', vpcId: seeded.vpc } },
        auditInterval: '2s',
        status: { podReadiness: true },
        leader: { leaseDuration: '2s', renewDeadline: '1500ms', retryPeriod: '200ms' },
        ...more,
      },
    );
  const path = (namespace: string, name: string) => `/api/v1/namespaces/${namespace}/services/${name}`;
  const gone = (namespace: string, name: string, withinMs = 60_000) =>
    eventually(
      () => plane.client.probe('GET', path(namespace, name)),
      (code) => code === 404,
      withinMs,
    );
  const balancers = () => [...aws.world.elb.loadBalancers.all()].length;
  /** As the API server would make it of what its user writes. */
  const put = async (namespace: string, name: string, metadata: Metadata = {}, endpoint?: object, port = 80) => {
    const [service, slice] = networkService({
      namespace,
      name,
      ports: [port],
      endpoints: [{ address: '10.0.135.10' }],
    });
    const { spec, metadata: written } = Object(service);
    await plane.client.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace, name, ...metadata, annotations: { ...written.annotations, ...metadata.annotations } },
      spec: {
        ...spec,
        selector: undefined,
        ports: [{ name: `p${port}`, port }],
        loadBalancerClass: 'service.k8s.aws/nlb',
      },
    });
    const { kind, apiVersion, ...rest } = Object(slice);
    const endpoints = endpoint === undefined ? {} : { endpoints: [endpoint] };
    await plane.client.apply({ ...rest, ...endpoints, apiVersion, kind });
  };
  const whole = (namespace: string, name: string) =>
    eventually(
      () => user.service(namespace, name),
      (one) => programmedOf(one) === 'True Programmed' && addressesOf(one).length === 1,
      60_000,
    );

  before(async () => {
    plane = await sharedControlPlane();
    user = await StatusUser.make(plane);
    aws = new FakeAws({ timings: { loadBalancer: { ms: 1_500 }, target: { ms: 300 }, interfaces: { ms: 300 } } });
    server = await aws.listen();
    seeded = seed(aws);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: server.url,
      AWS_REGION: aws.world.region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    await start();
  });
  after(async () => {
    await user?.end();
    await server?.close();
  });

  it('are held before it is made, tell its name when it is active, and go after it has gone', async (t) => {
    const namespace = await makeNamespace(t, plane);
    await put(namespace, 'web');
    await eventually(balancers, (count) => count === 1);
    const made = await user.service(namespace, 'web');
    assert.deepEqual([made.metadata.finalizers, addressesOf(made)], [[ours], []]);
    const active = await whole(namespace, 'web');
    assert.match(addressesOf(active)[0] ?? '', /\.elb\..*amazonaws\.com$/);
    await user.kubectl('delete', 'svc', 'web', '-n', namespace, '--wait=false');
    const leaving = await until(
      () => user.service(namespace, 'web'),
      (one) => /Deleting/.test(programmedOf(one)),
    );
    assert.match(leaving.status?.conditions?.[0]?.message ?? '', /deletion waits for .*LoadBalancer service.* to go/);
    await gone(namespace, 'web');
    assert.equal(balancers(), 0);
    const told = (await user.events(namespace)).filter(({ reason }) => reason === 'Deleting');
    assert.deepEqual(
      told.map(({ type }) => type),
      ['Normal'],
    );
  });

  it('are taken over from the controller that held them before', async (t) => {
    const namespace = await makeNamespace(t, plane);
    await put(namespace, 'old', { finalizers: [theirs, 'example.com/keep'] });
    const held = await until(
      () => user.service(namespace, 'old'),
      ({ metadata }) => metadata.finalizers?.includes(ours) === true,
    );
    assert.deepEqual(held.metadata.finalizers, ['example.com/keep', ours]);
    await plane.client.patch(path(namespace, 'old'), { metadata: { finalizers: [ours] } });
    await plane.client.remove(path(namespace, 'old'));
    await gone(namespace, 'old');
  });

  it('leave a load balancer that others of their group keep', async (t) => {
    const namespace = await makeNamespace(t, plane);
    const shared = (name: string, port: number) =>
      put(namespace, name, { annotations: { 'weir-lb.dev/settings.awselb': '{"group":"edge"}' } }, undefined, port);
    await shared('one', 81);
    await whole(namespace, 'one');
    await shared('two', 82);
    await whole(namespace, 'two');
    assert.equal(balancers(), 1);
    await plane.client.remove(path(namespace, 'one'));
    // Sooner than the load balancer is read again, which nobody changed.
    await gone(namespace, 'one', 30_000);
    assert.deepEqual([balancers(), programmedOf(await user.service(namespace, 'two'))], [1, 'True Programmed']);
    await plane.client.remove(path(namespace, 'two'));
    await gone(namespace, 'two');
    assert.equal(balancers(), 0);
  });

  it('with Pods that wait for the load balancer: those are its targets, and ready when it finds them healthy', async (t) => {
    const namespace = await makeNamespace(t, plane);
    await plane.client.patch(`/api/v1/namespaces/${namespace}`, {
      metadata: { labels: { 'elbv2.k8s.aws/pod-readiness-gate-inject': 'enabled' } },
    });
    const gate = 'target-health.elbv2.k8s.aws/k8s-any-gated';
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'gated-0', namespace } };
    const spec = { nodeName: 'n', containers: [{ name: 'a', image: 'a' }], readinessGates: [{ conditionType: gate }] };
    await plane.client.apply({ ...pod, spec });
    const podPath = `/api/v1/namespaces/${namespace}/pods/gated-0`;
    const conditions = [
      { type: 'ContainersReady', status: 'True' },
      { type: 'Ready', status: 'False' },
    ];
    await plane.client.patch(`${podPath}/status`, {
      status: { podIP: '10.0.135.20', podIPs: [{ ip: '10.0.135.20' }], conditions },
    });
    await put(
      namespace,
      'gated',
      {},
      {
        addresses: ['10.0.135.20'],
        conditions: { ready: false, serving: false, terminating: false },
        targetRef: { kind: 'Pod', name: 'gated-0', namespace },
      },
    );
    const of = async (type: string) =>
      (await plane.client.request<Written>('GET', podPath)).status?.conditions?.find((one) => one.type === type);
    const healthy = await eventually(
      () => of(gate),
      (found) => found?.status === 'True',
      60_000,
    );
    assert.equal(healthy?.reason, 'Healthy');
    assert.equal((await of('ContainersReady'))?.status, 'True', 'what others write stays');
    await plane.client.remove(path(namespace, 'gated'));
    await gone(namespace, 'gated');
  });

  it('whose namespace goes, and with it the right to let them go, are let go by the command that is told', async (t) => {
    const home = await makeNamespace(t, plane);
    const namespace = `${home}-shop`;
    await plane.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const account = await plane.serviceAccount(home, 'weir');
    await grantStatus(plane, namespace, { home, account: 'weir' });
    await user.running?.stop('SIGKILL');
    await start({ kubeconfig: account.kubeconfig, namespaces: [namespace] }, { leader: { enabled: false } });
    await put(namespace, 'web');
    await whole(namespace, 'web');
    await user.kubectl('delete', 'namespace', namespace, '--wait=false');
    const told = /kubectl -n (\S+) patch (services) (web) (--type=merge) -p '([^']+)'/;
    const state = await eventually(
      async () => (await user.state()).replaceAll('\\"', '"'),
      (text) => told.test(text),
      60_000,
    );
    assert.equal(balancers(), 0, 'nothing is left when it is told');
    const [, space = '', kind = '', name = '', type = '', patch = ''] = told.exec(state) ?? [];
    await user.kubectl('-n', space, 'patch', kind, name, type, '-p', patch);
    await eventually(
      () => plane.client.probe('GET', `/api/v1/namespaces/${namespace}`),
      (code) => code === 404,
      60_000,
    );
    await eventually(
      () => user.state(),
      (text) => !text.includes('W_KUBE_WRITE'),
    );
    await user.running?.stop('SIGKILL');
    await start();
  });

  it('whose namespace went while no weir was there are let go by what is told to one that cannot see them', async (t) => {
    const home = await makeNamespace(t, plane);
    const namespace = `${home}-shop`;
    await plane.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const { kubeconfig } = await plane.serviceAccount(home, 'weir');
    for (const one of [home, namespace]) await grantStatus(plane, one, { home, account: 'weir' });
    const again = (namespaces: readonly string[]) => start({ kubeconfig, namespaces }, { leader: { enabled: false } });
    await user.running?.stop('SIGKILL');
    await again([home, namespace]);
    await put(namespace, 'web');
    await whole(namespace, 'web');
    await user.running?.stop('SIGKILL');
    await user.kubectl('delete', 'namespace', namespace, '--wait=false');
    const role = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/weir`;
    await eventually(
      () => plane.client.probe('GET', role),
      (code) => code === 404,
      60_000,
    );
    await again([home, namespace]);
    const told = /kubectl (-n \S+ patch services) NAME (--type=merge) -p '([^']+)'/;
    const state = await eventually(
      async () => (await user.state()).replaceAll('\\"', '"'),
      (text) => told.test(text),
    );
    assert.equal(balancers(), 1, 'nobody has said that it goes');
    await user.running?.stop('SIGKILL');
    await again([home]);
    await eventually(balancers, (count) => count === 0, 60_000);
    const [, words = '', type = '', patch = ''] = told.exec(state) ?? [];
    await user.kubectl(...words.split(' '), 'web', type, '-p', patch);
    await eventually(
      () => plane.client.probe('GET', `/api/v1/namespaces/${namespace}`),
      (code) => code === 404,
      60_000,
    );
    await user.running?.stop('SIGKILL');
    await start();
  });

  it('wait for a weir that was killed meanwhile', async (t) => {
    const namespace = await makeNamespace(t, plane);
    await put(namespace, 'late');
    await whole(namespace, 'late');
    await user.running?.stop('SIGKILL');
    await plane.client.remove(path(namespace, 'late'));
    assert.deepEqual((await user.service(namespace, 'late')).metadata.finalizers, [ours]);
    assert.equal(balancers(), 1);
    await start();
    await gone(namespace, 'late');
    assert.equal(balancers(), 0);
  });
});
