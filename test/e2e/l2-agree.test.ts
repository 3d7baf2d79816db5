/** Machines without a cluster that give addresses out of pools: to the same service the same one, whatever comes first where. */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { needsRootAnd } from '../fakes/needs.ts';
import { type Lan, makeLan } from './l2-lan.ts';
import { type Machine, makeWeirs, type Weirs } from './l2-weirs.ts';

const names = ['a', 'b', 'c'];

describe('machines that agree on addresses', {
  concurrency: false,
  skip: needsRootAnd('ip', 'nft', 'haproxy', 'curl'),
}, () => {
  let lan: Lan;
  let weirs: Weirs;
  let backend: { end(): Promise<unknown> };
  const machines = new Map<string, Machine>();
  const directory = (name: string) => join(weirs.folder, name, 'services');
  const start = (name: string) => machines.set(name, weirs.start(name));
  const stop = (name: string, signal: NodeJS.Signals = 'SIGTERM') => machines.get(name)?.stop(signal);

  /** A service comes to a machine. */
  const put = (name: string, service: string, text = serviceOf(service)) => {
    writeFileSync(join(weirs.folder, `${service}.new`), text);
    renameSync(join(weirs.folder, `${service}.new`), join(directory(name), `${service}.yaml`));
  };
  const serviceOf = (service: string) =>
    JSON.stringify({
      name: `shop/${service}`,
      address: { pool: 'lan' },
      http: [{ to: 'web' }],
      backends: { web: { targets: ['10.77.0.20:9000'] } },
    });

  /** service → address, as a machine announces them. */
  const given = (name: string): Readonly<Record<string, string>> => {
    const services = weirs.state(name)?.services ?? [];
    return Object.fromEntries(
      services.flatMap(({ id, reports }) =>
        reports.flatMap(({ announced = [] }) => announced.map(({ address }) => [id, address] as const)),
      ),
    );
  };
  const problems = (name: string) => weirs.state(name)?.problems.map(({ code, message }) => `${code} ${message}`) ?? [];
  /** What all of them give alike, to so many services. */
  const alike = (on: readonly string[], count: number) =>
    weirs.until(
      () =>
        on
          .map((name) => {
            const said =
              weirs.state(name) === undefined ? machines.get(name)?.text().slice(-2000) : problems(name).join('; ');
            return `${name}: ${JSON.stringify(given(name))} ${said}`;
          })
          .join('\n'),
      () => {
        const [first = {}, ...others] = on.map(given);
        const same = others.every((one) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(first)));
        return same && Object.keys(first).length === count ? first : undefined;
      },
      15_000,
    );
  const sorted = (one: Readonly<Record<string, string>>) => Object.entries(one).sort();
  const answers = (address: string) =>
    weirs.until(`${address} answers`, () => {
      try {
        const code = lan.run('client', `curl -s -m 1 -o /dev/null -w %{http_code} http://${address}/`);
        return code.trim() === '200' ? true : undefined;
      } catch {
        return undefined; // Nobody has taken it yet.
      }
    });

  before(async () => {
    lan = makeLan(names);
    weirs = makeWeirs(lan, names);
    for (const name of names) {
      weirs.configure(name, { sources: [{ type: 'file', paths: [directory(name)] }], onExit: 'stop' });
      mkdirSync(directory(name));
    }
    backend = await weirs.ask('-', 0);
    for (const name of names) start(name);
    await weirs.until('all are up', () => (names.every((name) => weirs.state(name)) ? true : undefined));
  });
  after(async () => {
    await backend?.end();
    await weirs?.end();
    lan?.end();
  });

  it('whatever comes first where, and each is reached', async () => {
    for (const [name, order] of [
      ['a', ['x', 'y', 'z']],
      ['b', ['z', 'y', 'x']],
      ['c', ['y', 'z', 'x']],
    ] as const)
      for (const service of order) put(name, service);
    const first = await alike(names, 3);
    assert.equal(new Set(Object.values(first)).size, 3);
    for (const address of Object.values(first)) await answers(address);
    // One after the other, each machine in its order, and quicker than anybody answers.
    for (const [one, other] of [
      ['p', 'q'],
      ['r', 's'],
    ] as const) {
      put('a', one);
      put('b', other);
      await sleep(5);
      put('a', other);
      put('b', one);
      put('c', one);
      put('c', other);
    }
    const all = await alike(names, 7);
    assert.equal(new Set(Object.values(all)).size, 7);
    for (const [service, address] of Object.entries(first)) assert.equal(all[service], address, service);
  });

  it('where one joins that knows nothing, or another service first', async () => {
    const before = await alike(names, 7);
    await stop('b');
    rmSync(join(weirs.folder, 'b', 'state'), { recursive: true });
    rmSync(join(directory('b'), 'x.yaml'));
    put('b', '0first');
    start('b');
    const after = await alike(['b'], 7);
    assert.equal(Object.values(before).includes(after['shop/0first'] ?? ''), false, 'what others have is theirs');
    for (const [service, address] of Object.entries(after))
      if (service !== 'shop/0first') assert.equal(address, before[service], service);
    put('b', 'x');
    rmSync(join(directory('b'), '0first.yaml'));
    assert.deepEqual(sorted(await alike(names, 7)), sorted(before));
  });

  it('where the one that gave it is killed at once', async () => {
    const before = await alike(names, 7);
    put('a', 'killed');
    await weirs.until('a has given it', () => given('a')['shop/killed']);
    await stop('a', 'SIGKILL');
    put('b', 'killed');
    put('c', 'killed');
    const given_ = await alike(['b', 'c'], 8);
    start('a');
    assert.deepEqual(sorted(await alike(names, 8)), sorted(given_));
    for (const [service, address] of Object.entries(before)) assert.equal(given_[service], address, service);
  });

  it('and gives nothing new alone, but keeps what it has', async () => {
    const before = await alike(names, 8);
    await stop('b', 'SIGKILL');
    await stop('c', 'SIGKILL');
    put('a', 'late');
    await weirs.until(
      () => `a says why: ${problems('a').join('; ')}`,
      () => problems('a').find((text) => /^E_ADDRESS_WAITS .*late.*missing: b, c/.test(text)),
    );
    assert.deepEqual(sorted(given('a')), sorted(before));
    put('b', 'late');
    start('b');
    const both = await alike(['a', 'b'], 9);
    for (const [service, address] of Object.entries(before)) assert.equal(both[service], address, service);
  });

  it('and goes on with them whoever of them begins anew, while proxies go on', async () => {
    const before = sorted(await alike(['a', 'b'], 9));
    for (const name of ['a', 'b'])
      weirs.configure(name, { sources: [{ type: 'file', paths: [directory(name)] }], onExit: 'leave' });
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await Promise.all(['a', 'b'].map((name) => stop(name, signal)));
      for (const name of ['a', 'b']) start(name);
      assert.deepEqual(sorted(await alike(['a', 'b'], 9)), before, signal);
      for (const [, address] of before) await answers(address);
    }
    await stop('b', 'SIGKILL');
    await stop('a', 'SIGKILL');
    start('a');
    assert.deepEqual(sorted(await alike(['a'], 9)), before, 'alone');
  });
});
