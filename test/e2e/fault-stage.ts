/** A real weir on a real HAProxy with clients that never stop asking: what tests of faults stand on. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ask, eventually } from '../fakes/ask.ts';
import { type Echo, startEcho } from '../fakes/echo.ts';
import { ownAddress } from '../fakes/own-address.ts';
import { type Finished, startWeir, type WeirProcess, weir } from '../fakes/weir-process.ts';
import { type Clients, startClients } from './bad-input-clients.ts';

const stateShape = z.object({
  inSync: z.boolean(),
  problems: z.array(
    z.object({ code: z.string(), source: z.string(), service: z.string().optional(), message: z.string() }),
  ),
  plans: z.array(z.object({ cause: z.string(), result: z.string() })),
  services: z.array(z.object({ id: z.string(), health: z.string(), reason: z.string() })),
  balancers: z.array(
    z.object({
      units: z.array(
        z.object({
          state: z.string(),
          message: z.string(),
          code: z.string().optional(),
          retryInMs: z.number().optional(),
        }),
      ),
    }),
  ),
});
export type StageState = z.infer<typeof stateShape>;

export interface Stage {
  readonly folder: string;
  /** Where HAProxy's files stand. */
  readonly directory: string;
  /** Nobody else uses it. */
  readonly address: string;
  /** Of the API: address:port. */
  readonly api: string;
  readonly config: string;
  readonly one: Echo;
  readonly two: Echo;
  /** Of clients that ask `stays.test` all the time. */
  readonly clients: Clients;
  put(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
  state(): Promise<StageState>;
  settled(): Promise<StageState>;
  /** Waits until status tells something. */
  told(what: (state: StageState) => boolean): Promise<StageState>;
  answers(host: string): Promise<string>;
  becomes(host: string, wanted: string): Promise<void>;
  /** Sum of a metric over those of its lines that match. */
  metric(name: string, labels?: RegExp): Promise<number>;
  logs(): string;
  /** Of the running weir. */
  readonly pid: number;
  /** Kills weir and starts it again. */
  restart(): Promise<void>;
  /** `weir` with this configuration. */
  command(...args: readonly string[]): Promise<Finished>;
  /** Ends everything; fails when a client saw a failure. */
  end(): Promise<void>;
}

export interface StageOptions {
  /** From 0 to 11: where a test has several at a time. */
  readonly number?: number;
  /** How long the clients wait for an answer. */
  readonly patienceMs?: number;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Runs when the folders are there and before weir starts; answers more options of the balancer. */
  readonly before?: (folder: string, directory: string) => Promise<Readonly<Record<string, unknown>>>;
}

export const webService = (name: string, target: Echo, more = '') =>
  `name: good/${name}\nhttp: [{ host: ${name}.test }]\ntargets: ["127.0.0.1:${target.port}"]\n${more}`;

export async function startStage(wanted: StageOptions = {}): Promise<Stage> {
  const address = ownAddress(wanted.number);
  const [metrics, api] = [`${address}:8378`, `${address}:8377`];
  const folder = await mkdtemp(join(tmpdir(), 'weir-fault-'));
  const directory = join(folder, 'proxy');
  await mkdir(join(folder, 'services'));
  await mkdir(directory, { mode: 0o700 });
  const one = await startEcho('one');
  const two = await startEcho('two');
  const put = async (name: string, text: string) => {
    const path = join(folder, 'services', name);
    await writeFile(`${path}.tmp~`, text);
    await rename(`${path}.tmp~`, path);
  };
  await put('stays.yaml', webService('stays', one));
  await put('moves.yaml', webService('moves', one));
  const more = (await wanted.before?.(folder, directory)) ?? {};
  const config = join(folder, 'weir.yaml');
  await writeFile(
    config,
    JSON.stringify({
      instance: 'fault',
      stateDir: join(folder, 'state'),
      sources: [{ type: 'file', paths: ['services'] }],
      balancers: [
        {
          provider: 'haproxy',
          options: {
            addresses: [address],
            dir: directory,
            threads: 2,
            maxConnections: 2_000,
            ...wanted.options,
            ...more,
          },
        },
      ],
      metrics: { listen: metrics },
      api: { listen: api },
      onExit: 'leave',
      ...wanted.settings,
    }),
  );
  const start = () => startWeir(['-c', config], metrics, folder);
  let running: WeirProcess | undefined;
  const endAll = async () => {
    await running?.stop();
    await weir(['destroy', '-c', config, '--yes'], folder);
    await one.close();
    await two.close();
    await rm(folder, { recursive: true, force: true });
  };
  const state = async () => stateShape.parse(await (await fetch(`http://${api}/api/v1/state`)).json());
  const told = (what: (state: StageState) => boolean) => eventually(state, what, 4_800);
  const settled = () => told(({ inSync }) => inSync);
  const answers = async (host: string) => {
    const { status, headers } = await ask({ address, port: 80, host });
    return `${status} ${String(headers['x-target'] ?? '-')}`;
  };
  try {
    running = await start();
    await settled();
  } catch (error) {
    // What goes on serving keeps the test from its end.
    await endAll();
    throw error;
  }
  const clients = startClients(address, ['stays.test', 'stays.test'], wanted.patienceMs);
  return {
    folder,
    directory,
    address,
    api,
    config,
    one,
    two,
    clients,
    put,
    remove: (name) => unlink(join(folder, 'services', name)),
    state,
    settled,
    told,
    answers,
    becomes: async (host, text) =>
      void (await eventually(
        () => answers(host),
        (got) => got === text,
        4_800,
      )),
    async metric(name, labels = /(?:)/) {
      const text = await (await fetch(`http://${metrics}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.startsWith(name) && /^[{ ]/.test(line.slice(name.length)));
      return lines.filter((line) => labels.test(line)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    logs: () => running?.text() ?? '',
    get pid() {
      return running?.pid ?? 0;
    },
    async restart() {
      await running?.stop('SIGKILL');
      running = await start();
    },
    command: (...args) => weir([...args, '-c', config], folder),
    async end() {
      const { sent, failed } = await clients.stop();
      await endAll();
      assert.deepEqual(failed.slice(0, 5), [], running?.text() ?? '');
      assert.ok(sent > 50, `only ${sent} requests`);
    },
  };
}
