/** A rolling update: one node of two is drained, the address moves away, its weir and its HAProxy are replaced, the address comes back. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findProgramFile, runningFile } from '../../providers/haproxy/binary-file.ts';
import { showProcesses } from '../../providers/haproxy/master.ts';
import type { LoadSpec } from '../bench/client/swarm-words.ts';
import { type Origin, startOrigin } from '../bench/haproxy/edge.ts';
import { type Swarm, startSwarm } from '../bench/haproxy/swarm.ts';
import { needsRootAnd } from '../fakes/needs.ts';
import { weir } from '../fakes/weir-process.ts';
import { until } from './haproxy-rig.ts';
import { makeTwoNodes, type Node, type TwoNodes } from './two-nodes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const [port, tcpPort] = [8080, 9000];

let net: TwoNodes;
let folder: string;
let origin: Origin;
let swarm: Swarm | undefined;
const running = new Map<Node, ChildProcess>();
const written = new Map<Node, string>();

beforeEach(async () => {
  folder = await mkdtemp(`${tmpdir()}/weir-`);
  net = makeTwoNodes();
  origin = await startOrigin({ http: 2, echo: 1, host: net.targetAddress }, net.targets);
  const { targetAddress: address } = net;
  const services = [
    { name: 'shop/web', http: { port, rules: [{ host: 'main.test' }] }, targets: targets(origin.http) },
    { name: 'shop/echo', ports: [{ port: tcpPort, protocol: 'tcp' }], targets: targets(origin.echo) },
  ];
  function targets(ports: readonly number[]) {
    return ports.map((one) => ({ address, port: one }));
  }
  await writeFile(`${folder}/services.json`, JSON.stringify({ services }));
  const installed = execFileSync('sh', ['-c', 'command -v haproxy'], { encoding: 'utf8' }).trim();
  for (const version of ['one', 'two']) await copyFile(installed, `${folder}/haproxy-${version}`);
  for (const node of [net.a, net.b]) {
    await mkdir(`${folder}/${node.name}`);
    await symlink(`${folder}/haproxy-one`, `${folder}/${node.name}/program`);
    const options = {
      binary: `${folder}/${node.name}/program`,
      dir: `${folder}/${node.name}/haproxy`,
      addresses: [net.address],
      maxConnections: 2_000,
    };
    const config = {
      instance: node.name,
      stateDir: `${folder}/${node.name}/state`,
      sources: [{ type: 'file', paths: [`${folder}/services.json`] }],
      balancers: [{ provider: 'haproxy', options }],
      api: { listen: '' },
      drain: '3s',
    };
    await writeFile(`${folder}/${node.name}/weir.yaml`, JSON.stringify(config));
  }
});

afterEach(async () => {
  await swarm?.stop();
  swarm = undefined;
  for (const child of running.values()) await ended(child, 'SIGKILL');
  running.clear();
  for (const node of [net.a, net.b]) await weir(['destroy', '-c', `${folder}/${node.name}/weir.yaml`, '--yes']);
  await origin.end();
  net.end();
  await rm(folder, { recursive: true });
});

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill(signal);
  await closed;
}

async function start(node: Node): Promise<void> {
  const [program = '', ...rest] = [...node.inside, process.execPath, main, 'run'];
  const child = spawn(program, [...rest, '-c', `${folder}/${node.name}/weir.yaml`], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  running.set(node, child);
  written.set(node, '');
  child.stderr.setEncoding('utf8').on('data', (text: string) => written.set(node, `${written.get(node)}${text}`));
  await until(`${node.name} is ready`, async () => ready(node) === '200', 30_000);
}

/** What a node says to whoever moves the address. */
function ready(node: Node): string {
  const ask = `fetch('http://127.0.0.1:8378/readyz').then(({ status }) => status, () => 'nobody').then(console.log)`;
  const [program = '', ...rest] = [...node.inside, process.execPath, '-e', ask];
  return execFileSync(program, rest, { encoding: 'utf8' }).trim();
}

const processes = async (node: Node) => {
  const found = await showProcesses(`${folder}/${node.name}/haproxy/master.sock`);
  assert.ok(found);
  return found;
};

test('a node leaves and comes back with another weir and another HAProxy: nobody loses anything', {
  timeout: 120_000,
  skip: needsRootAnd('ip', 'nft'),
}, async () => {
  const { a, b, address: host } = net;
  await start(a);
  await start(b);
  net.move(a);
  const asks = [{ authority: 'main.test' }];
  const loads: readonly LoadSpec[] = [
    { name: 'new', kind: 'new', port, host, connections: 16, perSecond: 200, asks },
    { name: 'posts', kind: 'pool', port, host, connections: 32, perSecond: 300, asks, blind: true },
    { name: 'pings', kind: 'ping', port: tcpPort, host, connections: 10, perSecond: 50 },
    { name: 'chunks', kind: 'chunks', port, host, connections: 10, perSecond: 1, asks },
  ];
  const clients = await startSwarm({ loads }, net.client);
  swarm = clients;
  const streams = () => clients.load('pings').open + clients.load('chunks').open;
  await clients.until('the streams stand', () => streams() === 20);
  const more = async () => {
    const { ok } = clients.load('posts');
    await clients.until('further requests', () => clients.load('posts').ok > ok + 300);
  };
  await more();
  assert.ok(net.connections(a, port) > 30);

  // A leaves: it says so, serves on, and its kept connections end one by one between two requests.
  const first = await processes(a);
  const leaving = running.get(a);
  assert.ok(leaving);
  const gone = ended(leaving, 'SIGTERM');
  await until('A says that it leaves', () => ready(a) === '503');
  net.move(b);
  await until('only the endless answers stay with A', () => net.connections(a, port) === 10);
  await gone;
  assert.match(written.get(a) ?? '', /weir leaves/);
  assert.equal(net.connections(a, tcpPort), 10);
  await more();

  // Both programs of A are replaced; the streams stay where they are.
  await symlink(`${folder}/haproxy-two`, `${folder}/a/program~`);
  await rename(`${folder}/a/program~`, `${folder}/a/program`);
  await start(a);
  await until('the new HAProxy serves', () => /HAProxy was replaced/.test(written.get(a) ?? ''), 30_000);
  const second = await processes(a);
  assert.equal(await runningFile(second.master), (await findProgramFile(`${folder}/haproxy-two`))?.file);
  assert.notDeepEqual(second.workers, first.workers);
  assert.deepEqual(second.oldWorkers, first.workers, 'the old worker serves its streams');

  // The address comes back; what B holds stays with B, and A keeps connections again.
  const held = net.connections(b, port);
  assert.ok(held > 20, `${held}`);
  net.move(a);
  await more();
  await more();
  assert.equal(net.connections(a, tcpPort), 10);
  assert.ok(net.connections(b, port) > 20);
  assert.equal(streams(), 20);
  const { sent, failed, cut } = clients.total();
  assert.deepEqual({ failed, cut, errors: clients.errors() }, { failed: 0, cut: 0, errors: {} });
  assert.ok(sent > 3_000, `${sent}`);
});
