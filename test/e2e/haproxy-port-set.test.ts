/** New TCP ports without a reload by a set of nftables: from another host and from the machine itself, in network namespaces. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { optionsSchema } from '../../providers/haproxy/options.ts';
import { needsRootAnd } from '../fakes/needs.ts';

const [edge, host] = [`weir-e${process.pid}`, `weir-h${process.pid}`];
const addresses = ['10.88.0.1'];
const childFile = new URL('./haproxy-port-child.ts', import.meta.url).pathname;
// Connects, says what came first, writes back what stands behind it, and waits for lines on its input.
const client = `const s=require('net').connect(+process.argv[2],process.argv[1]);s.setTimeout(3000,()=>{console.log('silent');process.exit()});
s.on('error',e=>{console.log(e.code);process.exit()});s.on('data',d=>{process.stdout.write(d);if(process.argv[3]!=='stay')process.exit()});
s.on('close',()=>{console.log('closed');process.exit()});process.stdin.on('data',d=>s.write(d))`;

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function inside(ns: string, ...args: readonly string[]): string {
  return execFileSync('ip', ['netns', 'exec', ns, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function ask(ns: string, address: string, port: number): string {
  return inside(ns, process.execPath, '-e', client, address, String(port)).trim().split('\n')[0] ?? '';
}

function startChild(
  directory: string,
  env: NodeJS.ProcessEnv = process.env,
  through: readonly string[] = [],
): ChildProcess {
  const args = ['netns', 'exec', edge, ...through, process.execPath, childFile, directory, ...addresses];
  return spawn('/usr/sbin/ip', args, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

describe('ports by a set of nftables', { skip: needsRootAnd('ip', 'nft') }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'weir-'));
  let child: ChildProcess | undefined;
  before(async () => {
    for (const ns of [edge, host]) {
      ip('netns', 'add', ns);
      ip('-n', ns, 'link', 'set', 'lo', 'up');
    }
    ip('link', 'add', 'v0', 'netns', edge, 'type', 'veth', 'peer', 'name', 'v0', 'netns', host);
    for (const [ns, last] of [
      [edge, '1'],
      [host, '2'],
    ] as const) {
      ip('-n', ns, 'addr', 'add', `10.88.0.${last}/24`, 'dev', 'v0');
      ip('-n', ns, 'link', 'set', 'v0', 'up');
    }
    child = startChild(directory);
    assert.deepEqual(await once(child, 'message'), ['open', undefined]);
  });
  after(async () => {
    if (child?.connected === true && child.exitCode === null) {
      const ended = once(child, 'exit');
      child.send('withdraw');
      await ended;
    }
    for (const ns of [edge, host]) ip('netns', 'del', ns);
    rmSync(directory, { recursive: true, force: true });
  });

  async function order(what: { readonly ports: readonly number[] } | 'withdraw'): Promise<unknown> {
    assert.ok(child !== undefined);
    const heard = once(child, 'message');
    child.send(what);
    const [answer] = await heard;
    return answer;
  }

  test('new ports answer from elsewhere and from here; others are refused', async () => {
    assert.deepEqual(await order({ ports: [3306] }), { reloads: 0 });
    assert.deepEqual(await order({ ports: [3306, 5432] }), { reloads: 0 });
    for (const ns of [edge, host]) {
      for (const address of addresses) {
        for (const port of [3306, 5432]) assert.equal(ask(ns, address, port), 'echo', `${ns} ${address} ${port}`);
        assert.equal(ask(ns, address, 3307), 'ECONNREFUSED');
      }
    }
  });

  test('an open connection outlives its port, and a changed set', async () => {
    const args = ['netns', 'exec', host, process.execPath, '-e', client, addresses[0] ?? '', '5432', 'stay'];
    const open = spawn('/usr/sbin/ip', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const heard = async () => String((await once(open.stdout, 'data'))[0]).trim();
    assert.equal(await heard(), 'echo');
    assert.deepEqual(await order({ ports: [3306, 6379] }), { reloads: 0 });
    assert.equal(ask(host, addresses[0] ?? '', 5432), 'ECONNREFUSED');
    assert.equal(ask(host, addresses[0] ?? '', 6379), 'echo');
    open.stdin.write('still here');
    assert.equal(await heard(), 'still here');
    const ended = once(open, 'exit');
    open.kill('SIGKILL');
    await ended;
  });

  test('the table is named after the balancer, and goes with it', async () => {
    assert.match(inside(edge, 'nft', 'list', 'tables'), /^table inet weir_edge_[0-9a-f]{8}$/m);
    await order('withdraw');
    if (child?.exitCode === null) await once(child, 'exit');
    assert.doesNotMatch(inside(edge, 'nft', 'list', 'tables'), /weir/);
    assert.equal(ask(host, addresses[0] ?? '', 3306), 'ECONNREFUSED');
  });

  test('IPv6 is refused, for HAProxy would not know the port', () => {
    const read = (more: object) => optionsSchema.safeParse({ portSet: 20_000, ...more }).success;
    assert.deepEqual([read({}), read({ ipv6: 'off' }), read({ addresses: ['10.0.0.1'] })], [false, true, true]);
  });

  async function isTold(reason: RegExp, env: NodeJS.ProcessEnv, through: readonly string[]): Promise<void> {
    const other = mkdtempSync(join(tmpdir(), 'weir-'));
    const blind = startChild(other, env, through);
    try {
      await once(blind, 'message');
      blind.send({ ports: [3306] });
      const [answer] = await once(blind, 'message');
      assert.match(JSON.stringify(answer), reason);
      assert.match(JSON.stringify(answer), /; give them, or use options\.portRange or neither/);
    } finally {
      const ended = once(blind, 'exit');
      blind.kill('SIGKILL');
      await ended;
      rmSync(other, { recursive: true, force: true });
    }
  }

  test('without nft the reason is told, and what to do', async () => {
    const programs = mkdtempSync(join(tmpdir(), 'weir-'));
    symlinkSync('/usr/bin/flock', join(programs, 'flock'));
    try {
      const env = { ...process.env, PATH: programs };
      await isTold(/options\.portSet needs nft and CAP_NET_ADMIN \(spawn nft ENOENT\)/, env, []);
    } finally {
      rmSync(programs, { recursive: true, force: true });
    }
  });

  test('with nft and without the right to change rules it is told, too', async () => {
    const without = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'];
    await isTold(/needs nft and CAP_NET_ADMIN \(.*Operation not permitted/, process.env, without);
  });
});
