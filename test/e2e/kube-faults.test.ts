/** What goes wrong around a cluster while clients ask: the API server, etcd, clocks and tokens. Nobody loses an answer, and changes arrive. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiObject, deployment, eventually, missingKube, missingPods, serviceOf } from '../kube/index.ts';
import { FaultProxy } from '../kube-client/fault-proxy.ts';
import { makePlace } from './kube-path-stage.ts';
import { answerOf, answers, type Scene, startScene } from './kube-scene-stage.ts';
import { follow, grantRead, putClass, putIngress, putService, putSlice, targetsOf } from './kube-source-stage.ts';
import { addressesOf, until } from './kube-status-stage.ts';

const shop = 'shop';
const host = 'a.test';
const shift = join(tmpdir(), `weir-kube-shift-${process.pid}`);
const options = process.env.NODE_OPTIONS;
/** Each a second without the server, some three until it is back, and what weir needs. Twelve of them are the minute. */
const rounds = Number(process.env.WEIR_TEST_RESTARTS ?? 2);

interface Lease extends ApiObject {
  readonly spec: { readonly holderIdentity?: string; readonly leaseTransitions?: number };
}

describe('around a cluster', { skip: missingKube() || missingPods() }, () => {
  let scene: Scene;
  let proxy: FaultProxy;
  let load: Load;
  let now = 'one';
  const account = { file: '', expired: '' };

  /** The host belongs to the other Deployment from now on. */
  const turn = () => {
    now = now === 'one' ? 'two' : 'one';
    return putIngress(scene.plane, shop, 'front', { host, of: now });
  };
  const seen = () => answers(scene.address, { port: 80, host }, new RegExp(`^200 ${now}-`));
  /** 1: everything is read and watched. */
  const connected = () => scene.metric('weir_kube_connected', 'resource="ingresses"');
  const lists = () => scene.metric('weir_kube_lists_total', 'resource="ingresses"');
  /** A kubeconfig with more in it than the plane's own. */
  const kubeconfig = async (name: string, server: string, user: object) => {
    const config = JSON.parse(readFileSync(scene.plane.admin.kubeconfig, 'utf8'));
    config.clusters[0].cluster.server = server;
    config.users[0].user = user;
    const path = join(scene.plane.directory, name);
    await writeFile(path, JSON.stringify(config), { mode: 0o600 });
    return path;
  };

  before(async () => {
    scene = await startScene();
    const { plane, user } = scene;
    proxy = await FaultProxy.start(Number(new URL(plane.url).port));
    await putClass(plane);
    await makePlace(plane, shop);
    await plane.serviceAccount(shop, 'short', 3600);
    await grantRead(plane, shop, 'short');
    account.file = join(plane.directory, 'token');
    account.expired = (await plane.serviceAccount(shop, 'short', 1)).token;
    await writeFile(account.file, account.expired);
    for (const name of ['one', 'two']) {
      await plane.client.apply(deployment(shop, name, { replicas: 1, graceSeconds: 1 }));
      await plane.client.apply(serviceOf(shop, name));
    }
    await putIngress(plane, shop, 'front', { host, of: now });
    process.env.WEIR_TEST_SHIFT = shift;
    process.env.NODE_OPTIONS = `--import=${new URL('shift-clock.ts', import.meta.url).href}`;
    await writeFile(shift, '0');
    await user.start(
      { kubeconfig: await kubeconfig('proxied', `https://127.0.0.1:${proxy.port}`, { token: plane.admin.token }) },
      { leader: { leaseDuration: '3s', renewDeadline: '2s', retryPeriod: '300ms' } },
    );
    await seen();
    load = new Load(scene.address);
  });

  after(async () => {
    if (options === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = options;
    delete process.env.WEIR_TEST_SHIFT;
    await rm(shift, { force: true });
    await load?.stop();
    await scene?.end();
    await proxy?.stop();
  });

  it('the API server goes and comes back again and again: every change arrives', async () => {
    for (let round = 0; round < rounds; round++) {
      await scene.plane.killApiServer();
      await sleep(1_000);
      await scene.plane.restartApiServer();
      await turn();
      await seen();
    }
    assert.deepEqual(load.failed, []);
    assert.ok(load.count > 100 * rounds, `${load.count} requests`);
  });

  it('etcd forgets what weir has not seen: it lists anew, and knows all of it', async () => {
    const before = await lists();
    await eventually(connected, (value) => value === 1);
    await proxy.down();
    await eventually(connected, (value) => value === 0);
    await turn();
    await putIngress(scene.plane, shop, 'gone', { host: 'gone.test', of: 'one' });
    await scene.plane.client.remove(`/apis/networking.k8s.io/v1/namespaces/${shop}/ingresses/gone`);
    await scene.plane.compact();
    await scene.plane.killApiServer();
    await scene.plane.restartApiServer();
    await proxy.up();
    await seen();
    await eventually(lists, (count) => count === before + 1);
    assert.match(await answerOf(scene.address, { port: 80, host: 'gone.test' }), /^404/);
    assert.deepEqual(load.failed, []);
  });

  it('the wall clock jumps: it leads on, writes on and serves on', async () => {
    const lease = () =>
      scene.plane.client.request<Lease>('GET', '/apis/coordination.k8s.io/v1/namespaces/default/leases/weir-status');
    const { spec } = await lease();
    assert.match(spec.holderIdentity ?? '', /^status-e2e_/);
    for (const [i, jumpMs] of [86_400_000, 0].entries()) {
      await writeFile(shift, String(jumpMs));
      await turn();
      await seen();
      // As long as the Lease: whoever takes it for lost has let it go by now.
      if (jumpMs !== 0) await sleep(3_000);
      await putService(scene.plane, shop, `at${i}`, { ports: [{ name: 'sql', port: 5500 + i }] });
      await until(
        () => scene.user.service(shop, `at${i}`),
        (one) => addressesOf(one).length === 1,
      );
      assert.equal(await scene.metric('weir_leader', 'lease="weir-status"'), 1);
      await turn();
      await seen();
    }
    assert.deepEqual({ ...(await lease()).spec, renewTime: '' }, { ...spec, renewTime: '' });
    assert.deepEqual(load.failed, []);
  });

  it('a token ends, and its file has another one: what is refused is tried with that', async (t) => {
    const path = '/api/v1/namespaces/shop/services';
    const { plane } = scene;
    await eventually(
      () => plane.clientOf({ name: '', token: account.expired, kubeconfig: '' }).probe('GET', path),
      (code) => code === 401,
    );
    const late = await kubeconfig('late', plane.url, { tokenFile: account.file });
    const live = follow(t, late, { namespaces: [shop] });
    await assert.rejects(live.read(), /401|Unauthorized/);
    const fresh = await plane.serviceAccount(shop, 'short');
    await writeFile(account.file, fresh.token);
    await putService(plane, shop, 'tokened');
    await putSlice(plane, shop, 'tokened', ['10.0.0.7']);
    await live.until((snapshot) => targetsOf(snapshot, `${shop}/tokened`).length === 1);
    await live.until(({ incomplete }) => incomplete.length === 0);
  });
});

/** Clients that ask one after the other, each on a connection of its own. */
class Load {
  readonly failed: string[] = [];
  count = 0;
  readonly #address: string;
  readonly #ended = new AbortController();
  readonly #clients: readonly Promise<void>[];

  constructor(address: string) {
    this.#address = address;
    this.#clients = Array.from({ length: 4 }, () => this.#ask());
  }

  async #ask(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      const answer = await answerOf(this.#address, { port: 80, host });
      this.count++;
      if (!answer.startsWith('200 ')) this.failed.push(answer);
      await sleep(20);
    }
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.#clients);
  }
}
