/**
 * From resources to a process that serves them: over the runtime socket where that is enough, else by a checked reload.
 *
 * The order that makes every crash harmless: the files are written first, then the process is told. So the file is what was wanted last
 * and passed every check; the process is at most one change behind, and the next start reads from the process itself what it lacks.
 * A file is put back before an error leaves here, whenever the process did not take it. Only targets that come and go do not wait for the
 * file, and none does where nothing can be written: until it is there, a session that begins finds the difference.
 */
import { type Resource, WeirError } from '../../src/model/index.ts';
import { inTurns, turn } from '../../src/model/turns.ts';
import { readAll } from './attrs-all.ts';
import { usableCertificates } from './commit-certificates.ts';
import { bindKey, tryPorts } from './commit-check.ts';
import type { FileChange } from './commit-files.ts';
import { Loader } from './commit-load.ts';
import { MissingCommand, MissingCommands } from './commit-missing.ts';
import type { CommitParts } from './commit-parts.ts';
import { Refusals } from './commit-refusal.ts';
import { runSteps } from './commit-runtime.ts';
import { changedSpares, lookAtSpares, takenSpares, withoutBackends } from './commit-spares.ts';
import { type Given, type Withheld, withholdPorts } from './commit-withhold.ts';
import { type Difference, diffLayouts, type RuntimeStep, withServersOf } from './diff.ts';
import type { Layout } from './layout.ts';
import { idleMade, standingSpares } from './layout-placed.ts';
import { frontendName } from './names.ts';
import type { PortRefusal } from './port-trial.ts';

interface Aim {
  readonly layout: Layout;
  readonly plan: Omit<Difference, 'reload'> & { readonly reload: readonly string[] };
}

/** What may be in force before a file says so: a session that begins reads it from the process. */
function isOfTargets(step: RuntimeStep): boolean {
  return step.do === 'add server' || step.do === 'set weight' || step.do === 'remove server';
}

export class Committer {
  readonly #parts: CommitParts;
  readonly #loader: Loader;
  readonly #refusals: Refusals;
  #running: Layout | undefined;
  #listening: ReadonlySet<string> = new Set();
  #given: readonly Resource[] = [];
  #withheld: readonly Withheld[] = [];
  readonly #missing = new MissingCommands();
  #idle = false;
  /** A spare was taken since the last look at how many are left. */
  #spent = false;

  constructor(parts: CommitParts) {
    this.#parts = parts;
    this.#loader = new Loader(parts);
    this.#refusals = new Refusals(parts, this.#loader);
  }

  /** What the process serves; undefined while that is not known. */
  get running(): Layout | undefined {
    return this.#running;
  }

  /** What was left out of the last commit, so that the rest could be served. */
  get withheld(): readonly Withheld[] {
    return this.#withheld;
  }

  /** What some of the resources were before, which serves on because HAProxy refuses what they are now. */
  get stays(): readonly Resource[] {
    const refused = this.#withheld.filter(({ code, whole }) => code === 'E_HAPROXY_CONFIG' && !whole);
    if (refused.length === 0) return [];
    const names = new Set(refused.map(({ kind, id }) => `${kind} ${id}`));
    return this.#given.filter(({ kind, id }) => names.has(`${kind} ${id}`));
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

  /** The last commit had nothing to tell the process. */
  get idle(): boolean {
    return this.#idle;
  }

  /** @throws WeirError; what was served before is served on then. */
  async commit(next: readonly Resource[]): Promise<void> {
    const { ctx } = this.#parts;
    const startMs = ctx.clock.now();
    await readAll(next, ctx.turns);
    const certified = await usableCertificates(next, this.#given, this.#parts.certificates);
    this.#refusals.keep(next);
    let given: Given | undefined;
    while (given === undefined) {
      const usable = await this.#withoutRefused(certified);
      try {
        given = await this.#bring(usable);
      } catch (error) {
        if (!(await this.#refusals.learnFrom(error, usable.resources, this.#given, this.#running))) throw error;
      }
    }
    this.#given = given.resources;
    this.#withheld = given.withheld;
    ctx.metric('weir_haproxy_change_seconds', (ctx.clock.now() - startMs) / 1_000, {}, 'histogram');
  }

  /** What stays as it was before is judged like everything else: a certificate of it may be gone. */
  async #withoutRefused(certified: Given): Promise<Given> {
    const usable = this.#refusals.withhold(certified, this.#given);
    if (usable === certified) return certified;
    const { resources, withheld } = await usableCertificates(usable.resources, this.#given, this.#parts.certificates);
    return { resources, withheld: [...usable.withheld, ...withheld] };
  }

  #turn(): Promise<void> {
    return turn(this.#parts.ctx);
  }

  /** Brings the process to these resources, less the ports that cannot be had; answers what it was given in the end. */
  async #bring(usable: Given): Promise<Given> {
    const { optional } = this.#parts;
    let given = usable;
    await this.#turn();
    let { layout, plan } = await this.#aim(given.resources);
    await this.#turn();
    if (plan.reload.length > 0) {
      const refused = await this.#tryPorts(layout);
      const quiet = ({ bind }: PortRefusal) => optional(bind.address);
      const ports = withholdPorts(usable.resources, layout.binds, refused, frontendName, quiet);
      if (ports.resources !== usable.resources) {
        given = { resources: ports.resources, withheld: [...usable.withheld, ...ports.withheld] };
        ({ layout, plan } = await this.#aim(given.resources));
      }
    }
    this.#idle = plan.reload.length === 0 && plan.steps.length === 0;
    try {
      if (plan.reload.length > 0) await this.#byReload(layout, plan.reload);
      else await this.#byCommands(layout, plan.steps);
    } catch (error) {
      if (error instanceof WeirError && error.code === 'E_DISK') await this.#targetsAlone(given.resources);
      throw error;
    }
    return given;
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
      await inTurns(this.#parts.ctx, renderer.prepare(resources));
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
    const makes = await this.#makesBackends();
    for (let busy = retiring.backends(); ; ) {
      const layout = renderer.placed(resources, running, { busy, makes });
      const { occupied, rows, silent } = await lookAtSpares(process.runtime, changedSpares(running, layout));
      if (occupied.length === 0) {
        this.#parts.counted(process.processes?.workers[0] ?? 0, rows);
        return layout;
      }
      busy = new Set([...busy, ...(silent ? standingSpares(running) : occupied)]);
    }
  }

  async #makesBackends(): Promise<boolean> {
    const refused = ['add backend', 'publish backend'].some((verb) => this.#missing.has(verb));
    return !refused && this.#parts.abilities.makesBackends();
  }

  /** Brings new spares by a reload when some kind is running out, deletes those that were made and are idle; answers whether it did. */
  async refill(): Promise<boolean> {
    const { renderer, process } = this.#parts;
    if (process.processes === undefined || this.#running === undefined) return false;
    if (idleMade(this.#running).length > 0 && (await this.#makesBackends())) {
      const { layout, plan } = await this.#aim(this.#given);
      if (plan.reload.length === 0 && plan.steps.length > 0) await this.#byCommands(layout, plan.steps);
      return plan.reload.length === 0 && plan.steps.length > 0;
    }
    if (!this.#spent) return false;
    this.#spent = false;
    if (!renderer.isScarce(this.#running)) return false;
    await this.#byReload(renderer.fresh(this.#given, this.#running), ['spares']);
    return true;
  }

  /**
   * Where somebody else runs HAProxy, a listener of it looks like any other's: that a port is taken can be told once we know which ones it
   * has. An address that is not there would keep it from starting at all, with everything else.
   */
  #tryPorts(layout: Layout): Promise<readonly PortRefusal[]> {
    const { process } = this.#parts;
    if (process.processes === undefined) this.#listening = new Set();
    const known = !process.attached || this.#running !== undefined;
    return tryPorts(layout, this.#listening, known ? process.listening : undefined);
  }

  async #byCommands(layout: Layout, steps: readonly RuntimeStep[]): Promise<void> {
    const { files, ctx } = this.#parts;
    const running = this.#running;
    let before: FileChange | undefined;
    const write = async () => {
      const change = await this.#loader.filesFor(layout, running);
      before = await files.snapshot(change);
      await files.write(change);
    };
    try {
      // Targets that come get requests, and those that go get none, before the disk has done its part.
      const targetsAlone = steps.every(isOfTargets);
      if (!targetsAlone) await write();
      await this.#run(layout, steps);
      if (targetsAlone) await write();
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
      // The process stands between two states: loading the new one is the way out.
      this.#running = undefined;
      await this.#byReload(layout, ['refused'], before);
    }
  }

  async #run(layout: Layout, steps: readonly RuntimeStep[]): Promise<void> {
    const { process, certificates, retiring, abilities, ctx } = this.#parts;
    const sent = await runSteps(steps, {
      runtime: process.runtime,
      pem: (path) => certificates.pem(layout.certs.get(path) ?? ''),
      recall: (backend, name) => retiring.recall(backend, name),
      takesCookies: () => abilities.takesCookies(),
    });
    if (this.#running !== undefined && takenSpares(this.#running, layout).length > 0) this.#spent = true;
    for (const step of steps) if (step.do === 'remove server') retiring.add(step.backend, step.server);
    this.#running = layout;
    if (sent > 0) ctx.metric('weir_haproxy_runtime_commands_total', sent);
  }

  async #byReload(
    layout: Layout,
    reasons: readonly string[],
    written?: FileChange,
    how: 'reload' | 'replace' = 'reload',
  ): Promise<void> {
    const { ctx, retiring } = this.#parts;
    const order = { running: this.#running, how, written, meanwhile: () => this.#advance(layout) };
    const { started, durationMs } = await this.#loader.load(layout, order);
    this.#running = layout;
    this.#listening = new Set(layout.binds.map(bindKey));
    retiring.clear();
    if (started) ctx.metric('weir_haproxy_starts_total', 1, { reason: 'wanted' });
    else ctx.metric('weir_haproxy_reloads_total', 1, { reason: [...reasons].sort().join('+') });
    // Another program may know more commands.
    if (started || reasons.includes('program')) this.#missing.clear();
    ctx.log.info({ balancer: ctx.balancer, reasons, durationMs }, started ? 'HAProxy started' : 'HAProxy reloaded');
  }

  /** Nothing can be written: targets that are gone shall get no requests for that. Files follow when there is room. */
  async #targetsAlone(resources: readonly Resource[]): Promise<void> {
    const { renderer, process, retiring, ill } = this.#parts;
    const running = this.#running;
    if (running === undefined || process.processes === undefined || ill()) return;
    const wanted = renderer.placed(resources, running, { busy: retiring.backends(), makes: false });
    // No map can say yet what a spare that is to be taken serves.
    await this.#advance(withoutBackends(wanted, takenSpares(running, wanted)));
  }

  /** As far towards a layout as no reload and no file is needed. */
  async #advance(layout: Layout): Promise<void> {
    if (this.#running === undefined) return;
    const part = withServersOf(this.#running, layout);
    const { steps } = diffLayouts(this.#running, part);
    if (this.#missing.stop(steps)) return;
    await this.#run(part, steps).catch((error: unknown) => {
      if (!(error instanceof WeirError)) throw error;
    });
  }
}
