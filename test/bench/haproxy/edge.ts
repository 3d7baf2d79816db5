/** A real `weir run` on a folder with its HAProxy, that can be killed and started again; and what HAProxy says about itself. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWeir, type WeirProcess } from '../../fakes/weir-process.ts';
import type { OriginOptions, OriginOrder } from './origin.ts';

export interface Edge {
  readonly folder: string;
  readonly weir: WeirProcess;
  /** Writes a file of the services as an editor does: beside, then renamed. */
  write(name: string, content: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** What weir's metrics page says. */
  metrics(): Promise<string>;
  /** kill -9. */
  killWeir(): Promise<void>;
  startAgain(): Promise<void>;
  processes(): Promise<Processes>;
  end(): Promise<void>;
}

export interface Processes {
  readonly master: number;
  /** How often this master has loaded its configuration anew. */
  readonly reloads: number;
  readonly worker: number;
  readonly oldWorkers: readonly number[];
}

export interface EdgeOptions {
  /** File name → content. */
  readonly services: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, unknown>>;
}

export async function startEdge({ services, options = {} }: EdgeOptions): Promise<Edge> {
  const folder = await mkdtemp(`${tmpdir()}/weir-bench-`);
  await mkdir(`${folder}/services`);
  const write = async (name: string, content: string) => {
    await writeFile(`${folder}/${name}.tmp`, content);
    await rename(`${folder}/${name}.tmp`, `${folder}/services/${name}`);
  };
  for (const [name, content] of Object.entries(services)) await write(name, content);
  const [metricsPort = 0, apiPort = 0] = await freePorts(2);
  const metricsAddress = `127.0.0.1:${metricsPort}`;
  const directory = `${folder}/haproxy`;
  await writeFile(
    `${folder}/weir.yaml`,
    JSON.stringify({
      instance: 'bench',
      stateDir: `${folder}/state`,
      sources: [{ type: 'file', paths: ['services'] }],
      balancers: [
        {
          provider: 'haproxy',
          options: { dir: directory, addresses: ['127.0.0.1'], maxConnections: 4_000, ...options },
        },
      ],
      metrics: { listen: metricsAddress },
      api: { listen: `127.0.0.1:${apiPort}` },
      onExit: 'stop',
    }),
  );
  const begin = () => startWeir(['-c', `${folder}/weir.yaml`], metricsAddress, folder);
  let weir = await begin();
  // While it loads its configuration the master refuses connections.
  const processes = async () => {
    for (let tries = 0; ; tries++) {
      try {
        return await showProcesses(`${directory}/master.sock`);
      } catch (error) {
        if (tries === 100) throw error;
        await sleep(20);
      }
    }
  };
  return {
    folder,
    get weir() {
      return weir;
    },
    write,
    remove: (name) => rm(`${folder}/services/${name}`),
    metrics: async () => (await fetch(`http://${metricsAddress}/metrics`)).text(),
    killWeir: async () => void (await weir.stop('SIGKILL')),
    async startAgain() {
      weir = await begin();
    },
    processes,
    async end() {
      // A weir that was killed left its HAProxy serving: ours to end.
      const found = await processes().catch(() => undefined);
      await weir.stop();
      if (found !== undefined && residentKiB(found.master) > 0) process.kill(found.master, 'SIGTERM');
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function showProcesses(path: string): Promise<Processes> {
  const socket = connect({ path });
  let text = '';
  socket.setEncoding('latin1').on('data', (part) => {
    text += part;
  });
  socket.end('show proc\n');
  await once(socket, 'close');
  const rows = text.split('\n').map((line) => line.trim().split(/\s+/));
  const master = rows.find(([, type]) => type === 'master');
  const old = text.indexOf('# old workers');
  const workers = rows.filter(([, type]) => type === 'worker').map(([pid]) => Number(pid));
  const current = Number(/^(\d+)\s+worker/m.exec(text.slice(0, old < 0 ? undefined : old))?.[1]);
  return {
    master: Number(master?.[0]),
    reloads: Number(master?.[2]),
    worker: current,
    oldWorkers: workers.filter((pid) => pid !== current),
  };
}

/** Resident memory of a process; 0 when there is none. */
export function residentKiB(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Ports that nobody listens on. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address !== 'string') ports.push(address.port);
  }
  for (const server of servers) server.close();
  return ports;
}

export interface Origin {
  readonly pid: number;
  readonly http: readonly number[];
  readonly echo: readonly number[];
  order(order: OriginOrder): Promise<void>;
  end(): Promise<void>;
}

/** How `fork` starts a process of Node by way of another program, which takes its place. */
export function startedThrough([program, ...rest]: readonly string[]): { execPath?: string; execArgv?: string[] } {
  return program === undefined ? {} : { execPath: program, execArgv: [...rest, process.execPath] };
}

/** `through`: what starts it, such as `ip netns exec NAME`. */
export async function startOrigin(options: OriginOptions, through: readonly string[] = []): Promise<Origin> {
  const child: ChildProcess = fork(`${import.meta.dirname}/origin.ts`, [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // A session of its own can be set apart from other work; it ends when it is left alone.
    detached: true,
    ...startedThrough(through),
  });
  const [{ http, echo }] = await once(child, 'message');
  return {
    pid: child.pid ?? 0,
    http,
    echo,
    async order(order) {
      child.send(order);
      await once(child, 'message');
    },
    async end() {
      const ended = once(child, 'exit');
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** Until it holds. @throws after `timeoutMs`. */
export async function until(what: string, holds: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(5);
  }
}
