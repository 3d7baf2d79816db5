import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, openApp, type RunEvents } from '../../../src/app.ts';
import { configSchema } from '../../../src/config/index.ts';
import type { PlanReport } from '../../../src/model/index.ts';
import { FakeAws, type FakeAwsOptions } from '../../fakes/aws/index.ts';
import { type Seeded, seed } from '../../fakes/aws/seed.ts';
import { VirtualClock } from '../../run/virtual-clock.ts';
import { Cluster } from './cluster.ts';
import { type Line, providerOver } from './provider-over.ts';
import type { Twist } from './twists.ts';

export interface StageOptions {
  readonly fake?: Omit<FakeAwsOptions, 'clock'>;
  /** Of the balancer. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly events?: RunEvents;
  /** Tries of the SDK for one call; 1: the retries are weir's own. */
  readonly maxAttempts?: number;
  /** What goes wrong on the way. */
  readonly twist?: Twist;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/** One weir that is running, and the line over which it calls. */
interface Running {
  readonly app: App;
  readonly line: Line;
  readonly end: AbortController;
  readonly done: Promise<void>;
}

/** A whole weir over a fake account on a clock of its own: everything is real but the time, the cluster and AWS. */
export class Stage {
  readonly clock = new VirtualClock();
  readonly cluster = new Cluster();
  readonly aws: FakeAws;
  readonly seeded: Seeded;
  /** Options of the balancer from the next start on. */
  options: Readonly<Record<string, unknown>>;
  readonly #options: StageOptions;
  readonly #stateDir: string;
  #running: Running | undefined;

  private constructor(options: StageOptions, stateDir: string) {
    this.#options = options;
    this.options = options.options ?? {};
    this.#stateDir = stateDir;
    this.aws = new FakeAws({ ...options.fake, clock: this.clock });
    this.seeded = seed(this.aws);
  }

  static async open(options: StageOptions = {}): Promise<Stage> {
    // Loading takes real time, in which virtual time must not pass.
    await Promise.all([
      import('@aws-sdk/client-acm'),
      import('@aws-sdk/client-ec2'),
      import('@aws-sdk/client-elastic-load-balancing-v2'),
      import('@aws-sdk/client-resource-groups-tagging-api'),
      import('@aws-sdk/client-shield'),
      import('@aws-sdk/client-wafv2'),
    ]);
    return new Stage(options, await mkdtemp(join(tmpdir(), 'weir-aws-')));
  }

  /** The weir that is running. */
  get app(): App {
    if (this.#running === undefined) throw new Error('no weir is running');
    return this.#running.app;
  }

  /** A new weir, as after a restart: nothing is remembered but what stands in the state directory. */
  async start(): Promise<void> {
    const { app, line } = await this.#open();
    const end = new AbortController();
    const done = app.run(end.signal, this.#options.events ?? {});
    this.#running = { app, line, end, done };
    // The lock and the journal are files: until they are read no virtual time passes.
    const calls = this.aws.journal.total;
    for (let turns = 0; this.aws.journal.total === calls && turns < 1_000; turns++)
      await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    running.end.abort();
    await this.#finish(running);
  }

  /** Ends it where it stands: not one more call reaches AWS, and no answer reaches it. */
  async kill(): Promise<void> {
    this.#running?.line.cut();
    await this.stop();
  }

  /** After its end: what stood in the state directory is lost. */
  forget(): Promise<void> {
    return rm(this.#stateDir, { recursive: true, force: true });
  }

  /** Lets virtual time pass. */
  pass(ms: number): Promise<void> {
    return this.clock.pass(ms);
  }

  /** Passes time until it holds; throws when it never does. */
  async until(holds: () => boolean, limitMs: number, stepMs = 250): Promise<void> {
    const endMs = this.clock.now() + limitMs;
    while (!holds()) {
      if (this.clock.now() >= endMs) throw new Error(`never came true: ${holds}; ${this.troubles().join('; ')}`);
      await this.pass(stepMs);
    }
  }

  /** Passes time until everything is in sync and every target is known to be healthy; the virtual milliseconds, undefined when it never came. */
  async settle(limitMs: number, stepMs = 1_000): Promise<number | undefined> {
    const startMs = this.clock.now();
    // What was told just now is not read yet.
    await this.pass(20);
    while (this.clock.now() - startMs < limitMs) {
      if (this.#isSettled()) return this.clock.now() - startMs;
      await this.pass(stepMs);
    }
    return undefined;
  }

  /** What is not as it shall be, in words. */
  troubles(): readonly string[] {
    const { balancers, problems, services } = this.app.state();
    const units = balancers.flatMap((balancer) => balancer.units).filter(({ state }) => state !== 'in sync');
    return [
      ...units.map(({ unit, state, message }) => `${unit} is ${state}: ${message}`),
      ...problems.map(({ code, message }) => `${code} ${message}`),
      ...services.filter(({ health }) => health !== 'ok').map(({ id, reason }) => `${id}: ${reason}`),
    ];
  }

  #isSettled(): boolean {
    const { inSync, services } = this.app.state();
    return inSync && services.every(({ targets, health }) => health === 'ok' && targets.ready === targets.total);
  }

  /** What another weir would do now that has just been started; the one that runs goes on. */
  async plan(): Promise<PlanReport> {
    const { app } = await this.#open();
    try {
      return await this.#drive(app.plan(AbortSignal.timeout(120_000)));
    } finally {
      await app.close('leave');
    }
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.#stateDir, { recursive: true, force: true });
  }

  async #open(): Promise<{ app: App; line: Line }> {
    const { options } = this;
    const { maxAttempts = 3, random = () => 0, twist } = this.#options;
    const { provider, line } = providerOver(this.aws, { maxAttempts, twist });
    const config = configSchema.parse({
      instance: 'bench',
      stateDir: this.#stateDir,
      sources: [{ type: 'file', paths: ['cluster'] }],
      balancers: [
        {
          name: 'aws',
          provider: 'awselb',
          options: { clusterName: 'test', vpcId: this.seeded.vpc, region: this.aws.world.region, ...options },
        },
      ],
    });
    const app = await openApp(config, {
      openSource: async () => this.cluster,
      provider: async () => provider,
      clock: this.clock,
      random,
    });
    return { app, line };
  }

  async #finish({ app, done }: Running): Promise<void> {
    await this.#drive(done.then(() => app.close('leave')));
  }

  /** Lets time pass until something that may wait for it is done. */
  async #drive<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const end = () => {
      ended = true;
    };
    work.then(end, end);
    while (!ended) await this.pass(100);
    return work;
  }
}
