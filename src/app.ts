/** The only place where the parts are put together. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { providers } from '../providers/registry.ts';
import { openBalancer } from './app/balancer.ts';
import { checkApart, checkPools } from './app/check-apart.ts';
import type { AppDeps, OpenApp, SourceContext } from './app/contract.ts';
import { createApp } from './app/create-app.ts';
import { parseAuditInterval, parseGateDeadline } from './app/durations.ts';
import { finalizerName } from './app/finalizer-name.ts';
import { openLeader } from './app/open-leader.ts';
import { openRecords } from './app/open-records.ts';
import { openSources } from './app/open-sources.ts';
import { OwnListeners, ownHttp } from './app/own-listeners.ts';
import { Runtime, Stage } from './app/runtime.ts';
import type { StatusContext, StatusService } from './app/status-service.ts';
import { layer2Controller, poolController } from './compat/metallb/index.ts';
import { type Context, type Log, type Provider, WeirError } from './model/index.ts';
import { advance, advanceSliced, plan, planSliced, units } from './plan/index.ts';
import { Feed, failureOf, noMetrics, PlanLog, type Planner, systemClock } from './run/index.ts';

export type { App, AppDeps, OnStep, OpenApp, Readiness, RunEvents, SourceContext } from './app/contract.ts';
export { parseDrain } from './app/durations.ts';

const planner: Planner = { plan, planSliced, units, advance, advanceSliced };
const noLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Puts one weir together from a checked configuration. Loads the providers that it names; reads nothing else, contacts nothing,
 * writes nothing. Throws E_PROVIDER_UNKNOWN and E_CONFIG.
 */
export const openApp: OpenApp = async (config, deps = {}) => {
  const { clock = systemClock, random = Math.random, log = noLog, metrics = noMetrics, recall = true } = deps;
  const { checksPools = false, standsFor = [] } = deps;
  const rereads = deps.onReread === undefined ? {} : { onReread: deps.onReread };
  const instance = config.instance ?? hostname();
  const stateDir = config.stateDir ?? defaultStateDir();
  const stage = new Stage();
  const plans = new PlanLog(stateDir);
  const provider = deps.provider ?? loadProvider;
  const loaded = await Promise.all(config.balancers.map(({ provider: name }) => provider(name)));
  const fromPools = config.balancers.some((balancer) => balancer.fromPools) ? [poolController] : [];
  const ofBalancers = loaded.flatMap((one) => one?.capabilities.controllers ?? []);
  const controllers = [...new Set([...ofBalancers, ...fromPools, ...standsFor])];
  const shares = loaded.some((one) => one?.capabilities.scope === 'shared');
  const open = deps.openLeader ?? openLeader;
  const { POD_NAME: podName, POD_UID: podUid } = process.env;
  const pod = podName && podUid ? { pod: { name: podName, uid: podUid } } : {};
  const announces = controllers.includes(layer2Controller) ? { announces: pod } : {};
  const openStatusLeader = () => open(config, context);
  const parts = { config, instance, clock, random, log, metrics, openLeader: openStatusLeader, ...announces };
  const status = await openStatus(parts);
  const context: SourceContext = {
    ...(status === undefined ? {} : { beside: status.beside, podGates: config.status.podReadiness }),
    stateDir,
    instance,
    memory: () => runtime.memory,
    controllers,
    checksPools,
    holds: shares && config.status.finalizers && config.policy === 'sync',
    finalizer: ({ controller }) => finalizerName(config.status.owner ?? controller),
    ownClasses: config.balancers.flatMap((balancer) => balancer.class ?? []),
    clock,
    log,
    metrics,
    ...rereads,
  };
  const sources = await openSources(config.sources, context, deps.openSource);
  const feeds = sources.map((source): Feed => {
    const feed: Feed = new Feed({ source, clock, random, log, changed: () => stage.feedChanged(feed) });
    return feed;
  });
  const secret: Context['secret'] = async (ref) => {
    for (const feed of feeds) {
      const found = await feed.secret({ ...ref, names: [] });
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const leader = shares ? await open(config, context) : undefined;
  const records = openRecords(config, { instance, clock, log, ...rereads });
  const auditMs = parseAuditInterval(config);
  const listeners = new OwnListeners(ownHttp(config));
  const openOne = (balancer: (typeof config.balancers)[number]) =>
    openBalancer(balancer, {
      planner,
      policy: () => config.policy,
      gateDeadlineMs: parseGateDeadline(config),
      auditMs,
      clock,
      random,
      metrics,
      log,
      secret,
      agreementChanged: stage.agreementChanged,
      mayKeep: () => runtime.memory === 'keep',
      instance,
      stateDir,
      listeners,
      leader,
      records,
      provider,
      providerNames: Object.keys(providers),
      stateChanged: stage.stateChanged,
      events: {
        planned: stage.planned,
        step: stage.step,
        applied(applied) {
          stage.applied(applied);
          plans
            .append(applied)
            .catch((error: unknown) => log.warn({ code: failureOf(error).code }, failureOf(error).message));
        },
      },
    });
  const balancers = await Promise.all(config.balancers.map(openOne));
  checkApart(balancers);
  checkPools(balancers);
  const runtime = new Runtime({
    config,
    instance,
    clock,
    planner,
    stateDir,
    feeds,
    balancers,
    plans,
    stage,
    recall,
    leader,
    records,
    status,
    addressMoved: (move) => log.warn(move, `${move.service} has another address`),
    addressesUnkept(error) {
      const { code, message } = failureOf(error);
      log.warn({ code }, `addresses out of pools are not written down, a restart may give others: ${message}`);
    },
  });
  const { version = 'dev', environments } = deps;
  const offline = environments === undefined ? {} : { environments };
  return createApp({ runtime, ...offline, version, instance, auditMs });
};

const loadProvider: NonNullable<AppDeps['provider']> = async (name): Promise<Provider | undefined> => {
  const load = Object.entries(providers).find(([known]) => known === name)?.[1];
  return load === undefined ? undefined : (await load()).provider;
};

/** Nothing is loaded of it where no source is a cluster. */
async function openStatus(context: StatusContext): Promise<StatusService | undefined> {
  const { status, sources } = context.config;
  if (!status.enabled || sources.every(({ type }) => type !== 'kubernetes')) return undefined;
  const { StatusService } = await import('./app/status-service.ts');
  return new StatusService(context);
}

/** Where nobody has said it: as a configuration that was loaded from a file would have it. */
function defaultStateDir(): string {
  const { XDG_STATE_HOME, HOME, STATE_DIRECTORY } = process.env;
  const [systemd] = (STATE_DIRECTORY ?? '').split(':');
  if (systemd) return systemd;
  const state = XDG_STATE_HOME || (HOME ? join(HOME, '.local', 'state') : undefined);
  if (state === undefined) throw new WeirError('E_STATE_DIR', 'stateDir is not set and there is no home directory');
  return join(state, 'weir');
}
