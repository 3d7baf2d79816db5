/** weir under the roles of its chart, beside a real API server that writes down what it is asked: nothing is refused, no rule is idle. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Manifest, renderChart } from '../deploy/bases.ts';
import { FakeAws } from '../fakes/aws/index.ts';
import { seed } from '../fakes/aws/seed.ts';
import { ownAddress } from '../fakes/own-address.ts';
import { startWeir, type WeirProcess } from '../fakes/weir-process.ts';
import { type ControlPlane, eventually, findPrograms, helm, missingKube, startControlPlane } from '../kube/index.ts';
import { type Manager, manageHaproxy } from './haproxy-attached.ts';
import { type Audit, allowedBy, keepAudit } from './kube-deploy-audit.ts';
import { putCloud, putPools, putWeb } from './kube-deploy-objects.ts';
import { chart, configOf, putNamespace, valueSets } from './kube-deploy-stage.ts';
import { putService, putSlice } from './kube-source-stage.ts';

interface Installed {
  readonly objects: readonly Manifest[];
  readonly account: string;
  /** Starts it again. */
  start(): Promise<WeirProcess>;
}

describe('the rights of the chart', { skip: missingKube() || (findPrograms('helm').missing ?? false) }, () => {
  let audit: Audit;
  let plane: ControlPlane;
  let folder = '';
  const aws = new FakeAws({ timings: { loadBalancer: { ms: 500 }, target: { ms: 300 }, interfaces: { ms: 300 } } });
  const { vpc } = seed(aws);
  let endpoint: Awaited<ReturnType<FakeAws['listen']>>;
  let manager: Manager | undefined;
  const running: WeirProcess[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-rights-'));
    endpoint = await aws.listen();
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
    Object.assign(process.env, { AWS_EC2_METADATA_DISABLED: 'true' });
    audit = keepAudit();
    plane = await startControlPlane({ flags: audit.flags });
    for (const name of ['weir-system', 'apps', 'metallb-system']) await putNamespace(plane, name, 'restricted');
    await putWeb(plane);
    await putCloud(plane, aws, vpc);
    await putPools(plane);
  });

  after(async () => {
    for (const weir of running) await weir.stop();
    await manager?.end();
    await plane?.stop();
    await endpoint?.close();
    audit?.end();
    await rm(folder, { recursive: true, force: true });
  });

  /** Out of which nobody gets an address by itself; how full it is is written there all the same. */
  const putPool = (name: string, address: string) =>
    plane.client.apply({
      apiVersion: 'metallb.io/v1beta1',
      kind: 'IPAddressPool',
      metadata: { name, namespace: 'metallb-system' },
      spec: { addresses: [`${address}/32`], autoAssign: false },
    });

  /** Installs the chart without Pods, and starts weir as its account with its configuration. */
  const install = async (release: string, namespace: string, values: readonly string[]): Promise<Installed> => {
    const args = [...values, '--set', 'replicas=0'];
    await helm(['install', release, chart, '--namespace', namespace, ...args], { plane });
    const objects = await renderChart(chart, { release, namespace, args });
    const { kubeconfig } = await plane.serviceAccount(namespace, release);
    const address = ownAddress(running.length);
    const config = configOf(objects)
      .replace('/var/lib/weir', join(folder, release))
      .replace('/run/weir/haproxy', join(folder, `${release}-haproxy`))
      .replace('0.0.0.0:8378', `${address}:8378`)
      .replace('127.0.0.1:8377', `${address}:8377`);
    const file = join(folder, `${release}.yaml`);
    await writeFile(file, config);
    const start = async () => {
      process.env.KUBECONFIG = kubeconfig;
      const weir = await startWeir(['-c', file], `${address}:8378`, folder);
      running.push(weir);
      return weir;
    };
    return { objects, account: `system:serviceaccount:${namespace}:${release}`, start };
  };

  /** Rules that nothing has asked for yet. */
  const idle = ({ objects, account }: Installed) => {
    const asked = audit.requests(account);
    return allowedBy(objects).filter((one) => !asked.has(one));
  };
  const refused = ({ account }: Installed) =>
    [...audit.requests(account)]
      .filter(([, codes]) => codes.has(403))
      .map(([what]) => what)
      .sort();
  /** An Event is told again when another process finds the same. */
  const toldAgain = ['get events.k8s.io/events', 'patch events.k8s.io/events'];
  const judge = async (installed: Installed, without: readonly string[]) => {
    const first = await installed.start();
    const others = () => idle(installed).filter((one) => !toldAgain.includes(one));
    await eventually(others, (rules) => rules.length === 0, 90_000);
    await first.stop('SIGKILL');
    await installed.start();
    await eventually(
      () => idle(installed),
      (rules) => rules.length === 0,
      60_000,
    );
    assert.deepEqual(refused(installed), without);
  };

  it('are what a controller of cloud load balancers, and of pools, asks for', async () => {
    await putPool('first', '192.0.2.77');
    const options = { clusterName: 'test', vpcId: vpc, region: aws.world.region, endpoint: endpoint.url };
    const balancers = [
      { name: 'aws', provider: 'awselb', options, shared: true },
      { name: 'vip', provider: 'builtin', fromPools: true, class: 'weir-lb.dev/vip', shared: true },
    ];
    const settings = { leader: { namespace: 'weir-system' }, status: { podReadiness: true } };
    const installed = await install('weir', 'weir-system', [
      ...['--set', 'mode=controller,classes.also={weir-e2e,alb,service.k8s.aws/nlb}'],
      ...['--set-json', `balancers=${JSON.stringify(balancers)}`, '--set-json', `settings=${JSON.stringify(settings)}`],
    ]);
    await judge(installed, []);
  });

  it('of one namespace are what a proxy asks for there, and what it goes on without', async () => {
    // It would say how full the pool is before.
    for (const weir of running) await weir.stop();
    await putPool('second', '192.0.2.78');
    const spec = { loadBalancerClass: 'weir-lb.dev/inside', ports: [{ name: 'http', port: 9000 }] };
    await putService(plane, 'apps', 'queue', spec);
    await putSlice(plane, 'apps', 'queue', ['10.0.128.10']);
    manager = manageHaproxy(join(folder, 'inside-haproxy'), join(folder, 'inside-haproxy', 'master.sock'));
    const installed = await install('inside', 'apps', [
      ...['--values', valueSets.get('one-namespace') ?? '', '--set', 'classes.also={weir-e2e}'],
      ...['--set', 'fromPools=true'],
      ...['--set', `fullnameOverride=inside,haproxy.addresses={${ownAddress(5)}}`],
      ...['--set-json', 'settings={"leader": {"namespace": "apps"}}'],
    ]);
    await judge(installed, ['list /namespaces', 'list /nodes', 'list networking.k8s.io/ingressclasses']);
  });
});
