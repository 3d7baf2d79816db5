import { sortFinalizers } from '../compat/aws-lbc/index.ts';
import {
  type Announced,
  allocationFailed,
  ipAllocated,
  nodeAssigned,
  renderLayer2Status,
  renderPoolStatus,
} from '../compat/metallb/index.ts';
import type { Config, KubernetesSourceConfig } from '../config/index.ts';
import type { Beside } from '../kube/index.ts';
import type {
  Capabilities,
  ExportedService,
  LeaseState,
  Observed,
  PoolState,
  Problem,
  ServiceId,
} from '../model/index.ts';
import { ownPrefix } from '../model/prefix.ts';
import { Bell, failureOf } from '../run/index.ts';
import { Layer2Writer, type PoolWords, Prober, reachedByAny, StatusKeeper } from '../status/index.ts';
import type { Leader } from '../status/leader.ts';
import { announcedServices } from './announced-services.ts';
import type { Balancer } from './balancer.ts';
import type { LeaderContext } from './contract.ts';
import { problemKey } from './distinct-problems.ts';
import { finalizerName } from './finalizer-name.ts';
import type { Gathered } from './gather.ts';
import { statusSystem } from './open-leader.ts';
import { sideBySide } from './side-by-side.ts';
import { statusFacts } from './status-facts.ts';

export interface StatusContext extends Pick<LeaderContext, 'instance' | 'clock' | 'log' | 'metrics'> {
  readonly config: Config;
  readonly random: () => number;
  /** Who leads where no system is shared: a Lease for the writing itself. undefined: this weir alone writes. */
  readonly openLeader: () => Promise<Leader | undefined>;
  /** A balancer announces addresses: MetalLB's objects show what this machine answers for. `pod`: whose end takes them along. */
  readonly announces?: { readonly pod?: Announced['owner'] };
}

/** What the decisions are made from, as it is now. */
export interface StatusInput {
  readonly balancers: readonly Balancer[];
  readonly gathered: () => Gathered | undefined;
  readonly problems: () => readonly Problem[];
  /** How full the pools are that this weir gives addresses out of. */
  readonly pools: () => readonly PoolState[];
  /** Services are admitted that were not, or the other way round. */
  readonly admissionChanged: () => void;
  /** There is another problem, or one less. */
  readonly told: () => void;
}

/** What of a balancer says whether something may be made in it. */
export interface Filled {
  readonly provider: { readonly capabilities: Pick<Capabilities, 'scope'> };
  readonly lane: { observed(): readonly Pick<Observed, 'owned' | 'serves'>[] };
}

const poolWords: PoolWords = { given: ipAllocated, refused: allocationFailed, status: renderPoolStatus };

/** Which part of the time the deciding may take. */
const share = 1 / 20;
const restMs = { least: 20, most: 2_000 } as const;
/** What depends on time alone, where something does; and what nobody has told. */
const tickMs = { waiting: 2_000, idle: 30_000 } as const;

/** Writes back to every cluster that is followed what its objects came to. */
export class StatusService {
  readonly #context: StatusContext;
  readonly #keepers = new Map<string, StatusKeeper>();
  /** By source, as keepers. */
  readonly #writers = new Map<string, Layer2Writer>();
  readonly #bell: Bell;
  readonly #prober: Prober;
  readonly #admitted = new Set<ServiceId>();
  #input: StatusInput | undefined;
  #leader: Leader | undefined;
  #term: (() => string | undefined) | undefined;
  #opened = false;
  /** What was answered to who gives out addresses; undefined: nobody has asked. */
  #followed: boolean | undefined;
  #withheld = '';
  #unreached: readonly Problem[] = [];

  constructor(context: StatusContext) {
    const { clock, random } = context;
    this.#context = context;
    this.#bell = new Bell(clock);
    this.#prober = new Prober({ clock, random, changed: this.ring });
  }

  /** Who works beside a source. */
  readonly beside = (source: KubernetesSourceConfig): Beside => {
    const { config, clock, random, instance, metrics } = this.#context;
    const { owner, events, clearOnStop, poolAnnotation } = config.status;
    const manager = owner ?? source.controller;
    const { name, cluster, merge } = source;
    const keeper = new StatusKeeper({
      source: name,
      idPrefix: cluster === undefined || merge ? '' : `${cluster}:`,
      manager,
      finalizer: { name: finalizerName(manager), sort: (all) => sortFinalizers(all, ownPrefix) },
      fronts: new Set(config.balancers.flatMap(({ publish }) => publish?.service ?? [])),
      events,
      clearOnStop,
      poolAnnotation,
      ...(config.balancers.some(({ fromPools }) => fromPools) ? { pools: poolWords } : {}),
      instance,
      clock,
      random,
      mayWrite: () => this.#leads(),
      changed: this.ring,
      told: () => this.#input?.told(),
      metrics,
    });
    this.#keepers.set(name, keeper);
    const writer = this.#writerFor(source);
    if (writer === undefined) return keeper;
    this.#writers.set(name, writer);
    return sideBySide(keeper, writer);
  };

  #writerFor({ name: source, poolsNamespace: home }: KubernetesSourceConfig): Layer2Writer | undefined {
    const { announces, instance: node, clock, random, config } = this.#context;
    if (announces === undefined) return undefined;
    return new Layer2Writer({
      source,
      node,
      home,
      clock,
      random,
      notice: config.status.events ? nodeAssigned(node) : undefined,
      told: () => this.#input?.told(),
      render: ({ service, interfaces }) => {
        const [namespace = '', name = ''] = service.split('/');
        const owner = announces.pod === undefined ? {} : { owner: announces.pod };
        return renderLayer2Status({ node, service: { namespace, name }, interfaces, home, ...owner });
      },
    });
  }

  /** Something may have changed that is written back. */
  readonly ring = (): void => {
    this.#bell.ring();
  };

  /** Follows what is known until the signal aborts. */
  async run(input: StatusInput, signal: AbortSignal): Promise<void> {
    if (this.#keepers.size === 0) return;
    this.#input = input;
    await this.#stand(input.balancers);
    await Promise.all([this.#prober.run(signal), this.#follow(input, signal)]);
  }

  /** Another one may write; nothing is under way any more. */
  async close(): Promise<void> {
    await this.#leader?.close();
    this.#input = undefined;
  }

  /** Another weir writes what objects are told, or may: who asks has to ask again when `admissionChanged` is called. */
  follows(): boolean {
    this.#followed = this.#input !== undefined && !this.#leads();
    return this.#followed;
  }

  /** Who writes, where no system that is shared says it. */
  leases(): readonly LeaseState[] {
    return this.#leader?.leases() ?? [];
  }

  problems(): readonly Problem[] {
    const unled = (this.#leader?.problems() ?? []).map(
      (problem): Problem =>
        problem.code !== 'E_LEASE'
          ? problem
          : {
              ...problem,
              code: 'W_KUBE_WRITE',
              severity: 'warning',
              message: `status and Events are not written: ${problem.message}`,
            },
    );
    const all = [...this.#keepers.values(), ...this.#writers.values()];
    return [...unled, ...all.flatMap((one) => one.problems()), ...this.#unreached];
  }

  /**
   * Services of which nothing may be made yet in a system that outlives their objects: the object is not held. What exists already, and what
   * was let in once, is let in.
   */
  withheld({ provider, lane }: Filled, services: readonly ExportedService[]): ReadonlySet<ServiceId> {
    if (this.#input === undefined || !this.#holds || provider.capabilities.scope !== 'shared') return none;
    const keepers = [...this.#keepers.values()];
    const waiting = services.filter(({ id }) => {
      if (this.#admitted.has(id)) return false;
      const keeper = keepers.find((one) => one.has(id));
      if (keeper !== undefined && keeper.holds(id) !== true) return true;
      this.#admitted.add(id);
      return false;
    });
    if (waiting.length === 0) return none;
    const there = new Set(lane.observed().flatMap(({ owned, serves }) => (owned ? serves : [])));
    return new Set(waiting.flatMap(({ id }) => (there.has(id) ? [] : [id])));
  }

  async #follow(input: StatusInput, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#context;
    while (!signal.aborted) {
      const waiting = [...this.#keepers.values()].some((keeper) => keeper.waits);
      this.#bell.ringAt(clock.now() + (waiting ? tickMs.waiting : tickMs.idle));
      await this.#bell.next(signal);
      // What rang has most likely rung the balancers, too: whatever serves goes first.
      await clock.sleep(restMs.least, signal);
      if (signal.aborted) return;
      const startMs = clock.now();
      try {
        await this.#decide(input);
      } catch (error) {
        // A fault of ours shall not end what serves.
        log.error({ error }, `status: ${failureOf(error).message}`);
      }
      const spentMs = clock.now() - startMs;
      await clock.sleep(Math.min(restMs.most, spentMs / share), signal);
    }
  }

  async #decide({ balancers, gathered, problems, pools, admissionChanged, told }: StatusInput): Promise<void> {
    // Who leads gives out addresses of pools; the others go by what it writes.
    if (this.#followed !== undefined && this.#followed === this.#leads()) admissionChanged();
    const all = gathered();
    if (all === undefined) return;
    const keepers = [...this.#keepers.values()];
    for (const id of this.#admitted) if (!keepers.some((keeper) => keeper.has(id))) this.#admitted.delete(id);
    const withheld = balancers
      .flatMap((balancer) => [...this.withheld(balancer, all.taken.get(balancer.name) ?? [])])
      .join('\n');
    if (withheld !== this.#withheld) {
      this.#withheld = withheld;
      admissionChanged();
    }
    const { clock } = this.#context;
    const facts = await statusFacts({
      gathered: all,
      balancers,
      problems: problems(),
      pools: pools(),
      prober: this.#prober,
      nodes: (kind) => [...new Set(keepers.flatMap((keeper) => keeper.nodes(kind)))],
      reachedAt: (path) => reachedByAny(keepers.flatMap((keeper) => keeper.reachedAt(path) ?? [])),
      clock,
      finalizers: this.#holds,
      poolAnnotation: this.#context.config.status.poolAnnotation,
    });
    if (!sameProblems(this.#unreached, facts.unreached)) {
      this.#unreached = facts.unreached;
      told();
    }
    for (const keeper of keepers) {
      await keeper.decide(facts);
      keeper.hurry();
    }
    for (const [name, writer] of this.#writers) {
      const keeper = this.#keepers.get(name);
      writer.announce(announcedServices(all.services, facts.announced, (id) => keeper?.has(id) === true));
    }
  }

  /** Where nothing is ever deleted nothing has to be waited for. */
  get #holds(): boolean {
    const { status, policy } = this.#context.config;
    return status.finalizers && policy === 'sync';
  }

  /** Who leads a shared system writes its objects, too: what it has done it knows first. */
  #leads(): boolean {
    if (!this.#opened) return false;
    return this.#term === undefined || this.#term() !== undefined;
  }

  async #stand(balancers: readonly Balancer[]): Promise<void> {
    const shared = balancers.find(({ provider }) => provider.capabilities.scope === 'shared');
    if (shared !== undefined) this.#term = () => shared.gate.term;
    else {
      this.#leader = await this.#context.openLeader();
      this.#term = this.#leader?.join('status', statusSystem(this.#context.config));
      this.#leader?.start(() => {
        this.ring();
        this.#input?.told();
      });
    }
    this.#opened = true;
  }
}

function sameProblems(a: readonly Problem[], b: readonly Problem[]): boolean {
  return a.length === b.length && a.every((one, i) => problemKey(one) === problemKey(b[i] ?? one));
}

const none: ReadonlySet<ServiceId> = new Set();
