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
import {
  type ControlPlane,
  eventually,
  findPrograms,
  helm,
  installCrd,
  missingKube,
  startControlPlane,
} from '../kube/index.ts';
import { type Audit, allowedBy, keepAudit } from './kube-deploy-audit.ts';
import { chart, configOf, putNamespace, valueSets } from './kube-deploy-stage.ts';
import { putIngress, putSecret, putService, putSlice } from './kube-source-stage.ts';

/** More than are watched one by one: the others are read by `get`. */
const secrets = 34;

describe('the rights of the chart', { skip: missingKube() || (findPrograms('helm').missing ?? false) }, () => {
  let audit: Audit;
  let plane: ControlPlane;
  let folder = '';
  const aws = new FakeAws();
  const { vpc } = seed(aws);
  let endpoint: Awaited<ReturnType<FakeAws['listen']>>;
  const running: WeirProcess[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-rights-'));
    endpoint = await aws.listen();
    audit = keepAudit();
    plane = await startControlPlane({ flags: audit.flags });
    for (const name of ['weir-system', 'apps']) await putNamespace(plane, name, 'restricted');
    for (const [kind, scope] of [
      ['TargetGroupBinding', 'Namespaced'],
      ['IngressClassParams', 'Cluster'],
    ] as const)
      await putCrd(plane, kind, scope);
    await putService(plane, 'apps', 'web', { type: 'ClusterIP', loadBalancerClass: undefined });
    await putSlice(plane, 'apps', 'web', ['10.0.128.10']);
    for (let i = 0; i < secrets; i++) {
      await putSecret(plane, 'apps', `tls-${i}`);
      await putIngress(plane, 'apps', `front-${i}`, { host: `h${i}.test`, tls: `tls-${i}` });
    }
  });

  after(async () => {
    for (const weir of running) await weir.stop();
    await plane?.stop();
    await endpoint?.close();
    audit?.end();
    await rm(folder, { recursive: true, force: true });
  });

  /** Installs the chart without Pods, and starts weir as its account with its configuration. */
  const install = async (
    release: string,
    namespace: string,
    values: readonly string[],
  ): Promise<readonly Manifest[]> => {
    const args = [...values, '--set', 'replicas=0,classes.also={weir-e2e}'];
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
    process.env.KUBECONFIG = kubeconfig;
    running.push(await startWeir(['-c', file], `${address}:8378`, folder));
    return objects;
  };

  const judge = async (objects: readonly Manifest[], account: string, without: readonly string[] = []) => {
    const allowed = allowedBy(objects);
    const asked = () => audit.requests(`system:serviceaccount:${account}`);
    await eventually(
      () => allowed.filter((one) => !asked().has(one)),
      (idle) => idle.length === 0,
      60_000,
    );
    const refused = [...asked()].filter(([, codes]) => codes.has(403)).map(([what]) => what);
    assert.deepEqual(refused.sort(), [...without].sort());
  };

  it('are what a controller of cloud load balancers asks for', async () => {
    const options = { clusterName: 'rights', vpcId: vpc, region: aws.world.region, endpoint: endpoint.url };
    const balancers = [
      { name: 'aws', provider: 'awselb', options },
      { name: 'all', provider: 'memory', shared: true },
    ];
    const values = ['--set', 'mode=controller', '--set-json', `balancers=${JSON.stringify(balancers)}`];
    const settings = ['--set-json', `settings=${JSON.stringify({ leader: { namespace: 'weir-system' } })}`];
    const objects = await install('weir', 'weir-system', [...values, ...settings]);
    await judge(objects, 'weir-system:weir');
  });

  it('of one namespace are what a proxy asks for there, and what it goes on without', async () => {
    const objects = await install('inside', 'apps', [
      ...['--values', valueSets.get('one-namespace') ?? '', '--set', 'fullnameOverride=inside'],
    ]);
    const without = ['list /nodes', 'list networking.k8s.io/ingressclasses'];
    await judge(objects, 'apps:inside', without);
  });
});

function putCrd(plane: ControlPlane, kind: string, scope: string): Promise<void> {
  const plural = kind === 'IngressClassParams' ? 'ingressclassparams' : `${kind.toLowerCase()}s`;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return installCrd(plane, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.elbv2.k8s.aws` },
    spec: {
      ...{ group: 'elbv2.k8s.aws', scope, names: { kind, plural, singular: kind.toLowerCase() } },
      versions: [{ name: 'v1beta1', served: true, storage: true, schema }],
    },
  });
}
