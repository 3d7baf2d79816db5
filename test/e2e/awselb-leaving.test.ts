/** Deleted while no weir ran, found by one that remembers nothing: what was made for the object goes, and nothing else. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { networkService } from '../bench/awselb/manifests.ts';
import { FakeAws } from '../fakes/aws/index.ts';
import { type Seeded, seed } from '../fakes/aws/seed.ts';
import { type ControlPlane, eventually, makeNamespace, missingKube, sharedControlPlane } from '../kube/index.ts';
import { addressesOf, StatusUser } from './kube-status-stage.ts';

const ours = 'weir-lb.dev/resources';
const theirs = 'service.k8s.aws/resources';

describe('what is left of objects', { skip: missingKube() }, () => {
  let plane: ControlPlane;
  let user: StatusUser;
  let aws: FakeAws;
  let seeded: Seeded;
  let server: Awaited<ReturnType<FakeAws['listen']>>;

  const start = () =>
    user.start(
      { classes: ['service.k8s.aws/nlb', 'alb'] },
      {
        balancer: { name: 'aws', provider: 'awselb', options: { clusterName: 'test', vpcId: seeded.vpc } },
        auditInterval: '2s',
        leader: { leaseDuration: '2s', renewDeadline: '1500ms', retryPeriod: '200ms' },
      },
    );
  /** Kills it, and takes its memory away, as the end of a Pod with an emptyDir does. */
  const lose = async () => {
    await user.running?.stop('SIGKILL');
    await rm(join(user.folder, 'state'), { recursive: true, force: true });
  };
  const services = (namespace: string) => `/api/v1/namespaces/${namespace}/services`;
  const ingresses = (namespace: string) => `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`;
  const gone = (path: string) =>
    eventually(
      () => plane.client.probe('GET', path),
      (code) => code === 404,
      60_000,
    );
  const balancers = () => [...aws.world.elb.loadBalancers.all()].map(({ name }) => name.replace(/-[0-9a-f]{10}$/, ''));
  const apply = async (object: object) => {
    await plane.client.apply(Object(object));
  };
  const put = async (namespace: string, name: string, metadata: object = {}) => {
    const [service, slice] = networkService({ namespace, name, ports: [80], endpoints: [{ address: '10.0.135.10' }] });
    const { spec, metadata: written } = Object(service);
    const ports = [{ name: 'p80', port: 80 }];
    await apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace, name, annotations: written.annotations, ...metadata },
      spec: { ...spec, selector: undefined, ports, loadBalancerClass: 'service.k8s.aws/nlb' },
    });
    await apply(Object(slice));
  };
  /** In a group, so that nothing of the load balancer names the Ingress. */
  const putIngress = async (namespace: string, name: string) => {
    const [, slice] = networkService({ namespace, name, ports: [80], endpoints: [{ address: '10.0.135.11' }] });
    const metadata = { namespace, name };
    await apply({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'p80', port: 80 }] } });
    await apply(Object(slice));
    const backend = { service: { name, port: { number: 80 } } };
    const annotations = {
      'alb.ingress.kubernetes.io/target-type': 'ip',
      'alb.ingress.kubernetes.io/group.name': 'shared',
    };
    await apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { ...metadata, annotations },
      spec: { ingressClassName: 'alb', rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
    });
  };

  before(async () => {
    plane = await sharedControlPlane();
    user = await StatusUser.make(plane);
    aws = new FakeAws({ timings: { loadBalancer: { ms: 500 }, target: { ms: 200 }, interfaces: { ms: 200 } } });
    server = await aws.listen();
    seeded = seed(aws);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: server.url,
      AWS_REGION: aws.world.region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    await apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'alb' },
      spec: { controller: 'ingress.k8s.aws/alb' },
    });
    await start();
  });
  after(async () => {
    await user?.end();
    await plane?.client.remove('/apis/networking.k8s.io/v1/ingressclasses/alb');
    await server?.close();
  });

  it('goes with a Service and an Ingress that were deleted, their back ends before them; what others hold stays', async (t) => {
    const namespace = await makeNamespace(t, plane);
    await put(namespace, 'web');
    await put(namespace, 'peer');
    await putIngress(namespace, 'shop');
    await eventually(balancers, (all) => all.length === 3);
    const active = async (path: string) =>
      eventually(
        () => plane.client.request<Parameters<typeof addressesOf>[0]>('GET', path),
        (one) => addressesOf(one).length === 1,
        60_000,
      );
    for (const path of [`${services(namespace)}/web`, `${services(namespace)}/peer`, `${ingresses(namespace)}/shop`])
      await active(path);
    await lose();
    // The peer's own: its controller has to let it go.
    await plane.client.patch(`${services(namespace)}/peer`, { metadata: { finalizers: [theirs] } });
    for (const path of [
      `${services(namespace)}/web`,
      `${services(namespace)}/peer`,
      `${services(namespace)}/shop`,
      `${ingresses(namespace)}/shop`,
    ])
      await plane.client.remove(path);
    assert.deepEqual((await user.service(namespace, 'web')).metadata.finalizers, [ours]);
    await start();
    await gone(`${services(namespace)}/web`);
    await gone(`${ingresses(namespace)}/shop`);
    assert.equal(balancers().length, 1);
    assert.match(balancers()[0] ?? '', /-peer$/);
    assert.match(await user.state(), /W_ORPHAN/);
    await plane.client.patch(`${services(namespace)}/peer`, { metadata: { finalizers: [] } });
  });
});
