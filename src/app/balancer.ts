import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BalancerConfig } from '../config/index.ts';
import {
  type Context,
  type ExportedService,
  type Log,
  type Provider,
  type ServiceReport,
  suggestion,
  type Unit,
  WeirError,
} from '../model/index.ts';
import { checkKinds } from '../plan/index.ts';
import {
  Claims,
  createLimiter,
  failureOf,
  Lane,
  type LaneOptions,
  type Metrics,
  ownGate,
  WriteGate,
} from '../run/index.ts';
import type { Leader } from '../status/leader.ts';
import { createDesire, type Desire } from './desire.ts';
import type { Gathered } from './gather.ts';
import type { Records } from './open-records.ts';
import type { OwnListeners } from './own-listeners.ts';

/** One configured balancer: its provider, what it shall hold, and the lane that brings it there. */
export interface Balancer {
  readonly name: string;
  readonly config: BalancerConfig;
  readonly provider: Provider;
  /** Parsed by the provider's schema. */
  readonly options: unknown;
  readonly desire: Desire;
  readonly lane: Lane;
  readonly claims: Claims;
  /** Shut while another weir leads. */
  readonly gate: WriteGate;
  /** Directory of its own. */
  readonly stateDir: string;
  /** State of each service in this system; `services`: of those alone. */
  reports(gathered: Gathered, services?: readonly ExportedService[]): readonly ServiceReport[];
}

export interface BalancerContext
  extends Pick<
    LaneOptions,
    'planner' | 'policy' | 'gateDeadlineMs' | 'auditMs' | 'clock' | 'random' | 'metrics' | 'events' | 'stateChanged'
  > {
  readonly instance: string;
  readonly stateDir: string;
  /** What this weir listens on. */
  readonly listeners: OwnListeners;
  readonly log: Log;
  readonly secret: Context['secret'];
  readonly mayKeep: NonNullable<Context['mayKeep']>;
  readonly agreementChanged: NonNullable<Context['agreementChanged']>;
  /** Absent: no cluster keeps any. */
  readonly records: Records | undefined;
  /** Absent: this weir leads. */
  readonly leader: Leader | undefined;
  readonly provider: (name: string) => Promise<Provider | undefined>;
  readonly providerNames: readonly string[];
}

/** Loads the provider and parses its options; contacts nothing. Throws E_PROVIDER_UNKNOWN, E_CONFIG. */
export async function openBalancer(config: BalancerConfig, context: BalancerContext): Promise<Balancer> {
  const { name } = config;
  const provider = await context.provider(config.provider);
  if (provider === undefined) {
    const known = `known: ${context.providerNames.join(', ')}${suggestion(config.provider, context.providerNames)}`;
    throw new WeirError('E_PROVIDER_UNKNOWN', `balancer ${name}: there is no provider ${config.provider}; ${known}`);
  }
  const parsed = provider.options.safeParse(config.options);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = ['options', ...(issue?.path ?? [])].map(String).join('.');
    throw new WeirError('E_CONFIG', `balancer ${name}: ${field}: ${issue?.message ?? 'not valid'}`);
  }
  checkProvider(provider);
  const options = parsed.data;
  context.metrics.describe?.(provider.metrics ?? {});
  const stateDir = join(context.stateDir, 'balancers', name);
  const claims = new Claims(stateDir);
  const desire = createDesire(name, context.instance, provider, options, context.listeners, context.policy);
  const system = `${provider.name}-${provider.system?.(options) ?? name}`;
  const term = provider.capabilities.scope === 'shared' ? context.leader?.join(name, system) : undefined;
  const gate = term === undefined ? ownGate() : new WriteGate(term);
  const limiter = createLimiter(context.clock, {}, provider.rates?.(options), gate);
  const log = context.log;
  const openSession = async (changed: (unit: Unit, cause: string) => void) => {
    const { agreementChanged, clock, secret, mayKeep, metrics, instance: node } = context;
    const metric = countInto(metrics);
    const { turns } = lane;
    const records = context.records?.of(name);
    return provider.open(options, {
      clock,
      log,
      limiter,
      secret,
      changed,
      agreementChanged,
      turns,
      stateDir,
      mayKeep,
      balancer: name,
      node,
      auditMs: context.auditMs,
      ...(records === undefined ? {} : { records }),
      metric,
    });
  };
  const lane = new Lane({ ...context, name, provider, limiter, gate, claims, desire, log, open: openSession });
  return {
    name,
    config,
    provider,
    options,
    desire,
    lane,
    claims,
    gate,
    stateDir,
    reports(gathered, services = gathered.taken.get(name) ?? []) {
      // Of what was never read nothing can be said, and least that it is not there.
      if (lane.blind) return [];
      try {
        return lane.connection.session?.report(services, lane.observed()) ?? [];
      } catch (error) {
        log.error({ balancer: name, error }, `report: ${failureOf(error).message}`);
        return [];
      }
    },
  };
}

/** A provider that declares what the planner cannot work with is wrong as a whole: better told at the start than in the middle of a plan. */
function checkProvider({ name, kinds }: Provider): void {
  try {
    checkKinds(kinds);
  } catch (error) {
    throw new WeirError('E_BUG', `provider ${name}: ${failureOf(error).message}`, { cause: error });
  }
}

/** Private: what stands in it may hold keys. Throws E_STATE_DIR. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WeirError('E_STATE_DIR', `${path}: ${reason}`, { cause: error });
  }
}

function countInto(metrics: Metrics): Context['metric'] {
  return (name, value, labels = {}, type = 'counter') => {
    if (type === 'counter') metrics.count(name, labels, value);
    else if (type === 'gauge') metrics.set(name, value, labels);
    else metrics.observe(name, value, labels);
  };
}
