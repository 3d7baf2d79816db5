/** What a session is put together from, and who asks whom. Nothing here does anything by itself. */
import { type Context, type Resource, WeirError } from '../../src/model/index.ts';
import { findBinary } from './binary.ts';
import { Committer } from './commit.ts';
import { Abilities } from './commit-abilities.ts';
import { Certificates } from './commit-certificates.ts';
import { ConfigFiles } from './commit-files.ts';
import { RetiringServers } from './commit-retire.ts';
import { largestHolder } from './largest-holder.ts';
import type { Layout } from './layout.ts';
import { prepareLayout } from './layout-of.ts';
import { freshLayout, isScarce, placedLayout } from './layout-placed.ts';
import { LiveState } from './observe-live.ts';
import { ProgramWatch } from './observe-program.ts';
import { SessionWatch } from './observe-watch.ts';
import { durationMs, type Options } from './options.ts';
import { PressureWatch } from './pressure.ts';
import { HaproxyProcess, type ProcessPaths } from './process.ts';
import { ShapeCheck } from './shape.ts';
import { type Place, textOf } from './text.ts';
import { TrafficWatch } from './traffic.ts';

export interface SessionOwner {
  readonly ctx: Context;
  readonly paths: ProcessPaths;
  readonly place: Place;
  readonly signal: AbortSignal;
  /** As they are now: some are known only once the session is open. */
  readonly options: () => Options;
  readonly enqueue: <T>(task: () => Promise<T>) => Promise<T>;
  /** We hold the lock of the directory. */
  readonly mayWrite: () => boolean;
  readonly save: () => Promise<void>;
  /** As committed last. */
  readonly resources: () => readonly Resource[];
}

export interface SessionParts {
  readonly files: ConfigFiles;
  readonly process: HaproxyProcess;
  readonly retiring: RetiringServers;
  readonly committer: Committer;
  readonly live: LiveState;
  readonly watch: SessionWatch;
  readonly traffic: TrafficWatch;
  readonly pressure: PressureWatch;
}

export function buildSession(owner: SessionOwner): SessionParts {
  const { ctx, paths, signal, options } = owner;
  const { binary: program, ipv6, numbersEvery } = options();
  const files = new ConfigFiles(paths.directory);
  const process: HaproxyProcess = new HaproxyProcess(paths, ctx.clock, (cause, how) => watch.died(cause, how));
  const abilities = new Abilities(process.runtime, () => process.processes?.workers[0]);
  const retiring = new RetiringServers({
    runtime: process.runtime,
    sleep: ctx.clock.sleep,
    signal,
    abilities,
    mostMs: () => durationMs(options().hardStopAfter),
  });
  const certificates = new Certificates(paths.directory, ctx.secret);
  const shape = new ShapeCheck();
  const ill = (): boolean => live.ill !== undefined;
  const intended = (): Layout | undefined => live.intended;
  const committer: Committer = new Committer({
    ctx,
    files,
    process,
    retiring,
    abilities,
    certificates,
    renderer: {
      prepare: (resources) => prepareLayout(resources, options()),
      fresh: (resources, running) => freshLayout(resources, options(), running),
      placed: (resources, running, placing) => placedLayout(resources, options(), running, placing),
      isScarce: (layout) => isScarce(layout, options()),
      textOf: (layout) => textOf(layout, owner.place, certificates.userLines),
      checkShape: (text, layout) => shape.check(text, layout),
    },
    binary: programFinder(program, paths.attached),
    ill,
    optional: (address) => address === '::' && ipv6 === 'auto',
    counted: (worker, rows) => traffic.handOver(worker, rows),
  });
  const live: LiveState = new LiveState({ ctx, files, process, committer, retiring });
  const traffic: TrafficWatch = new TrafficWatch({
    ctx,
    signal,
    process,
    masterSocket: paths.masterSocket,
    everyMs: durationMs(numbersEvery),
    layout: intended,
  });
  const pressure = new PressureWatch({
    ctx,
    process,
    ill,
    largest: () => largestHolder(process.runtime, owner.resources(), intended()),
    needed: () => intended()?.descriptors ?? 0,
    reload: () => committer.renew('reload', 'limits'),
  });
  const watch: SessionWatch = new SessionWatch({
    pressure,
    ctx,
    unit: `${ctx.balancer}@${ctx.node}`,
    signal,
    process,
    committer,
    live,
    certificates,
    ...(paths.attached ? {} : { program: new ProgramWatch({ ctx, process, committer, program }) }),
    queue: owner.enqueue,
    mayWrite: owner.mayWrite,
    save: owner.save,
    tidy: (layout) => files.tidy(layout),
  });
  return { files, process, retiring, committer, live, watch, traffic, pressure };
}

/** Looks for the program until it is found. Undefined: HAProxy runs elsewhere, and there is none here. */
function programFinder(program: string, attached: boolean): () => Promise<string | undefined> {
  let path: string | undefined;
  return async () => {
    try {
      path ??= (await findBinary(program)).path;
    } catch (error) {
      // In another container, say: it checks what it loads, and goes on with what it has when that is bad.
      if (attached && error instanceof WeirError && error.code === 'E_HAPROXY_MISSING') return undefined;
      throw error;
    }
    return path;
  };
}
