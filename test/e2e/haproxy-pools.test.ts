/** Services at addresses out of pools, on the real HAProxy by the real weir: the same port at several addresses, shared ones, and a restart. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { listen } from '../fakes/listen.ts';
import { ownAddress } from '../fakes/own-address.ts';
import { startWeir, type WeirProcess } from '../fakes/weir-process.ts';
import { eventually } from '../kube/index.ts';

/** The last byte of an address out of the pool. */
const [base, listening] = [ownAddress(6), ownAddress(7)].map((address) => address.replace(/\d+$/, ''));
const port = 8090;

interface Asked {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly port?: number;
}

describe('HAProxy at addresses of pools', () => {
  let folder = '';
  let running: WeirProcess | undefined;
  const servers: Server[] = [];
  const ports = new Map<string, number>();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-haproxy-pools-'));
    for (const name of ['a', 'b', 'c', '0']) {
      const server = createServer((_, response) => response.end(name));
      servers.push(server);
      ports.set(name, await listen(server));
    }
    const config = {
      stateDir: join(folder, 'state'),
      sources: [{ type: 'file', paths: ['services.json'] }],
      balancers: [{ name: 'edge', provider: 'haproxy', fromPools: true, options: { addresses: [`${listening}1`] } }],
      pools: [{ name: 'p', ranges: [`${base}0/29`] }],
      api: { listen: `${listening}2:8377` },
      metrics: { listen: `${listening}2:8378` },
    };
    await writeFile(join(folder, 'weir.yaml'), JSON.stringify(config));
  });
  after(async () => {
    await running?.stop();
    running = await start(['--on-exit', 'stop']);
    await running.stop();
    for (const server of servers) server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (more: readonly string[] = []) =>
    startWeir(['-c', join(folder, 'weir.yaml'), ...more], `${listening}2:8378`, folder);

  const write = (services: Readonly<Record<string, Asked>>) => {
    const objects = Object.entries(services).flatMap(([name, asked]) => {
      const metadata = {
        name,
        namespace: 'shop',
        annotations: { 'weir-lb.dev/protocol': 'http', ...asked.annotations },
      };
      const target = { name: 'http', port: ports.get(name) };
      return [
        {
          ...{ apiVersion: 'v1', kind: 'Service', metadata },
          spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: asked.port ?? port }] },
        },
        {
          ...{ apiVersion: 'v1', kind: 'Endpoints', metadata: { name, namespace: 'shop' } },
          subsets: [{ addresses: [{ ip: '127.0.0.1' }], ports: [target] }],
        },
      ];
    });
    return writeFile(join(folder, 'services.json'), JSON.stringify(objects));
  };

  const ask = (last: number, at = port) =>
    fetch(`http://${base}${last}:${at}/`, { headers: { connection: 'close' } }).then(
      (answer) => answer.text(),
      () => 'nothing',
    );
  const answers = (...asked: readonly (readonly [number, number?])[]) =>
    Promise.all(asked.map(([last, at]) => ask(last, at)));

  it('serves the same port of each Service at an address of its own, and of those that share at one', async () => {
    const shared = { 'metallb.io/allow-shared-ip': 'k', 'metallb.io/loadBalancerIPs': `${base}5` };
    await write({ a: {}, b: { annotations: shared }, c: { annotations: shared, port: port + 1 } });
    running = await start();
    const seen = await eventually(
      () => answers([0], [5], [5, port + 1]),
      (found) => found.join() === 'a,b,c',
      20_000,
    );
    assert.deepEqual(seen, ['a', 'b', 'c']);
    assert.deepEqual(await answers([1], [5, port + 2]), ['nothing', 'nothing']);
  });

  it('goes on at the same addresses when weir is killed and another Service comes first', async () => {
    await running?.stop('SIGKILL');
    assert.deepEqual(await answers([0], [5]), ['a', 'b']);
    const record = await readFile(join(folder, 'state', 'addresses.jsonl'), 'utf8');
    assert.match(record, new RegExp(`"shop/a","addresses":\\["${base}0"\\]`));
    const shared = { 'metallb.io/allow-shared-ip': 'k' };
    await write({ '0': {}, a: {}, b: { annotations: shared }, c: { annotations: shared, port: port + 1 } });
    running = await start();
    const seen = await eventually(
      () => answers([1], [0], [5], [5, port + 1]),
      (found) => found.join() === '0,a,b,c',
      20_000,
    );
    assert.deepEqual(seen, ['0', 'a', 'b', 'c']);
  });

  it('gives an address to the next one when its Service goes', async () => {
    await write({ '0': {}, b: {} });
    await eventually(
      () => ask(0),
      (found) => found === 'nothing',
      20_000,
    );
    await write({ '0': {}, b: {}, c: {} });
    const seen = await eventually(
      () => answers([0], [1], [5]),
      (found) => found.join() === 'c,0,b',
      20_000,
    );
    assert.deepEqual(seen, ['c', '0', 'b']);
  });
});
