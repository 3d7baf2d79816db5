import { WeirError } from '../model/index.ts';
import type { App, AppDeps, Readiness } from './contract.ts';
import { runController } from './controller.ts';
import { forget } from './forget.ts';
import { makeState, type StateParts } from './make-state.ts';
import { previewOffline, render, validate } from './offline.ts';
import { applyOnce } from './one-shot.ts';
import { preview } from './preview.ts';
import type { Runtime } from './runtime.ts';
import { blindOf, unreadOf } from './unread.ts';

/** A state is made at most so often while nothing that we hear of changes: sessions know things that they do not tell. */
const stateMs = 1000;

export interface AppParts extends Required<Pick<AppDeps, 'version'>>, Pick<AppDeps, 'environments'> {
  readonly runtime: Runtime;
  readonly instance: string;
  readonly auditMs: number;
}

/** The commands over one runtime. One of `apply`, `destroy` and `run` at a time. */
export function createApp({ runtime, environments, version, instance, auditMs }: AppParts): App {
  const { balancers, clock, config, feeds, leader, plans, stage, status } = runtime.parts;
  const listeners = new Set<() => void>();
  const startedMs = clock.wall();
  let told = false;
  let fresh: { readonly state: ReturnType<typeof makeState>; readonly atMs: number } | undefined;
  let lastTurnMs: number | undefined;
  let planned = false;
  let closed: Promise<void> | undefined;
  let work: Promise<unknown> = Promise.resolve();

  stage.onState = () => {
    fresh = undefined;
    lastTurnMs = clock.wall();
    planned ||= balancers.every(({ lane }) => lane.started);
    if (told) return;
    told = true;
    // Many changes in one turn of the event loop are one for whoever looks.
    setImmediate(() => {
      told = false;
      for (const listener of listeners) listener();
    });
  };

  /** Commands follow one another; `close` waits for the one under way. */
  const inTurn = <T>(command: () => Promise<T>): Promise<T> => {
    const turn = work.then(command);
    work = turn.catch(() => {});
    return turn;
  };

  /** Throws E_USAGE: who has said that nothing is deleted means `destroy`, too, until they say otherwise. */
  const mayDestroy = (): void => {
    const { policy } = config;
    if (policy === 'sync') return;
    const what = policy === 'upsert-only' ? 'nothing is deleted' : 'nothing that exists is changed or deleted';
    throw new WeirError(
      'E_USAGE',
      `destroy: policy is ${policy}, by which ${what}; nothing was removed. To remove what weir has made, say --policy sync with this command`,
    );
  };

  const readiness = (): Readiness => {
    const unread = feeds.filter((feed) => !feed.synced).map((feed) => `first reading of source ${feed.name}`);
    const unplanned = balancers.filter(({ lane }) => !lane.started).map(({ name }) => `first plan of balancer ${name}`);
    const blind = blindOf(balancers).map(({ name }) => `first reading of what balancer ${name} drives`);
    return {
      synced: unread.length === 0,
      planned: planned && blind.length === 0,
      ...(lastTurnMs === undefined ? {} : { lastTurnMs }),
      turnEveryMs: auditMs,
      waitingFor: [...unread, ...(planned ? [] : unplanned), ...blind],
      blind: balancers.flatMap((balancer) => {
        const found = unreadOf(balancer);
        return found === undefined ? [] : [{ balancer: balancer.name, ...found }];
      }),
      follows: [leader, status].flatMap((one) => one?.leases() ?? []).filter((lease) => !lease.leader),
      unread: feeds.flatMap(({ snapshot, synced }) =>
        snapshot.incomplete.map(({ reason: _, ...part }) => ({ ...part, never: !synced })),
      ),
    };
  };

  return {
    config,
    render: (signal) => inTurn(() => render(runtime, environments ?? {}, signal)),
    validate: (signal) => inTurn(() => validate(runtime, environments ?? {}, signal)),
    plan: (signal) =>
      inTurn(async () => {
        if (environments !== undefined) return previewOffline(runtime, environments, signal);
        await runtime.prepare(false);
        return preview(runtime, signal);
      }),
    planDestroy: (signal) =>
      inTurn(async () => {
        mayDestroy();
        runtime.empty();
        await runtime.prepare(false);
        return preview(runtime, signal);
      }),
    apply: (signal, onStep, onPlan) => inTurn(() => applyOnce(runtime, signal, onStep, onPlan)),
    destroy: (signal, onStep, onPlan) =>
      inTurn(async () => {
        mayDestroy();
        runtime.empty();
        const report = await applyOnce(runtime, signal, onStep, onPlan);
        return signal.aborted ? report : { ...report, left: await forget(runtime, report) };
      }),
    run: (signal, events = {}) => inTurn(() => runController(runtime, signal, events)),
    state() {
      const nowMs = clock.now();
      if (fresh === undefined || nowMs - fresh.atMs > stateMs) {
        const parts: StateParts = {
          version,
          instance,
          startedMs,
          feeds,
          balancers,
          leader,
          status,
          gathered: runtime.gathered,
          pools: runtime.pools(),
          plans: plans.newest(),
        };
        fresh = { state: makeState(parts), atMs: nowMs };
      }
      return fresh.state;
    },
    services: () => runtime.gathered?.services ?? [],
    skipped() {
      const counts = new Map<string, number>();
      for (const { snapshot } of feeds) {
        for (const [kind, n] of Object.entries(snapshot.skipped ?? {})) counts.set(kind, (counts.get(kind) ?? 0) + n);
      }
      return Object.fromEntries(counts);
    },
    leavesPools: () =>
      (runtime.gathered?.network.pools ?? []).length > 0 &&
      config.balancers.every(({ fromPools }) => !fromPools) &&
      balancers.every(({ provider }) => provider.capabilities.sharing === 'balancer'),
    readiness,
    drain: () => runtime.drain(true),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close(how, followed = false) {
      closed ??= work.then(() => runtime.close(how, followed));
      return closed;
    },
  };
}
