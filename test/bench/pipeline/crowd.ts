/** A folder with thousands of services, one file each, and a real `weir run` with its HAProxy on it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../src/cli/demo/ports.ts';
import { startWeir } from '../../fakes/weir-process.ts';
import { monotonicMs } from '../client.ts';
import { endChild } from '../haproxy/bed.ts';

export interface Crowd {
  /** From the start of the command until it is ready. */
  readonly startMs: number;
  /** The longest time that the event loop was kept from other work, from when weir said that it runs until it was ready. */
  longestBlockMs(): Promise<number>;
  /** Resident memory of weir and of all its HAProxy processes, in MB. */
  memory(): Promise<{ readonly weirMb: number; readonly haproxyMb: number }>;
  /** Lets the service in the middle be served by other targets; answers the milliseconds until the new one answers a request. */
  change(): Promise<number>;
  end(): Promise<void>;
}

export interface CrowdOptions {
  readonly services: number;
  /** Targets of each. */
  readonly targets: number;
  /** Called before each change, when the time has begun. */
  readonly delay?: () => Promise<void>;
}

const host = (i: number) => `s${i}.bench.test`;

export async function makeCrowd({ services, targets: each, delay }: CrowdOptions): Promise<Crowd> {
  const folder = await mkdtemp(`${tmpdir()}/weir-crowd-`);
  await mkdir(`${folder}/services`);
  const backends = fork(`${import.meta.dirname}/../haproxy/targets.ts`, ['3'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [ports] = await once(backends, 'message');
  const [port, metrics, api] = [await freePort(), await freePort(), await freePort()];
  const changing = Math.floor(services / 2);
  const write = async (i: number, targets: readonly string[]) => {
    const text = `name: bench/s${i}\nhttp: { port: ${port}, rules: [{ host: ${host(i)} }] }\ntargets: ${JSON.stringify(targets)}\n`;
    await writeFile(`${folder}/next.tmp`, text);
    await rename(`${folder}/next.tmp`, `${folder}/services/s${i}.yaml`);
  };
  let turn = 0;
  const serve = () => write(changing, [`127.0.0.1:${ports[turn % 3]}`]);
  for (let i = 0; i < services; i++) {
    if (i === changing) await serve();
    else
      await write(
        i,
        Array.from({ length: each }, (_, k) => `127.1.${i >> 8}.${i & 255}:${20_000 + k}`),
      );
  }
  await writeFile(
    `${folder}/weir.yaml`,
    JSON.stringify({
      instance: 'bench',
      stateDir: `${folder}/state`,
      sources: [{ type: 'file', paths: ['services'] }],
      balancers: [{ provider: 'haproxy', options: { addresses: ['127.0.0.1'], maxConnections: 4_000 } }],
      metrics: { listen: `127.0.0.1:${metrics}` },
      api: { listen: `127.0.0.1:${api}` },
      onExit: 'stop',
    }),
  );
  const endAll = async () => {
    await endChild(backends);
    await rm(folder, { recursive: true, force: true });
  };
  const begunMs = monotonicMs();
  const blocks = `${folder}/blocks.json`;
  const given = process.env.NODE_OPTIONS;
  process.env.WEIR_BENCH_BLOCKS = blocks;
  process.env.NODE_OPTIONS = `${given ?? ''} --import ${import.meta.dirname}/loop-watch.ts`;
  const starting = startWeir(['-c', `${folder}/weir.yaml`], `127.0.0.1:${metrics}`, folder).catch(
    async (error: unknown) => {
      await endAll();
      throw error;
    },
  );
  // The process is there: what follows is for nobody else.
  delete process.env.WEIR_BENCH_BLOCKS;
  if (given === undefined) delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = given;
  const weir = await starting;
  const startMs = monotonicMs() - begunMs;
  const readyAtMs = Date.now();
  return {
    startMs,
    async longestBlockMs() {
      process.kill(weir.pid, 'SIGUSR2');
      let text = '';
      for (let tries = 0; text === '' && tries < 500; tries++) {
        await sleep(20);
        text = await readFile(blocks, 'utf8').catch(() => '');
      }
      const runsAtMs = Date.parse(/"time":"([^"]+)"[^\n]*"msg":"weir runs"/.exec(weir.text())?.[1] ?? '');
      const seen: readonly { readonly atMs: number; readonly ms: number }[] = JSON.parse(text);
      const starting = seen.filter(({ atMs }) => atMs >= runsAtMs && atMs <= readyAtMs);
      return Math.max(0, ...starting.map(({ ms }) => ms));
    },
    async memory() {
      const children = await childrenOf(weir.pid);
      const sizes = await Promise.all(children.map(residentMb));
      return { weirMb: await residentMb(weir.pid), haproxyMb: sizes.reduce((sum, size) => sum + size, 0) };
    },
    async change() {
      turn++;
      const sinceMs = monotonicMs();
      await delay?.();
      await serve();
      while ((await ask(port, host(changing))) !== `t${turn % 3}`)
        if (monotonicMs() - sinceMs > 20_000)
          throw new Error(`a change was not seen within 20 s:\n${weir.text().slice(-2_000)}`);
      return monotonicMs() - sinceMs;
    },
    async end() {
      await weir.stop();
      await endAll();
    },
  };
}

/** One request on a connection of its own; the name of the target that answered, empty for none. */
function ask(port: number, name: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ port, host: '127.0.0.1' }, () =>
      socket.write(`GET / HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`),
    );
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', () => resolve(''));
    socket.on('close', () => resolve(/^x-target: (\S+)/m.exec(text)?.[1] ?? ''));
  });
}

/** All processes below one, however far. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const parents = new Map<number, number[]>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
    parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
  }
  const below = (parent: number): readonly number[] =>
    (parents.get(parent) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

async function residentMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
}
