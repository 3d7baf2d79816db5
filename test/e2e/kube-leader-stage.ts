/** Several `weir run` in front of one account, and a real control plane whose Lease says which of them writes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { networkService } from '../bench/awselb/manifests.ts';
import { FakeAws } from '../fakes/aws/index.ts';
import { type Seeded, seed } from '../fakes/aws/seed.ts';
import { ownAddress } from '../fakes/own-address.ts';
import { type ApiObject, type ControlPlane, eventually, startControlPlane } from '../kube/index.ts';
import { FaultProxy } from '../kube-client/fault-proxy.ts';
import { type Front, type Hold, openFront, strayWrites, type Write } from './kube-leader-front.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface LeaderTimes {
  readonly leaseDuration: string;
  readonly renewDeadline: string;
  readonly retryPeriod: string;
}

export const lease = { namespace: 'default', name: 'weir-awselb-test' };

/** What `weir run` says of itself. */
interface Told {
  readonly leases?: readonly { readonly leader: boolean; readonly holder?: string }[];
}

type AwsServer = Awaited<ReturnType<FakeAws['listen']>>;

export class LeaderStage {
  readonly plane: ControlPlane;
  readonly aws: FakeAws;
  readonly seeded: Seeded;
  /** As the account saw them, of all. */
  readonly journal: Write[] = [];
  /** As the API server told them. */
  readonly holds: Hold[] = [];
  readonly #ended = new AbortController();
  readonly #server: AwsServer;
  readonly #folder: string;
  readonly #weirs: Weir[] = [];
  readonly #services: number;
  #turns = 0;
  #following: Promise<void> = Promise.resolve();

  private constructor(plane: ControlPlane, aws: FakeAws, server: AwsServer, services: number) {
    this.#services = services;
    this.plane = plane;
    this.aws = aws;
    this.#server = server;
    this.seeded = seed(aws);
    this.#folder = join(plane.directory, 'leader');
    mkdirSync(join(this.#folder, 'manifests'), { recursive: true });
  }

  /** `services`: network load balancers wanted. */
  static async start(services = 1): Promise<LeaderStage> {
    const aws = new FakeAws();
    const stage = new LeaderStage(await startControlPlane({ kcm: false }), aws, await aws.listen(), services);
    stage.#following = stage.#follow();
    return stage;
  }

  /** One more; not started. `main`: another program that takes the same arguments. */
  async add(name: string, times: LeaderTimes, program = main): Promise<Weir> {
    const number = this.#weirs.length;
    const proxy = await FaultProxy.start(Number(new URL(this.plane.url).port));
    const at = (file: string) => join(this.#folder, `${name}-${file}`);
    const text = readFileSync(this.plane.admin.kubeconfig, 'utf8');
    writeFileSync(at('kubeconfig'), text.replace(new URL(this.plane.url).host, `127.0.0.1:${proxy.port}`), {
      mode: 0o600,
    });
    const weir = new Weir({
      name,
      program,
      proxy,
      config: at('weir.yaml'),
      folder: this.#folder,
      address: ownAddress(number),
      front: (who) => openFront(this.#server.url, who, this.journal),
      plane: this.plane,
      text: (endpoint, address) => ({
        instance: name,
        stateDir: at('state'),
        sources: [
          { type: 'kubernetes', kubeconfig: at('kubeconfig') },
          { type: 'file', paths: [join(this.#folder, 'manifests')] },
        ],
        balancers: [
          {
            name: 'aws',
            provider: 'awselb',
            options: {
              ...{ clusterName: 'test', vpcId: this.seeded.vpc, region: this.aws.world.region, endpoint },
              limits: { targetsPerSecond: 1_000, targetsBurst: 1_000 },
            },
          },
        ],
        leader: times,
        metrics: { listen: `${address}:8378` },
        api: { listen: `${address}:8377` },
      }),
    });
    this.#weirs.push(weir);
    return weir;
  }

  /** Every service has another target from now on. Whoever leads has something to write. */
  async turn(): Promise<string> {
    const address = `10.0.135.${10 + (this.#turns++ % 200)}`;
    const names = Array.from({ length: this.#services }, (_, i) => `db${i}`);
    const manifests = names.flatMap((name) =>
      networkService({ namespace: 'shop', name, ports: [5432], endpoints: [{ address }] }),
    );
    const file = join(this.#folder, 'manifests', 'db.json');
    await writeFile(`${file}.new`, JSON.stringify(manifests));
    await rename(`${file}.new`, file);
    return address;
  }

  /** One turn after the other, so that there is always something to write, until the function that it answers is called. */
  keepTurning(everyMs: number): () => Promise<void> {
    const end = new AbortController();
    const turns = (async () => {
      while (!end.signal.aborted) {
        await this.turn();
        await sleep(everyMs);
      }
    })();
    return () => {
      end.abort();
      return turns;
    };
  }

  /** Addresses that the account sends requests to. */
  targets(): readonly string[] {
    return [...this.aws.world.elb.targetGroups.all()].flatMap((group) =>
      [...group.targets.values()].map(({ id }) => id),
    );
  }

  async reaches(address: string, timeoutMs = 30_000): Promise<void> {
    await eventually(
      () => this.targets(),
      (targets) => targets.includes(address),
      timeoutMs,
    );
  }

  /** Calls of one weir beside another that leads. */
  stray(): readonly Write[] {
    return strayWrites(this.journal, this.holds);
  }

  /** The one of them that says that it leads. */
  async leader(weirs: readonly Weir[] = this.#weirs, timeoutMs = 30_000): Promise<Weir> {
    const found = await eventually(
      async () => {
        for (const weir of weirs) if (await weir.leads()) return weir;
        return undefined;
      },
      (weir) => weir !== undefined,
      timeoutMs,
    );
    if (found === undefined) throw new Error('nobody leads');
    return found;
  }

  /** Over every absence of the server. */
  async #follow(): Promise<void> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${lease.namespace}/leases?watch=true`;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await this.plane.client.watch<LeaseObject>(path, ({ object }) => this.#hold(object), signal).catch(() => {});
      await sleep(100);
    }
  }

  #hold({ metadata, spec }: LeaseObject): void {
    if (metadata.name !== lease.name) return;
    const identity = spec.holderIdentity ?? '';
    const weir = this.#weirs.find(({ name }) => identity.startsWith(`${name}_`));
    const who = weir?.who ?? '';
    if (this.holds.at(-1)?.who === who) return;
    // The news may come after the first calls of who holds it; the clock is that of this machine.
    const sinceMs = Date.parse(spec.acquireTime ?? '') - performance.timeOrigin;
    this.holds.push({ who, atMs: who === '' || Number.isNaN(sinceMs) ? performance.now() : sinceMs });
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#following;
    for (const weir of this.#weirs) await weir.close();
    await this.#server.close();
    await this.plane.stop();
  }
}

interface LeaseObject extends ApiObject {
  readonly spec: { readonly holderIdentity?: string; readonly acquireTime?: string };
}

interface WeirParts {
  readonly name: string;
  readonly program: string;
  readonly proxy: FaultProxy;
  readonly config: string;
  readonly folder: string;
  readonly address: string;
  readonly front: (who: string) => Promise<Front>;
  readonly plane: ControlPlane;
  readonly text: (endpoint: string, address: string) => object;
}

/** One `weir run` that may be killed, stopped, cut off and started again; each start is another one to the account. */
export class Weir {
  readonly name: string;
  /** Its way to the API server. */
  readonly proxy: FaultProxy;
  readonly #parts: WeirParts;
  #front: Front | undefined;
  #child: ChildProcess | undefined;
  #starts = 0;
  #log = '';

  constructor(parts: WeirParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.proxy = parts.proxy;
  }

  /** How the journal names this start of it. */
  get who(): string {
    return `${this.name}-${this.#starts}`;
  }

  get log(): string {
    return this.#log;
  }

  /** Answers when /readyz says ok. */
  async start(): Promise<void> {
    const { program, config, text, address, folder, plane, front } = this.#parts;
    this.#starts++;
    await this.#front?.close();
    this.#front = await front(this.who);
    await writeFile(config, JSON.stringify(text(this.#front.url, address)));
    const child = spawn(process.execPath, [program, 'run', '-c', config], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
    this.#child = child;
    if (child.pid !== undefined) plane.remains.process(child.pid);
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.#log = (this.#log + chunk).slice(-20_000);
      });
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(`weir ended with ${child.exitCode}:\n${this.#log}`);
        return (await this.ask('8378/readyz')).startsWith('ok');
      },
      (ready) => ready,
      120_000,
    ).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : error}\n${this.#log}`);
    });
  }

  /** `8377/api/v1/state`; '' while there is no answer. */
  async ask(path: string): Promise<string> {
    const [port, ...rest] = path.split('/');
    return fetch(`http://${this.#parts.address}:${port}/${rest.join('/')}`, {
      signal: AbortSignal.timeout(2_000),
    }).then(
      (answer) => answer.text(),
      () => '',
    );
  }

  async leads(): Promise<boolean> {
    const text = await this.ask('8377/api/v1/state');
    if (text === '') return false;
    const { leases = [] }: Told = JSON.parse(text);
    return leases.some(({ leader }) => leader);
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Answers when it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
  }

  async close(): Promise<void> {
    await this.end('SIGKILL');
    await this.#front?.close();
    await this.proxy.stop();
  }
}
