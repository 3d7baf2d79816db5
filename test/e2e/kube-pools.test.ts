/** Addresses out of IPAddressPools in a real API server: kubectl shows them, a restart moves nobody, the plan says who would move. */
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ownAddress } from '../fakes/own-address.ts';
import { weir } from '../fakes/weir-process.ts';
import {
  type ControlPlane,
  eventually,
  installCrd,
  makeNamespace,
  missingKube,
  sharedControlPlane,
} from '../kube/index.ts';
import { putService, putSlice } from './kube-source-stage.ts';
import { addressesOf, programmedOf, StatusUser, until } from './kube-status-stage.ts';

const home = 'metallb-system';

/** Ranges of loopback beside each other that no other test uses. */
const [first, second] = [1, 2].map((n) => ownAddress(n).replace(/\d+$/, ''));

function pool(name: string, addresses: readonly string[], spec: object = {}) {
  const metadata = { name, namespace: home };
  return { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata, spec: { addresses, ...spec } };
}

const openSchema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };

function installPools(plane: ControlPlane): Promise<void> {
  return installCrd(plane, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'ipaddresspools.metallb.io' },
    spec: {
      group: 'metallb.io',
      scope: 'Namespaced',
      names: { kind: 'IPAddressPool', plural: 'ipaddresspools', singular: 'ipaddresspool' },
      versions: [{ name: 'v1beta1', served: true, storage: true, schema: openSchema }],
    },
  });
}

describe('pools in a cluster', { skip: missingKube() }, () => {
  let plane: ControlPlane;
  let user: StatusUser;
  const start = (more: object = {}) =>
    user.start({}, { balancer: { provider: 'builtin', options: {}, fromPools: true }, ...more });

  before(async () => {
    plane = await sharedControlPlane();
    user = await StatusUser.make(plane);
    await plane.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: home } });
  });
  after(() => user?.end());

  it('that come later, with their kind, give addresses to who waits, and kubectl shows them', async (t) => {
    const namespace = await makeNamespace(t, plane);
    await start();
    await putService(plane, namespace, 'web', { ports: [{ name: 'http', port: 8080 }] });
    await putSlice(plane, namespace, 'web', ['10.99.0.1']);
    const waiting = await until(
      () => user.service(namespace, 'web'),
      (one) => programmedOf(one) !== 'none',
    );
    assert.deepEqual([programmedOf(waiting), addressesOf(waiting)], ['False POOL_NONE', []]);
    await eventually(
      () => user.kubectl('describe', 'svc', 'web', '-n', namespace),
      (text) =>
        /Warning +AllocationFailed .*Failed to allocate IP for .*there is no pool; create one.*POOL_NONE/.test(text),
      20_000,
    );
    await installPools(plane);
    await plane.client.apply(pool('public', [`${first}8/29`]));
    // Kinds that a server does not have are looked for every 30 seconds.
    const given = await eventually(
      () => user.service(namespace, 'web'),
      (one) => addressesOf(one).length > 0,
      60_000,
    );
    assert.deepEqual(given.status?.loadBalancer?.ingress, [
      { ip: `${first}8`, ipMode: 'VIP', ports: [{ port: 8080, protocol: 'TCP' }] },
    ]);
    assert.match(await user.kubectl('get', 'svc', '-n', namespace), new RegExp(`web +LoadBalancer .* ${first}8 `));
    await eventually(
      () => user.kubectl('describe', 'svc', 'web', '-n', namespace),
      (text) => new RegExp(`Normal +IPAllocated .*Assigned IP \\["${first}8"\\]`).test(text),
      20_000,
    );
    // This kind has no status of its own: nothing is said of that.
    assert.doesNotMatch(await user.state(), /ipaddresspools/);
  });

  it('are written before anything answers there: that is the claim to them', async (t) => {
    const namespace = await makeNamespace(t, plane);
    await plane.client.apply(pool('far', ['192.0.2.8/32'], { autoAssign: false }));
    await plane.client.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'far', namespace, annotations: { 'metallb.universe.tf/address-pool': 'far' } },
      spec: { type: 'LoadBalancer', loadBalancerClass: 'weir-lb.dev/test', ports: [{ name: 'http', port: 8082 }] },
    });
    const given = await until(
      () => user.service(namespace, 'far'),
      (one) => addressesOf(one).length > 0,
    );
    assert.deepEqual(addressesOf(given), ['192.0.2.8']);
    const told = await until(
      () => user.service(namespace, 'far'),
      (one) => programmedOf(one) !== 'none',
    );
    assert.match(programmedOf(told), /^False /);
    assert.deepEqual(addressesOf(await user.service(namespace, 'far')), ['192.0.2.8']);
  });

  it('leave everybody his address over a restart without a state directory, and while pools are edited', async (t) => {
    const namespace = await makeNamespace(t, plane);
    for (const name of ['b', 'c']) {
      await putService(plane, namespace, name, { ports: [{ name: 'http', port: 8080 }] });
      await until(
        () => user.service(namespace, name),
        (one) => addressesOf(one).length > 0,
      );
    }
    const seen = async () =>
      Promise.all(['b', 'c'].map(async (name) => addressesOf(await user.service(namespace, name))));
    const before = await seen();
    await user.running?.stop();
    await rm(join(user.folder, 'state'), { recursive: true });
    // One that is first by name, and comes while nobody looks.
    await putService(plane, namespace, 'a', { ports: [{ name: 'http', port: 8080 }] });
    await start();
    const fresh = await until(
      () => user.service(namespace, 'a'),
      (one) => addressesOf(one).length > 0,
    );
    assert.deepEqual(await seen(), before);
    assert.ok(!before.flat().includes(addressesOf(fresh)[0] ?? ''));
    await plane.client.apply(pool('public', [`${second}8/29`]));
    await eventually(
      () => user.state(),
      (text) => text.includes('W_ADDRESS_KEPT'),
      20_000,
    );
    assert.deepEqual(await seen(), before);
    await plane.client.apply(pool('public', [`${first}8/29`]));
  });

  it("are told with the webhooks' refusals, and planned with who would move", async (t) => {
    const namespace = await makeNamespace(t, plane);
    await putService(plane, namespace, 'web', { ports: [{ name: 'http', port: 8081 }] });
    const service = await until(
      () => user.service(namespace, 'web'),
      (one) => addressesOf(one).length > 0,
    );
    const [address = ''] = addressesOf(service);
    // As MetalLB has left it: only `withoutClass` of the configured source takes it.
    await putService(plane, namespace, 'plain', { loadBalancerClass: undefined });
    const status = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: `${first}15` }] } } });
    await user.kubectl('patch', 'svc', 'plain', '-n', namespace, '--subresource=status', '--type=merge', '-p', status);
    await plane.client.apply(pool('wrong', [`${first}9/32`]));
    // By the commands that are documented: what the configured source says of classes, pools, namespaces holds for the file too.
    const readme = await readFile(new URL('../../src/alloc/README.md', import.meta.url), 'utf8');
    const command = /`weir (plan -c weir\.yaml --kubeconfig FILE -f edited-pool\.yaml)`/.exec(readme)?.[1] ?? '';
    const words = command.split(' ').map((word) => (word === 'FILE' ? plane.admin.kubeconfig : word));
    const folder = join(user.folder, 'planned');
    await mkdir(folder);
    // Namespaces are known to the cluster alone, and the pool of the file chooses among them.
    const namespaceSelectors = [{ matchLabels: { 'kubernetes.io/metadata.name': namespace } }];
    const edited = pool('public', [`${second}8/29`], { serviceAllocation: { namespaceSelectors } });
    await writeFile(join(folder, 'edited-pool.yaml'), JSON.stringify(edited));
    const config = {
      stateDir: join(folder, 'none'),
      onPoolChange: 'reassign',
      sources: [{ type: 'kubernetes', namespaces: [namespace], withoutClass: true }],
      balancers: [{ provider: 'builtin', fromPools: true }],
    };
    await writeFile(join(folder, 'weir.yaml'), JSON.stringify(config));
    const cluster = ['--kubeconfig', plane.admin.kubeconfig];
    const valid = await weir(['validate', '-c', join(folder, 'weir.yaml'), ...cluster]);
    assert.equal(valid.code, 1);
    assert.match(valid.out + valid.err, /E_POOL_OVERLAP[\s\S]*IPAddressPool\/metallb-system\/wrong/);
    const plan = await weir([...words, '--fail-on', 'gap'], folder);
    assert.match(plan.out, new RegExp(`! move  address  ${namespace}/plain +${first}15 -> ${second}`));
    assert.match(plan.out, new RegExp(`! move  address  ${namespace}/web +${address} -> ${second}`));
    assert.equal(plan.code, 1);
    await writeFile(join(folder, 'edited-pool.yaml'), JSON.stringify(pool('public', [`${first}8/28`])));
    const wider = await weir([...words, '--fail-on', 'gap'], folder);
    assert.match(wider.out, /^ {2}= no address moves$/m);
    assert.deepEqual(addressesOf(await user.service(namespace, 'web')), [address]);
    await plane.client.request('DELETE', `/apis/metallb.io/v1beta1/namespaces/${home}/ipaddresspools/wrong`);
  });

  it('stay where they are when the weir that gave them is killed and another one goes on', async (t) => {
    const namespace = await makeNamespace(t, plane);
    const put = async (name: string) => {
      await putService(plane, namespace, name, { ports: [{ name: 'http', port: 8083 }] });
      const given = await eventually(
        () => user.service(namespace, name),
        (one) => addressesOf(one).length > 0,
        60_000,
      );
      return addressesOf(given)[0] ?? '';
    };
    const a = await put('a');
    const next = await StatusUser.make(plane);
    t.after(() => next.end());
    const other = ownAddress(3);
    await next.start(
      {},
      {
        balancer: { provider: 'builtin', options: {}, fromPools: true },
        instance: 'next',
        metrics: { listen: `${other}:8378` },
        api: { listen: `${other}:8377` },
      },
    );
    const b = await put('b');
    await user.running?.stop('SIGKILL');
    const c = await put('c');
    assert.equal(new Set([a, b, c]).size, 3);
    const now = await Promise.all(['a', 'b'].map(async (name) => addressesOf(await user.service(namespace, name))));
    assert.deepEqual(now, [[a], [b]]);
    const state = await (await fetch(`http://${other}:8377/api/v1/state`)).text();
    assert.match(state, /"pools":\[\{"name":"far"/, 'who gives addresses counts them');
  });
});
