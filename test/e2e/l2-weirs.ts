/** Machines that run `weir run -c weir.yaml` on a virtual LAN, each with a HAProxy of its own, and a client that asks at an announced address. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Lan, monotonicMs } from './l2-lan.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const clientProgram = fileURLToPath(new URL('./l2-client.ts', import.meta.url));

const stateSchema = z.object({
  inSync: z.boolean(),
  problems: z.array(z.object({ code: z.string(), message: z.string(), severity: z.string() })),
  balancers: z.array(
    z.object({
      name: z.string(),
      units: z.array(z.object({ state: z.string(), code: z.string().optional(), message: z.string() })),
    }),
  ),
  services: z.array(
    z.object({
      id: z.string(),
      health: z.string(),
      reason: z.string(),
      reports: z.array(
        z.object({
          balancer: z.string(),
          announced: z
            .array(
              z.object({
                address: z.string(),
                owner: z.string().optional(),
                own: z.boolean(),
                sinceMs: z.number().optional(),
                candidates: z.array(z.string()),
                others: z.array(z.object({ node: z.string(), reason: z.string() })),
              }),
            )
            .optional(),
        }),
      ),
    }),
  ),
});
export type WeirState = z.infer<typeof stateSchema>;

export interface Machine {
  readonly name: string;
  readonly pid: number;
  /** Everything written so far. */
  text(): string;
  kill(signal: NodeJS.Signals): void;
  /** Ends it with a signal and waits for its end. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** What the client saw of its requests: monotonic ms and whether it was answered. */
export interface Asked {
  readonly requests: readonly { readonly at: number; readonly ms: number; readonly error?: string }[];
}

export interface Weirs {
  readonly folder: string;
  /** Writes weir.yaml of a machine: parts stand in the place of the usual ones. */
  configure(name: string, parts?: Readonly<Record<string, unknown>>, haproxy?: Readonly<Record<string, unknown>>): void;
  /** Writes the services of all machines: name → port. `families`: what they ask for, in the words of Kubernetes. */
  serve(services: Readonly<Record<string, number>>, families?: readonly string[]): void;
  /** `before`: words before the command, such as `env` or `setpriv` with what they want. */
  start(name: string, before?: readonly string[]): Machine;
  /** `of`: whose weir.yaml; default: the machine's own. */
  run(
    name: string,
    args: readonly string[],
    of?: string,
  ): Promise<{ readonly code: number | null; readonly text: string }>;
  state(name: string): WeirState | undefined;
  /** The node that answers for an address, as a machine says. */
  owner(name: string, vip: string): string | undefined;
  until<T>(what: string | (() => string), look: () => T | undefined, withinMs?: number): Promise<T>;
  ask(vip: string, port: number, gapMs?: number): Promise<{ end(): Promise<Asked> }>;
  end(): Promise<void>;
}

/** It may have ended meanwhile, as the one has that listed it. */
function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}

export const vipPool = '10.77.0.100-10.77.0.119';

export function makeWeirs(lan: Lan, names: readonly string[]): Weirs {
  const folder = mkdtempSync(join(tmpdir(), 'weir-l2-cli-'));
  const started: ChildProcess[] = [];
  const peers = names.map((name, at) => ({ name, address: `10.77.0.${11 + at}` }));
  writeFileSync(join(folder, 'secret'), 'a secret that only the tests know\n', { mode: 0o600 });
  const spawnIn = (
    name: string,
    words: readonly string[],
    { stdin = 'ignore', before = [] }: { stdin?: 'ignore' | 'pipe'; before?: readonly string[] } = {},
  ) => {
    const node = [...before, process.execPath, '--no-warnings'];
    const [command = '', ...args] = [...lan.inside(name), ...node, ...words];
    const child = spawn(command, args, { stdio: [stdin, 'pipe', 'pipe'] });
    started.push(child);
    return child;
  };
  const textOf = (child: ChildProcess) => {
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString();
  };
  const ended = async (child: ChildProcess) => {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    return child.exitCode;
  };
  const file = (name: string) => join(folder, name, 'weir.yaml');
  const state = (name: string) => {
    try {
      return stateSchema.parse(JSON.parse(lan.run(name, 'curl -s -m 2 http://127.0.0.1:8377/api/v1/state')));
    } catch (error) {
      if (error instanceof z.ZodError) throw error;
      return undefined;
    }
  };
  const weirs: Weirs = {
    folder,
    configure(name, parts = {}, haproxy = {}) {
      mkdirSync(join(folder, name), { recursive: true });
      const config = {
        instance: name,
        stateDir: join(folder, name, 'state'),
        sources: [{ type: 'file', paths: [join(folder, 'services.json')] }],
        pools: [{ name: 'lan', ranges: [vipPool] }],
        balancers: [
          {
            ...{ name: 'vip', provider: 'l2', fromPools: true, shared: true },
            options: { secretFile: join(folder, 'secret'), peers },
          },
          { name: 'edge', provider: 'haproxy', fromPools: true, shared: true, options: haproxy },
        ],
        ...parts,
      };
      writeFileSync(file(name), JSON.stringify(config));
    },
    serve(services, ipFamilies) {
      const objects = Object.entries(services).flatMap(([name, port]) => [
        {
          ...{ apiVersion: 'v1', kind: 'Service' },
          metadata: { name, namespace: 'shop', annotations: { 'weir-lb.dev/protocol': 'http' } },
          spec: {
            ...{ type: 'LoadBalancer', ports: [{ name: 'http', port }] },
            ...(ipFamilies === undefined ? {} : { ipFamilies, ipFamilyPolicy: 'RequireDualStack' }),
          },
        },
        {
          ...{ apiVersion: 'v1', kind: 'Endpoints', metadata: { name, namespace: 'shop' } },
          subsets: [{ addresses: [{ ip: '10.77.0.20' }], ports: [{ name: 'http', port: 9000 }] }],
        },
      ]);
      writeFileSync(join(folder, 'services.json'), JSON.stringify(objects));
    },
    start(name, before = []) {
      const child = spawnIn(name, [main, 'run', '-c', file(name)], { before });
      return {
        name,
        pid: child.pid ?? 0,
        text: textOf(child),
        kill: (signal) => child.kill(signal),
        stop(signal = 'SIGTERM') {
          child.kill(signal);
          return ended(child);
        },
      };
    },
    async run(name, args, of = name) {
      const child = spawnIn(name, [main, ...args, '-c', file(of)]);
      const text = textOf(child);
      return { code: await ended(child), text: text() };
    },
    state,
    owner(name, vip) {
      const reports = state(name)?.services.flatMap((service) => service.reports) ?? [];
      return reports.flatMap(({ announced = [] }) => announced).find(({ address }) => address === vip)?.owner;
    },
    async until(what, look, withinMs = 45_000) {
      for (const end = monotonicMs() + withinMs; monotonicMs() < end; await sleep(50)) {
        const found = look();
        if (found !== undefined) return found;
      }
      throw new Error(`${typeof what === 'string' ? what : what()}: not within ${withinMs} ms`);
    },
    async ask(vip, port, gapMs = 5) {
      const child = spawnIn('client', [clientProgram, vip, String(port), String(gapMs)], { stdin: 'pipe' });
      const text = textOf(child);
      while (!text().startsWith('ready\n')) await sleep(5);
      return {
        async end() {
          child.stdin?.end();
          await ended(child);
          return JSON.parse(text().slice('ready\n'.length));
        },
      };
    },
    async end() {
      for (const child of started) {
        child.kill('SIGCONT');
        child.kill('SIGKILL');
      }
      await Promise.all(started.map(ended));
      for (const name of names) await weirs.run(name, ['destroy', '--yes']);
      // Proxies of configurations that a test has replaced.
      for (const name of names)
        for (const pid of lan
          .run(name, `ip netns pids ${lan.inside(name)[3]}`)
          .trim()
          .split('\n'))
          if (pid !== '' && Number(pid) !== process.pid) endProcess(Number(pid));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return weirs;
}
