/**
 * From resources to a process that serves them: over the runtime socket where that is enough, else by a checked reload.
 *
 * The order that makes every crash harmless: the files are written first, then the process is told. So the file is what was wanted last
 * and passed every check; the process is at most one change behind, and the next start reads from the process itself what it lacks.
 * A file is put back before an error leaves here, whenever the process did not take it.
 */
import { type Context, type Resource, WeirError } from '../../src/model/index.ts';
import { type Certificates, usableCertificates } from './commit-certificates.ts';
import { bindKey, checkCandidate, tryPorts } from './commit-check.ts';
import { RefusedResources } from './commit-fault.ts';
import { type ConfigFiles, type FileChange, sealLayout, shapeOf } from './commit-files.ts';
import { MissingCommand, MissingCommands } from './commit-missing.ts';
import type { RetiringServers } from './commit-retire.ts';
import { runSteps } from './commit-runtime.ts';
import { lookAtSpares, takenSpares } from './commit-spares.ts';
import { type Given, type Withheld, withholdPorts } from './commit-withhold.ts';
import { type Difference, diffLayouts, type RuntimeStep, withServersOf } from './diff.ts';
import type { Layout } from './layout.ts';
import { standingSpares } from './layout-placed.ts';
import { frontendName } from './names.ts';
import type { PortRefusal } from './port-trial.ts';
import type { HaproxyProcess } from './process.ts';
import { checkDescriptors } from './process-limits.ts';
import { parseShape, shapeCommand } from './process-read.ts';
import type { BackendRow } from './traffic-read.ts';

/** At most one reload in this time; the first at once. */
const reloadEveryMs = 1_000;

/** The pure half, with options and place already given. */
export interface Renderer {
  /** What a reload brings. */
  fresh(resources: readonly Resource[], running: Layout | undefined): Layout;
  /** What the process can become by commands, as far as that is possible. `busy`: spares that are not free. */
  placed(resources: readonly Resource[], running: Layout, busy: ReadonlySet<string>): Layout;
  /** Spares are running out. */
  isScarce(layout: Layout): boolean;
  textOf(layout: Layout): string;
  /** @throws WeirError E_HAPROXY_CONFIG when the text is not what the layout says. */
  checkShape(text: string, layout: Layout): void;
}

export interface CommitParts {
  readonly ctx: Context;
  readonly renderer: Renderer;
  readonly files: ConfigFiles;
  readonly process: HaproxyProcess;
  readonly certificates: Certificates;
  readonly retiring: RetiringServers;
  /** The process serves and takes no commands. */
  readonly ill: () => boolean;
  /** The program, proved to be one that we can use. Undefined: HAProxy runs elsewhere, and there is none here. */
  readonly binary: () => Promise<string | undefined>;
  /** Addresses that may be missing without a word: IPv6 where it was not asked for by name. */
  readonly optional: (address: string) => boolean;
  /** Told what spares had counted in a worker when they were taken. */
  readonly counted: (worker: number, rows: readonly BackendRow[]) => void;
}

interface Aim {
  readonly layout: Layout;
  readonly plan: Omit<Difference, 'reload'> & { readonly reload: readonly string[] };
}

export class Committer {
  readonly #parts: CommitParts;
  #running: Layout | undefined;
  #listening: ReadonlySet<string> = new Set();
  #given: readonly Resource[] = [];
  #withheld: readonly Withheld[] = [];
  readonly #refused = new RefusedResources();
  readonly #missing = new MissingCommands();
  /** What HAProxy was last asked to check: its messages speak of these lines. */
  #checking: Layout | undefined;
  /** A spare was taken since the last look at how many are left. */
  #spent = false;
  #lastReloadMs = Number.NEGATIVE_INFINITY;

  constructor(parts: CommitParts) {
    this.#parts = parts;
  }

  /** What the process serves; undefined while that is not known. */
  get running(): Layout | undefined {
    return this.#running;
  }

  /** What was left out of the last commit, so that the rest could be served. */
  get withheld(): readonly Withheld[] {
    return this.#withheld;
  }

  /** What the process was found to serve; undefined when that cannot be known. */
  adopt(layout: Layout | undefined): void {
    this.#running = layout;
    if (layout !== undefined) this.#listening = new Set(layout.binds.map(bindKey));
  }

  /** Resources as they were given before this session began: what a broken certificate falls back to. */
  remember(resources: readonly Resource[]): void {
    this.#given = resources;
  }

  /** @throws WeirError; what was served before is served on then. */
  async commit(next: readonly Resource[]): Promise<void> {
    const { ctx } = this.#parts;
    const startMs = ctx.clock.now();
    const certified = await usableCertificates(next, this.#given, this.#parts.certificates);
    this.#refused.keep(next);
    let given: Given | undefined;
    while (given === undefined) {
      const usable = this.#refused.withhold(certified);
      try {
        given = await this.#bring(usable);
      } catch (error) {
        if (!(await this.#learnFrom(error, usable.resources))) throw error;
      }
    }
    this.#given = given.resources;
    this.#withheld = given.withheld;
    ctx.metric('weir_haproxy_change_seconds', (ctx.clock.now() - startMs) / 1_000, {}, 'histogram');
  }

  /** Brings the process to these resources, less the ports that cannot be had; answers what it was given in the end. */
  async #bring(usable: Given): Promise<Given> {
    const { optional } = this.#parts;
    let given = usable;
    let { layout, plan } = await this.#aim(given.resources);
    if (plan.reload.length > 0 && this.#mayTryPorts()) {
      const refused = await tryPorts(layout, this.#listening, this.#ours());
      const quiet = ({ bind }: PortRefusal) => optional(bind.address);
      const ports = withholdPorts(usable.resources, layout.binds, refused, frontendName, quiet);
      if (ports.resources !== usable.resources) {
        given = { resources: ports.resources, withheld: [...usable.withheld, ...ports.withheld] };
        ({ layout, plan } = await this.#aim(given.resources));
      }
    }
    if (plan.reload.length > 0) await this.#byReload(layout, plan.reload);
    else await this.#byCommands(layout, plan.steps);
    return given;
  }

  /** Whether HAProxy's refusal is about resources of ours that can be left out; they stay out until they change. */
  async #learnFrom(error: unknown, resources: readonly Resource[]): Promise<boolean> {
    if (!(error instanceof WeirError) || error.code !== 'E_HAPROXY_CONFIG') return false;
    const { renderer, ctx } = this.#parts;
    const layout = this.#checking ?? renderer.fresh(resources, undefined);
    let out = this.#refused.learn(error, renderer.textOf(sealLayout(layout)), layout, resources);
    let unclear = 0;
    if (out.length === 0) {
      const found = await this.#refused.search(error, resources, this.#given, (part) => this.#passes(part));
      out = [...found.faulty, ...found.unclear];
      unclear = found.unclear.length;
    }
    const ids = out.map(({ kind, id }) => `${kind} ${id}`);
    const more = ids.length > 5 ? ` and ${ids.length - 5} more` : '';
    const search = unclear > 0 ? `; ${unclear} of them are not told apart yet` : '';
    if (out.length > 0)
      ctx.log.error(
        { balancer: ctx.balancer, resources: ids.slice(0, 100), code: error.code },
        `HAProxy refuses ${ids.slice(0, 5).join(', ')}${more}, so it is left out${search}: ${error.message}`,
      );
    return out.length > 0;
  }

  /** Whether HAProxy would take a configuration of these resources. */
  async #passes(resources: readonly Resource[]): Promise<boolean> {
    const binary = await this.#parts.binary();
    if (binary === undefined) return false;
    try {
      await this.#checked(this.#parts.renderer.fresh(resources, this.#running), binary);
      return true;
    } catch (error) {
      if (error instanceof WeirError && error.code === 'E_HAPROXY_CONFIG') return false;
      throw error;
    }
  }

  /** Starts HAProxy again after it died, with the files as they are: they say what it served. */
  async revive(): Promise<void> {
    const { process, retiring, ctx } = this.#parts;
    retiring.clear();
    this.#missing.clear();
    try {
      await process.start(await this.#parts.binary());
    } catch (error) {
      this.adopt(undefined);
      throw error;
    }
    ctx.metric('weir_haproxy_starts_total', 1, { reason: 'died' });
  }

  /** Serves the same with the program as it is now: by executing the master anew, or by a second master. */
  async renew(how: 'reload' | 'replace', reason: 'program' | 'limits' = 'program'): Promise<void> {
    if (this.#running === undefined) return;
    await this.#byReload(this.#running, [reason], undefined, how);
  }

  /** The layout that brings resources into service with the least, and the way there. */
  async #aim(resources: readonly Resource[]): Promise<Aim> {
    const { renderer, process } = this.#parts;
    const running = this.#running;
    if (process.processes === undefined || running === undefined) {
      const reason = process.processes === undefined ? 'start' : 'unknown';
      return { layout: renderer.fresh(resources, undefined), plan: { reload: [reason], steps: [] } };
    }
    if (this.#parts.ill()) {
      const layout = renderer.fresh(resources, running);
      const { reload, steps } = diffLayouts(running, layout);
      return { layout, plan: { reload: steps.length > 0 ? [...reload, 'socket'] : reload, steps: [] } };
    }
    const layout = await this.#place(resources, running);
    const difference = diffLayouts(running, layout);
    const stopped = difference.reload.length === 0 && this.#missing.stop(difference.steps);
    const plan = stopped ? { reload: ['unsupported'], steps: [] } : difference;
    return { layout: plan.reload.length === 0 ? layout : renderer.fresh(resources, running), plan };
  }

  /** Takes only spares of which the process says that nothing of their last service is left. */
  async #place(resources: readonly Resource[], running: Layout): Promise<Layout> {
    const { renderer, process, retiring } = this.#parts;
    for (let busy = retiring.backends(); ; ) {
      const layout = renderer.placed(resources, running, busy);
      const { occupied, rows, silent } = await lookAtSpares(process.runtime, takenSpares(running, layout));
      if (occupied.length === 0) {
        this.#parts.counted(process.processes?.workers[0] ?? 0, rows);
        return layout;
      }
      busy = new Set([...busy, ...(silent ? standingSpares(running) : occupied)]);
    }
  }

  /** Brings new spares by a reload when some kind is running out; answers whether it did. */
  async refill(): Promise<boolean> {
    const { renderer, process } = this.#parts;
    if (!this.#spent || process.processes === undefined || this.#running === undefined) return false;
    this.#spent = false;
    if (!renderer.isScarce(this.#running)) return false;
    await this.#byReload(renderer.fresh(this.#given, this.#running), ['spares']);
    return true;
  }

  /** Where somebody else runs HAProxy, a listener of it looks like any other's: ports can be tried once we know which ones it has. */
  #mayTryPorts(): boolean {
    const { process } = this.#parts;
    if (process.processes === undefined) this.#listening = new Set();
    return !process.attached || this.#running !== undefined;
  }

  /** Processes whose listeners go over to the next worker. */
  #ours(): ReadonlySet<number> {
    const found = this.#parts.process.processes;
    return new Set(found === undefined ? [] : [found.master, ...found.workers, ...found.oldWorkers]);
  }

  async #byCommands(layout: Layout, steps: readonly RuntimeStep[]): Promise<void> {
    const { files, ctx } = this.#parts;
    const change = await this.#filesFor(layout);
    const before = await files.snapshot(change);
    await files.write(change);
    try {
      await this.#run(layout, steps);
    } catch (error) {
      if (!(error instanceof WeirError) || (error.code !== 'E_HAPROXY_COMMAND' && error.code !== 'E_HAPROXY_SOCKET'))
        throw error;
      const missing = error instanceof MissingCommand ? this.#missing.learn(error, steps) : undefined;
      ctx.log.warn(
        { balancer: ctx.balancer, code: error.code },
        missing === undefined
          ? `HAProxy did not take a change by command, so it reloads: ${error.message}`
          : `this HAProxy does not take "${missing}", so what needs it comes by a reload from now on: ${error.message}`,
      );
      // The process stands between two states, and the file says the new one: loading it is the way out.
      this.#running = undefined;
      await this.#byReload(layout, ['refused'], before);
    }
  }

  async #run(layout: Layout, steps: readonly RuntimeStep[]): Promise<void> {
    const { process, certificates, retiring, ctx } = this.#parts;
    const sent = await runSteps(steps, {
      runtime: process.runtime,
      pem: (path) => certificates.pem(layout.certs.get(path) ?? ''),
      retiring: (backend, name) => retiring.get(backend, name),
    });
    if (this.#running !== undefined && takenSpares(this.#running, layout).length > 0) this.#spent = true;
    for (const step of steps) {
      if (step.do === 'add server') retiring.delete(step.backend, step.server.name);
      if (step.do === 'remove server') retiring.add(step.backend, step.server);
    }
    this.#running = layout;
    if (sent > 0) ctx.metric('weir_haproxy_runtime_commands_total', sent);
  }

  async #filesFor(layout: Layout): Promise<FileChange> {
    const { renderer, files, certificates } = this.#parts;
    const sealed = sealLayout(layout, this.#running);
    await certificates.readUsers(sealed);
    const text = renderer.textOf(sealed);
    if (text !== files.config) renderer.checkShape(text, sealed);
    return files.compare(layout, text, (sha256) => certificates.pem(sha256));
  }

  async #byReload(
    layout: Layout,
    reasons: readonly string[],
    written?: FileChange,
    how: 'reload' | 'replace' = 'reload',
  ): Promise<void> {
    const { process, files, ctx, retiring } = this.#parts;
    let before = written;
    let startMs = ctx.clock.now();
    let started = false;
    try {
      const binary = await this.#parts.binary();
      const change = await this.#checked(layout, binary);
      if (process.processes !== undefined) await this.#awaitTurn(layout);
      before ??= await files.snapshot(change);
      await files.write(change);
      startMs = ctx.clock.now();
      started = process.processes === undefined;
      await files.sync();
      if (started) await process.start(binary);
      else await process[how](binary);
      if (process.attached && !started) await this.#proveLoaded(layout);
      if (!started) this.#lastReloadMs = ctx.clock.now();
    } catch (error) {
      // Whoever starts HAProxy shall start it with what is wanted now.
      const waits = started && process.attached;
      if (before !== undefined && !waits) {
        await files.write(before);
        await files.sync();
      }
      throw error;
    }
    this.#running = layout;
    this.#listening = new Set(layout.binds.map(bindKey));
    retiring.clear();
    if (started) ctx.metric('weir_haproxy_starts_total', 1, { reason: 'wanted' });
    else ctx.metric('weir_haproxy_reloads_total', 1, { reason: [...reasons].sort().join('+') });
    // Another program may know more commands.
    if (started || reasons.includes('program')) this.#missing.clear();
    ctx.log.info(
      { balancer: ctx.balancer, reasons, durationMs: Math.round(ctx.clock.now() - startMs) },
      started ? 'HAProxy started' : 'HAProxy reloaded',
    );
  }

  /** Somebody else says which file is loaded. @throws WeirError E_LOCKED when it is not ours. */
  async #proveLoaded(layout: Layout): Promise<void> {
    const { process, files } = this.#parts;
    const shape = parseShape(await process.throughMaster(shapeCommand));
    if (shape === undefined || shape === shapeOf(layout)) return;
    throw new WeirError(
      'E_LOCKED',
      `HAProxy loaded the file of another weir, not ${files.directory}/haproxy.cfg; give this one a HAProxy and sockets of its own (options.dir, masterSocket, socket)`,
    );
  }

  /** The files of a layout that HAProxy itself accepts, with all that it does not check. */
  async #checked(layout: Layout, binary: string | undefined): Promise<FileChange> {
    this.#checking = layout;
    // Limits of a process that somebody else starts are not ours.
    if (!this.#parts.process.attached) checkDescriptors(layout.descriptors);
    const change = await this.#filesFor(layout);
    if (binary === undefined) return change;
    const candidate = await this.#parts.files.stage(change);
    try {
      await checkCandidate(binary, candidate);
    } finally {
      await this.#parts.files.dropStage();
    }
    return change;
  }

  /** Waits until a reload may be made; what needs none is done before the wait. */
  async #awaitTurn(layout: Layout): Promise<void> {
    const { ctx } = this.#parts;
    const waitMs = this.#lastReloadMs + reloadEveryMs - ctx.clock.now();
    if (waitMs <= 0) return;
    if (this.#running !== undefined) {
      const part = withServersOf(this.#running, layout);
      const { steps } = diffLayouts(this.#running, part);
      if (!this.#missing.stop(steps))
        await this.#run(part, steps).catch((error: unknown) => {
          if (!(error instanceof WeirError)) throw error;
        });
    }
    await ctx.clock.sleep(waitMs);
  }
}
