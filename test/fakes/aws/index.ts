/**
 * A strict AWS account in one Region, for tests: ELBv2, EC2 (what load balancers need), ACM, Resource Groups Tagging, WAFv2,
 * Shield and STS in front of one state. No code of weir belongs here, and nothing here is a mock of an SDK: the real clients
 * serialise, sign, retry and parse.
 *
 *     const aws = new FakeAws({ timings: { loadBalancer: { describes: 2 }, target: { describes: 2 } } });
 *     const { vpc, subnets } = seed(aws);                           // a VPC, three zones, groups, certificates, instances
 *     const elb = new ElasticLoadBalancingV2Client(aws.client());   // in this process, no socket; or:
 *     await using server = await aws.listen();                      // new ElasticLoadBalancingV2Client(aws.client(server.url))
 *
 * aws.journal    every call: index, service, action, iamAction, params, atMs, outcome; counts, writes, since(index)
 * aws.faults     fault scripts: faults.add({ share: 0.5, seed: 7, effect: { kind: 'throttle' } }), effects throttle, error,
 *                deny, delay, lose request, lose reply; by action, n-th call, times or a function; returns its undo
 * aws.hooks      before(call), after(call, outcome): crash points; a throw breaks the connection there
 * aws.loud       what no AWS model knows (unknown action or parameter): must be empty at a test's end
 * aws.lag()      new objects of a kind stay unseen for the next n calls
 * aws.traffic    the data plane: reach(), darkMoments, watch
 * aws.sicken(), aws.heal(), aws.fail()   targets and load balancers that do badly
 * aws.world      the state itself (world.elb, world.ec2, world.acm, world.quotas, world.webAcls …), to assert on and to seed
 *
 * Time comes from `clock` (now, wall, sleep), so a virtual clock moves states, delays and token buckets alike.
 */

import { Account, type Hooks } from './core/account.ts';
import type { BucketSizes } from './core/buckets.ts';
import type { Faults } from './core/faults.ts';
import type { Journal } from './core/journal.ts';
import type { Table } from './core/table.ts';
import { type FakeClock, type Timings, World } from './core/world.ts';
import type { Quotas } from './elbv2/quotas.ts';
import { type FakeServer, serveHttp } from './http-server.ts';
import { handleInProcess, type InProcessHandler } from './request-handler.ts';
import { servicesOf } from './services.ts';
import { Traffic } from './traffic/traffic.ts';

export { type BucketSizes, documentedBuckets } from './core/buckets.ts';
export type { Call } from './core/call.ts';
export type { Delay } from './core/delay.ts';
export type { Effect, Fault } from './core/faults.ts';
export type { Entry } from './core/journal.ts';
export type { FakeClock, Timings, World } from './core/world.ts';

export interface FakeAwsOptions {
  readonly accountId?: string;
  readonly region?: string;
  readonly clock?: FakeClock;
  /** How long things take; nothing said = at once. */
  readonly timings?: Partial<Timings>;
  readonly quotas?: Partial<Quotas>;
  /** Token buckets; none by default. `documentedBuckets` are AWS's example. */
  readonly buckets?: BucketSizes;
  /** Another seed gives other ids. */
  readonly seed?: string;
}

/** What every SDK client takes. */
export interface ClientConfig {
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly endpoint: string;
  readonly requestHandler?: InProcessHandler;
}

const systemClock: FakeClock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener('abort', end, { once: true });
    }),
};

/** Kinds of things that `lag` can hide for a while. */
export type LagKind = 'loadBalancers' | 'targetGroups' | 'listeners' | 'rules' | 'trustStores' | 'securityGroups';

export class FakeAws {
  readonly world: World;
  readonly traffic: Traffic;
  readonly #account: Account;

  constructor(options: FakeAwsOptions = {}) {
    const {
      accountId = '123456789012',
      region = 'eu-west-1',
      clock = systemClock,
      timings = {},
      quotas = {},
      seed = 'weir',
    } = options;
    this.world = new World({ accountId, region, clock, timings, quotas, seed });
    this.traffic = new Traffic(this.world);
    this.#account = new Account(this.world, servicesOf(this.world), {
      buckets: options.buckets ?? {},
      observer: this.traffic,
    });
  }

  get journal(): Journal {
    return this.#account.journal;
  }

  get faults(): Faults {
    return this.#account.faults;
  }

  get hooks(): Hooks {
    return this.#account.hooks;
  }

  get loud(): string[] {
    return this.#account.loud;
  }

  /** Configuration for any SDK client: in this process, or with `url` over HTTP. */
  client(url?: string): ClientConfig {
    const credentials = { accessKeyId: 'AKIAFAKEFAKEFAKEFAKE', secretAccessKey: 'nobody-checks-this' };
    const { region } = this.world;
    if (url !== undefined) return { region, credentials, endpoint: url };
    return { region, credentials, endpoint: 'http://aws.invalid', requestHandler: handleInProcess(this.#account) };
  }

  /** Serves the account over HTTP on loopback; `await using` closes it. */
  async listen(port = 0): Promise<FakeServer & AsyncDisposable> {
    const server = await serveHttp(this.#account, port);
    return { ...server, [Symbol.asyncDispose]: server.close };
  }

  /** New things of these kinds are not seen by the next calls after the one that made them. */
  lag(calls: Partial<Record<LagKind, number>>): void {
    const { elb, ec2 } = this.world;
    const tables: Record<LagKind, Table<object>> = {
      loadBalancers: elb.loadBalancers,
      targetGroups: elb.targetGroups,
      listeners: elb.listeners,
      rules: elb.rules,
      trustStores: elb.trustStores,
      securityGroups: ec2.securityGroups,
    };
    for (const [kind, table] of Object.entries(tables)) table.lag = calls[kind as LagKind] ?? table.lag;
  }

  /** An address or instance (`id` or `id:port`) fails its health checks from now on. */
  sicken(target: string, reason = 'Health checks failed'): void {
    this.world.elb.sick.set(target, reason);
    this.traffic.tick();
  }

  heal(target: string): void {
    this.world.elb.sick.delete(target);
    this.traffic.tick();
  }

  /** Load balancers of that name end as `failed` once their provisioning is over. */
  fail(loadBalancerName: string, reason = 'Capacity could not be provisioned'): void {
    const balancer = this.world.elb.loadBalancerNames.get(loadBalancerName);
    if (balancer === undefined) throw new Error(`there is no load balancer '${loadBalancerName}'`);
    balancer.failed = reason;
  }
}
