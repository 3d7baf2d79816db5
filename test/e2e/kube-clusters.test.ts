/** One weir in front of two clusters: one service with the targets of both, by weight, by Pod or by node, and one cluster that is lost. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ownAddress } from '../fakes/own-address.ts';
import { startWeir, type WeirProcess } from '../fakes/weir-process.ts';
import {
  type ControlPlane,
  deployment,
  eventually,
  type Kubelet,
  missingKube,
  missingPods,
  serviceOf,
  startControlPlane,
  startKubelet,
} from '../kube/index.ts';
import { makePlace } from './kube-path-stage.ts';
import { answerOf } from './kube-scene-stage.ts';
import { putClass, putIngress } from './kube-source-stage.ts';
import { addressesOf, until, type Written } from './kube-status-stage.ts';

const shop = 'shop';
const host = 'both.test';
const address = ownAddress();

class Side {
  readonly name: string;
  readonly plane: ControlPlane;
  readonly kubelet: Kubelet;

  private constructor(name: string, plane: ControlPlane, kubelet: Kubelet) {
    this.name = name;
    this.plane = plane;
    this.kubelet = kubelet;
  }

  /** A cluster whose Service web has Pods of the cluster's name. */
  static async start(name: string, nodes: number): Promise<Side> {
    const plane = await startControlPlane();
    const side = new Side(name, plane, await startKubelet({ plane, nodes }));
    await makePlace(plane, shop);
    await putClass(plane);
    await side.scale(1);
    await plane.client.apply(serviceOf(shop, 'web', { type: 'NodePort', selector: { app: name } }));
    await putIngress(plane, shop, 'front', { host });
    return side;
  }

  async scale(replicas: number): Promise<void> {
    await this.plane.client.apply(deployment(shop, this.name, { replicas, graceSeconds: 1 }));
  }

  async end(): Promise<void> {
    await this.kubelet.stop();
    await this.plane.stop();
  }
}

describe('two clusters in front of one another', { skip: missingKube() || missingPods() }, () => {
  let [east, west]: Side[] = [];
  let folder = '';
  let weir: WeirProcess | undefined;

  const sides = (): readonly [Side, Side] => {
    assert.ok(east !== undefined && west !== undefined);
    return [east, west];
  };
  /** `more`: of the sources by name. */
  const start = async (more: Readonly<Record<string, object>>) => {
    await weir?.stop();
    const config = {
      instance: 'clusters',
      stateDir: join(folder, 'state'),
      sources: sides().map(({ name, plane }) => ({
        ...{ type: 'kubernetes', name, cluster: name, kubeconfig: plane.admin.kubeconfig, merge: true },
        ...more[name],
      })),
      balancers: [{ provider: 'haproxy', options: { addresses: [address], threads: 1 } }],
      metrics: { listen: `${address}:8378` },
      api: { listen: `${address}:8377` },
      onExit: 'stop',
    };
    await writeFile(join(folder, 'weir.yaml'), JSON.stringify(config));
    weir = await startWeir(['-c', join(folder, 'weir.yaml')], `${address}:8378`, folder);
  };
  /** How many of so many requests each Pod answers; `?` for what is no answer of a Pod. */
  const shares = async (count: number) => {
    const pods = new Map<string, number>();
    for (let i = 0; i < count; i++) {
      const [, pod = '?'] = /^200 (\S+)/.exec(await answerOf(address, { port: 80, host })) ?? [];
      pods.set(pod, (pods.get(pod) ?? 0) + 1);
    }
    return pods;
  };
  const of = (pods: ReadonlyMap<string, number>, name: string) =>
    [...pods].reduce((sum, [pod, count]) => sum + (pod.startsWith(`${name}-`) ? count : 0), 0);
  const count = (pods: ReadonlyMap<string, number>, name: string) =>
    [...pods.keys()].filter((pod) => pod.startsWith(`${name}-`)).length;
  /** Until so many Pods of each cluster answer, and nothing else does. */
  const answered = (wanted: readonly [number, number]) =>
    eventually(
      () => shares(24),
      (pods) => !pods.has('?') && count(pods, 'east') === wanted[0] && count(pods, 'west') === wanted[1],
    );

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-clusters-'));
    [east, west] = await Promise.all([Side.start('east', 1), Side.start('west', 2)]);
    await start({ east: { weight: 3 }, west: { weight: 1 } });
  });
  after(async () => {
    await weir?.stop();
    await Promise.all([east?.end(), west?.end()]);
    await rm(folder, { recursive: true, force: true });
  });

  it('serve each by its weight, whatever the number of its Pods, and both are told the address', async () => {
    const [, other] = sides();
    await answered([1, 1]);
    const one = await shares(80);
    assert.ok(of(one, 'east') >= 57 && of(one, 'east') <= 63, JSON.stringify([...one]));
    await other.scale(3);
    await answered([1, 3]);
    const three = await shares(96);
    assert.ok(of(three, 'east') >= 68 && of(three, 'east') <= 76, JSON.stringify([...three]));
    for (const { plane } of sides()) {
      const path = `/apis/networking.k8s.io/v1/namespaces/${shop}/ingresses/front`;
      const written = await until(
        () => plane.client.request<Written>('GET', path),
        (found) => addressesOf(found).length > 0,
      );
      assert.deepEqual(addressesOf(written), [address]);
    }
  });

  it('are reached by node and node port where Pods cannot be: by those nodes alone that have one', async () => {
    const [one, other] = sides();
    await other.scale(1);
    await other.plane.client.patch(`/api/v1/namespaces/${shop}/services/web`, {
      spec: { externalTrafficPolicy: 'Local' },
    });
    await start({ east: { targets: 'node' }, west: { targets: 'node' } });
    await answered([1, 1]);
    const nodePort = async ({ plane }: Side) => {
      const path = `/api/v1/namespaces/${shop}/services/web`;
      const { spec } = await plane.client.request<{ spec: { ports: { nodePort: number }[] } }>('GET', path);
      return spec.ports[0]?.nodePort;
    };
    const first = `${one.kubelet.nodes[0]?.address}:${await nodePort(one)}`;
    const port = await nodePort(other);
    // A Pod that has just ended is told a moment later.
    await eventually(
      async () => (await fetch(`http://${address}:8377/api/v1/services/ingress%2Fshop%2Ffront`)).text(),
      (state) => {
        const named = other.kubelet.nodes.filter((node) => state.includes(`${node.address}:${port}`));
        return named.length === 1 && new RegExp(`${first}\\b`).test(state);
      },
    );
  });

  it('go on each without the other: changes of one arrive while the other is lost, over a restart of weir too', async () => {
    const [one, other] = sides();
    await start({});
    await answered([1, 1]);
    await other.plane.killApiServer();
    await one.scale(2);
    await answered([2, 1]);
    await start({});
    await answered([2, 1]);
    const text = await (await fetch(`http://${address}:8378/readyz?verbose`)).text();
    assert.match(text, /source west ok: Services cannot be read; what was last known is served/);
    assert.doesNotMatch(text, /source east ok: /);
    // Its Pods are gone, too: who is sent there is sent elsewhere.
    for (const pod of other.kubelet.pods.keys()) await other.kubelet.crash(pod);
    const left = await shares(40);
    assert.equal(of(left, 'east'), 40, JSON.stringify([...left]));
    await one.scale(1);
    await answered([1, 0]);
  });
});
