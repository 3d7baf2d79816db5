/** A layout that needs another worker: its files are checked, written, loaded, and put back when the process did not take them. */
import { WeirError } from '../../src/model/index.ts';
import { checkCandidate } from './commit-check.ts';
import { type FileChange, prepareShape, sealLayout, shapeOf } from './commit-files.ts';
import type { CommitParts } from './commit-parts.ts';
import type { Layout } from './layout.ts';
import { checkDescriptors } from './process-limits.ts';
import { parseShape, shapeCommand } from './process-read.ts';
import { retiringText } from './retiring-text.ts';
import { prepareTexts } from './text.ts';

/** At most one reload in this time; the first at once. */
const reloadEveryMs = 1_000;

export interface LoadOrder {
  /** What the process serves, when that is known. */
  readonly running: Layout | undefined;
  readonly how: 'reload' | 'replace';
  /** The files of the layout are on disk already, and this takes them back. */
  readonly written?: FileChange | undefined;
  /** Called before a wait for the turn, when there is one: what needs no reload is done meanwhile. */
  readonly meanwhile: () => Promise<void>;
}

export interface Loaded {
  /** There was no process before. */
  readonly started: boolean;
  readonly durationMs: number;
}

export class Loader {
  readonly #parts: Pick<CommitParts, 'ctx' | 'renderer' | 'files' | 'process' | 'certificates' | 'binary' | 'retiring'>;
  #checking: Layout | undefined;
  #lastReloadMs = Number.NEGATIVE_INFINITY;

  constructor(parts: CommitParts) {
    this.#parts = parts;
  }

  /** What HAProxy was last asked to check: its messages speak of these lines. */
  get checking(): Layout | undefined {
    return this.#checking;
  }

  /** What a layout changes on disk that comes by commands. `running`: what is served, from which it mostly differs little. */
  filesFor(layout: Layout, running: Layout | undefined): Promise<FileChange> {
    return this.#compare(layout, running, retiringText(this.#parts.retiring.servers, running, layout));
  }

  async #compare(layout: Layout, running: Layout | undefined, retiring: string): Promise<FileChange> {
    const { renderer, files, certificates, ctx } = this.#parts;
    const { turns } = ctx;
    for (const _ of prepareShape(layout, running)) if (turns?.due) await turns.next();
    const sealed = sealLayout(layout, running);
    await certificates.readUsers(sealed);
    for (const _ of prepareTexts(sealed)) if (turns?.due) await turns.next();
    const text = renderer.textOf(sealed);
    if (text !== files.config) {
      for (const _ of renderer.checkShape(text, sealed)) if (turns?.due) await turns.next();
    }
    return files.compare(layout, text, (sha256) => certificates.pem(sha256), retiring);
  }

  /** The files of a layout that HAProxy itself accepts, with all that it does not check. @throws WeirError E_HAPROXY_CONFIG, E_FD_LIMIT */
  async check(layout: Layout, running: Layout | undefined): Promise<FileChange> {
    const { process, files } = this.#parts;
    const binary = await this.#parts.binary();
    this.#checking = layout;
    // Limits of a process that somebody else starts are not ours.
    if (!process.attached) checkDescriptors(layout.descriptors);
    // Another worker has no server that waits.
    const change = await this.#compare(layout, running, '');
    if (binary === undefined) return change;
    const candidate = await files.stage(change);
    try {
      await checkCandidate(binary, candidate);
    } finally {
      await files.dropStage();
    }
    return change;
  }

  /** @throws WeirError; the files are as they were before `written` then, and what was served is served on. */
  async load(layout: Layout, { running, how, written, meanwhile }: LoadOrder): Promise<Loaded> {
    const { process, files, ctx } = this.#parts;
    let before = written;
    let startMs = ctx.clock.now();
    let started = false;
    try {
      const change = await this.check(layout, running);
      const binary = await this.#parts.binary();
      if (process.processes !== undefined) await this.#awaitTurn(meanwhile);
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
    return { started, durationMs: Math.round(ctx.clock.now() - startMs) };
  }

  async #awaitTurn(meanwhile: () => Promise<void>): Promise<void> {
    const { clock } = this.#parts.ctx;
    const waitMs = this.#lastReloadMs + reloadEveryMs - clock.now();
    if (waitMs <= 0) return;
    await meanwhile();
    await clock.sleep(waitMs);
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
}
