import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Io } from '../../io.ts';
import { type Answer, clientProgram } from './client.ts';
import { clientName, makeNetwork, type Network } from './network.ts';

export const names = ['a', 'b', 'c'];
/** What the pool gives to the one service. */
export const address = '10.77.0.100';
export const port = 80;
const backEndPort = 9000;
const main = join(import.meta.dirname, '..', '..', `main${extname(import.meta.filename)}`);

/** Three machines with a weir and a HAProxy each, and a client that asks all the time. */
export interface Machines {
  readonly folder: string;
  readonly network: Network;
  /** A command of weir's at a machine, as somebody would type it. */
  commandAt(name: string, words: string): string;
  start(name: string): void;
  /** Why it does not run yet, or what is wrong there; undefined: it serves, hears the others, and could answer. */
  ailing(name: string): string | undefined;
  /** As Ctrl-C does; resolves when it has ended. */
  stop(name: string): Promise<void>;
  /** As if the power failed: the cable is out and nothing runs any more. */
  kill(name: string): void;
  answers: readonly Answer[];
  /** The machine over which a request came. */
  nameOf(answer: Answer): string | undefined;
  end(): Promise<void>;
}

/** Throws where the network cannot be made. */
export async function buildMachines(io: Io): Promise<Machines> {
  const network = makeNetwork(names);
  const folder = await mkdtemp(join(tmpdir(), 'weir-vip-'));
  const weirs = new Map<string, ChildProcess>();
  const health = new Map<string, Health>();
  const answers: Answer[] = [];
  await writeFile(join(folder, 'secret'), randomBytes(32).toString('base64'), { mode: 0o600 });
  await writeFile(join(folder, 'services.yaml'), servicesText(network.address(clientName)));
  for (const name of names) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'weir.yaml'), configText(folder, name, network));
  }
  const spawnAt = (name: string, words: readonly string[], stdout: 'ignore' | 'pipe') => {
    const [command = '', ...args] = [...network.inside(name), process.execPath, '--no-warnings', ...words];
    // Its own process group: Ctrl-C of the terminal reaches it from us alone.
    return spawn(command, args, { detached: true, stdio: ['pipe', stdout, 'ignore'] });
  };
  const place = (name: string) => network.address(name);
  const client = spawnAt(
    clientName,
    [clientProgram, address, String(port), place(clientName), String(backEndPort)],
    'pipe',
  );
  if (client.stdout !== null)
    createInterface({ input: client.stdout }).on('line', (line) => answers.push(JSON.parse(line)));
  const file = (name: string) => join(folder, name, 'weir.yaml');
  return {
    folder,
    network,
    commandAt: (name, words) =>
      `${network.inside(name).join(' ')} ${process.execPath} ${main} ${words} -c ${file(name)}`,
    start(name) {
      network.plug(name, true);
      const weir = spawnAt(name, [main, 'run', '-c', file(name), '-o', 'jsonl'], 'pipe');
      weirs.set(name, weir);
      const state: Health = { ready: false, problems: new Set() };
      health.set(name, state);
      if (weir.stdout !== null) createInterface({ input: weir.stdout }).on('line', (line) => hear(line, state));
    },
    ailing(name) {
      const state = health.get(name);
      if (state?.ready !== true) return `${name} is not ready`;
      const [problem] = state.problems;
      return problem === undefined ? undefined : `${name}: ${problem}`;
    },
    async stop(name) {
      const weir = weirs.get(name);
      if (weir === undefined || weir.exitCode !== null || weir.signalCode !== null) return;
      const ended = once(weir, 'exit');
      weir.kill('SIGTERM');
      await ended;
    },
    kill(name) {
      health.delete(name);
      network.plug(name, false);
      for (const pid of network.pids(name)) process.kill(pid, 'SIGKILL');
    },
    answers,
    nameOf: ({ by }) => names.find((name) => by?.endsWith(network.address(name))),
    async end() {
      io.err('stopping: the machines, their proxies, the client, the namespaces, the temporary folder\n');
      const ends = [...weirs.values(), client].map((child) =>
        child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined,
      );
      network.end();
      await Promise.all(ends);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Health {
  ready: boolean;
  readonly problems: Set<string>;
}

const list = z.array(z.object({ code: z.string(), message: z.string() }));
/** What was wrong once and is told for a while: the death that the demo plays, above all. */
const past = ['W_L2_CONFLICT', 'W_L2_GATE', 'W_HAPROXY_DIED'];
const told = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('problems'), appeared: list, gone: list }),
]);

function hear(line: string, state: Health): void {
  const event = told.safeParse(JSON.parse(line)).data;
  if (event?.type === 'ready') state.ready = true;
  if (event?.type !== 'problems') return;
  const texts = (problems: z.infer<typeof list>) =>
    problems.filter(({ code }) => !past.includes(code)).map(({ code, message }) => `${code} ${message}`);
  for (const text of texts(event.appeared)) state.problems.add(text);
  for (const text of texts(event.gone)) state.problems.delete(text);
}

/** The same for all machines but for the name, as it would be on three real ones. */
function configText(folder: string, name: string, network: Network): string {
  const peers = names.map((one) => `        - { name: ${one}, address: ${network.address(one)} }\n`).join('');
  return `instance: ${name}
stateDir: ${folder}/${name}/state
sources: [{ type: file, paths: [${folder}/services.yaml] }]
pools: [{ name: lan, ranges: [10.77.0.100-10.77.0.109] }]
drain: 1s
balancers:
  - name: vip                      # who answers for the addresses
    provider: l2
    fromPools: true
    shared: true
    options:
      secretFile: ${folder}/secret
      peers:
${peers}  - { name: edge, provider: haproxy, fromPools: true, shared: true }     # who serves there
`;
}

function servicesText(backEnd: string): string {
  return `apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop, annotations: { weir-lb.dev/protocol: http } }
spec: { type: LoadBalancer, ports: [{ name: http, port: ${port} }] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: web, namespace: shop }
subsets: [{ addresses: [{ ip: ${backEnd} }], ports: [{ name: http, port: ${backEndPort} }] }]
`;
}
