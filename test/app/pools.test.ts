/** Pools through the commands: MetalLB's objects and Services in files, served by the embedded provider on addresses of loopback. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type App, type AppDeps, openApp } from '../../src/app.ts';
import { configSchema } from '../../src/config/index.ts';
import { until } from './stage.ts';

type Fields = Readonly<Record<string, unknown>>;

function service(name: string, annotations: Fields = {}, spec: Fields = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', annotations },
    spec: { type: 'LoadBalancer', ports: [{ name: 'web', port, targetPort: target }], ...spec },
  };
}

function slice(name: string): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'web', port: target }],
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
  };
}

function pool(name: string, addresses: readonly string[], more: Fields = {}): object {
  const metadata = { name, namespace: 'metallb-system' };
  return { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata, spec: { addresses, ...more } };
}

let port = 0;
let target = 0;

/** A folder of objects and weirs over it, one after the other. */
async function stage(t: TestContext, config: Fields = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'weir-pools-'));
  const back = createServer((socket) => socket.end('hello'));
  await new Promise<void>((resolve) => back.listen(0, '127.0.0.1', resolve));
  const at = back.address();
  target = typeof at === 'object' && at !== null ? at.port : 0;
  // Free on one address of loopback, so most likely on the others.
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const free = probe.address();
  port = typeof free === 'object' && free !== null ? free.port : 0;
  await new Promise((resolve) => probe.close(resolve));
  const opened: App[] = [];
  t.after(async () => {
    for (const app of opened) await app.close('withdraw');
    await new Promise((resolve) => back.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });
  const open = async (deps: AppDeps = {}) => {
    const app = await openApp(
      configSchema.parse({
        instance: 'test',
        stateDir: join(folder, 'state'),
        sources: [{ type: 'file', paths: [join(folder, 'objects.json')] }],
        balancers: [{ name: 'edge', provider: 'builtin', fromPools: true }],
        ...config,
      }),
      deps,
    );
    opened.push(app);
    return app;
  };
  return {
    write: (...objects: readonly object[]) => writeFile(join(folder, 'objects.json'), JSON.stringify(objects)),
    open,
    async render() {
      const app = await open();
      const { services, problems } = await app.render(new AbortController().signal);
      return { services: services.map(({ id, addresses }) => `${id} ${addresses.join()}`), problems };
    },
  };
}

describe('Services and IPAddressPools in files', () => {
  it('get addresses, are served there, and keep them over a restart and an edit of the pool', async (t) => {
    const { write, open } = await stage(t);
    const all = [
      service('a'),
      slice('a'),
      service('b', { 'metallb.universe.tf/loadBalancerIPs': '127.77.0.9' }),
      slice('b'),
    ];
    await write(pool('public', ['127.77.0.1-127.77.0.9']), ...all);
    const signal = new AbortController().signal;
    const app = await open();
    const { failed } = await app.apply(signal, () => {});
    assert.deepEqual(failed, []);
    await app.close('withdraw');
    // Two are older by name now: what is held does not depend on that.
    await write(pool('public', ['127.77.0.1-127.77.0.9']), service('0'), slice('0'), ...all);
    const end = new AbortController();
    const next = await open();
    const running = next.run(end.signal);
    await until(() => next.state().services.filter(({ health }) => health === 'ok').length === 3);
    const listening = new Map(
      next.state().services.map(({ id, reports }) => [id, reports.flatMap(({ addresses }) => addresses[0]?.ip ?? [])]),
    );
    assert.deepEqual([...listening].sort(), [
      ['shop/0', ['127.77.0.2']],
      ['shop/a', ['127.77.0.1']],
      ['shop/b', ['127.77.0.9']],
    ]);
    end.abort();
    await running;
    await next.close('withdraw');
    await write(pool('public', ['127.78.0.1-127.78.0.9']), ...all);
    const later = await open();
    const kept = await later.plan(signal);
    assert.deepEqual(kept.moves, []);
    assert.deepEqual(
      kept.problems.map(({ code, service: id }) => `${code} ${id}`),
      ['E_ADDRESS_OUTSIDE shop/b', 'W_ADDRESS_KEPT shop/a'],
    );
  });

  it('are planned with who would move, where an edit of the pool moves somebody', async (t) => {
    const { write, open } = await stage(t, { onPoolChange: 'reassign' });
    const signal = new AbortController().signal;
    await write(pool('public', ['127.77.0.1-127.77.0.9']), service('a'), slice('a'));
    const app = await open();
    await app.apply(signal, () => {});
    await app.close('withdraw');
    await write(pool('public', ['127.77.1.1-127.77.1.9']), service('a'), slice('a'));
    const report = await (await open()).plan(signal);
    assert.deepEqual(report.moves, [{ service: 'shop/a', from: ['127.77.0.1'], to: ['127.77.1.1'] }]);
    // Nothing was done.
    const again = await (await open()).plan(signal);
    assert.deepEqual(again.moves, report.moves);
    const told: string[] = [];
    const log = { debug() {}, info() {}, error() {}, warn: (_: object, message: string) => void told.push(message) };
    const moving = await open({ log });
    await moving.apply(signal, () => {});
    await moving.close('withdraw');
    assert.deepEqual(told, ['shop/a has another address']);
    assert.deepEqual((await (await open()).plan(signal)).moves, []);
  });

  it('say what is wrong with them, as the webhooks of MetalLB would', async (t) => {
    const { write, open } = await stage(t);
    await write(
      pool('a', ['192.0.2.0/24', '192.0.2.9', '10.0.0.9-10.0.0.1', '::ffff:1.2.3.0/120', '0.0.0.0/0']),
      pool('b', ['192.0.2.128/25'], { serviceAllocation: { namespaces: ['x', 'x'] } }),
      pool('c', ['192.0.2.128/25'], { autoassign: false }),
      service('both', { 'metallb.io/loadBalancerIPs': '192.0.2.1' }, { loadBalancerIP: '192.0.2.1' }),
      service('typo', { 'metallb.io/address-pool': 'publc' }),
    );
    const problems = await (await open()).validate(new AbortController().signal);
    assert.deepEqual(problems.map(({ code, field, service: id }) => `${code} ${id ?? ''} ${field}`).sort(), [
      'E_ANNOTATION_VALUE shop/both metallb.io/loadBalancerIPs',
      'E_FIELD_UNKNOWN  spec.autoassign',
      'E_FIELD_VALUE  spec.serviceAllocation.namespaces[1]',
      'E_POOL  spec.addresses[1]',
      'E_POOL  spec.addresses[2]',
      'E_POOL  spec.addresses[3]',
      'E_POOL  spec.addresses[4]',
      'E_POOL_OVERLAP  spec.addresses[0]',
      'E_POOL_UNKNOWN shop/typo metallb.io/address-pool',
      'W_NO_TARGETS shop/both spec.ports[0]',
      'W_NO_TARGETS shop/typo spec.ports[0]',
    ]);
    assert.match(
      problems.find(({ code }) => code === 'E_POOL_UNKNOWN')?.message ?? '',
      /^Service shop\/typo: metallb\.io\/address-pool: pool publc does not exist; there are a, c$/,
    );
    assert.ok(problems.every(({ file, line }) => file?.endsWith('objects.json') === true && line !== undefined));
  });

  it('do not get an address on which a balancer listens for everybody', async (t) => {
    const options = { addresses: ['127.77.9.0'] };
    const { write, render } = await stage(t, {
      balancers: [{ name: 'edge', provider: 'builtin', fromPools: true, options }],
    });
    await write(pool('a', ['127.77.9.0/30']), service('x'), slice('x'));
    const { services, problems } = await render();
    assert.deepEqual(services, ['shop/x 127.77.9.1']);
    assert.match(problems.map(({ code, message }) => `${code} ${message}`).join(), /^W_POOL_RESERVED .*balancer edge/);
  });

  it('are read by rules of MetalLB: pools pinned to namespaces, sharing, local traffic, both families', async (t) => {
    const { write, render } = await stage(t);
    const shared = { 'metallb.io/allow-shared-ip': 'k' };
    const ports = (n: number) => ({ ports: [{ name: 'x', port: n }] });
    const local = { externalTrafficPolicy: 'Local', selector: { app: 'x' } };
    await write(
      pool('all', ['192.0.2.0/24', '2001:db8::/120']),
      pool('pinned', ['198.51.100.0/24'], {
        serviceAllocation: { namespaceSelectors: [{ matchLabels: { team: 'pay' } }] },
      }),
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'pay', labels: { team: 'pay' } } },
      { ...service('x'), metadata: { name: 'x', namespace: 'pay' } },
      service('one', shared, ports(1)),
      service('two', shared, ports(2)),
      service('clash', shared, ports(1)),
      service('local1', shared, { ...ports(3), ...local }),
      service('local2', shared, { ...ports(4), ...local }),
      {
        ...service('local3', shared, { ...ports(5), ...local }),
        metadata: { name: 'local3', namespace: 'z', annotations: shared },
      },
      service('both', {}, { ...ports(5), ipFamilyPolicy: 'PreferDualStack' }),
      service('named', {}, { ...ports(6), loadBalancerIP: '192.0.2.77' }),
      service('inside', {}, { ...ports(7), type: 'ClusterIP' }),
    );
    const { services, problems } = await render();
    assert.deepEqual(services.sort(), [
      'pay/x 198.51.100.0',
      'shop/both 192.0.2.0,2001:db8::',
      'shop/clash 192.0.2.1',
      'shop/local1 192.0.2.2',
      'shop/local2 192.0.2.2',
      'shop/named 192.0.2.77',
      'shop/one 192.0.2.3',
      'shop/two 192.0.2.1',
      'z/local3 192.0.2.4',
    ]);
    assert.deepEqual(
      problems.filter(({ code }) => code !== 'W_NO_TARGETS'),
      [],
    );
  });
});

describe('services of the own form', () => {
  it('ask by address: for any, for those of a pool, for one by name; without it they are reached where the balancer listens', async (t) => {
    const { write, render } = await stage(t, {
      pools: [
        { name: 'p', ranges: ['192.0.2.0/24'] },
        { name: 'six', ranges: ['2001:db8::/120'], autoAssign: false },
      ],
    });
    const own = (name: string, address?: unknown) => ({
      name: `shop/${name}`,
      ports: [{ port: 80, protocol: 'tcp' }],
      targets: ['10.0.0.1:80'],
      ...(address === undefined ? {} : { address }),
    });
    await write(
      own('any', {}),
      own('named', { pool: 'six', families: ['ipv6'] }),
      own('prefers', { families: ['ipv4', 'ipv6'], familyPolicy: 'prefer' }),
      own('asks', '192.0.2.9'),
      own('outside', '198.51.100.9'),
      own('plain'),
    );
    const { services, problems } = await render();
    assert.deepEqual(services, [
      'shop/any 192.0.2.0',
      'shop/named 2001:db8::',
      'shop/prefers 192.0.2.1',
      'shop/asks 192.0.2.9',
      'shop/outside ',
      'shop/plain ',
    ]);
    assert.deepEqual(
      problems.map(({ code, service: id }) => `${code} ${id}`),
      ['E_ADDRESS_OUTSIDE shop/outside'],
    );
  });
});

describe('where no balancer takes addresses from pools', () => {
  it('pools are objects that are not used, and annotations of MetalLB have no effect', async (t) => {
    const { write, render } = await stage(t, { balancers: [{ name: 'edge', provider: 'builtin' }] });
    await write(pool('a', ['192.0.2.0/24']), service('x', { 'metallb.io/loadBalancerIPs': 'nonsense' }), slice('x'));
    const { services, problems } = await render();
    assert.deepEqual(services, ['shop/x ']);
    assert.deepEqual(
      problems.map(({ code, message }) => `${code} ${/IPAddressPool/.test(message)}`),
      ['W_OBJECT_IGNORED true'],
    );
  });

  it('a cloud that gives addresses of its own cannot', async (t) => {
    const { open } = await stage(t, { balancers: [{ name: 'edge', provider: 'memory', fromPools: true }] });
    await assert.rejects(open(), { code: 'E_CONFIG', message: /balancer edge: fromPools: memory gives/ });
  });
});
