/** Hands over to a new HAProxy program: by a reload, which executes the master anew, and where that leads to another file, by a second master. */
import { type Context, WeirError } from '../../src/model/index.ts';
import { findBinary } from './binary.ts';
import { findProgramFile, runningFile } from './binary-file.ts';
import type { Committer } from './commit.ts';
import type { HaproxyProcess } from './process.ts';

export interface ProgramParts {
  readonly ctx: Context;
  readonly process: HaproxyProcess;
  readonly committer: Committer;
  /** The program as configured: a name in PATH or a path. */
  readonly program: string;
}

export class ProgramWatch {
  readonly #parts: ProgramParts;
  /** The file that was judged: it runs, or it was refused. */
  #judged: string | undefined;
  /** The file at the last look: what is still being written is left alone. */
  #seen: string | undefined;

  constructor(parts: ProgramParts) {
    this.#parts = parts;
  }

  /** To be called now and then, while nothing else touches the process. Never throws for a program that is no good: it is told once. */
  async look(): Promise<void> {
    const { process, committer, program, ctx } = this.#parts;
    const found = await findProgramFile(program);
    const settled = found?.state === this.#seen;
    this.#seen = found?.state;
    if (found === undefined || !settled || found.state === this.#judged) return;
    const { processes } = process;
    if (processes === undefined || committer.running === undefined) return;
    const first = this.#judged === undefined;
    this.#judged = found.state;
    if ((await runningFile(processes.master)) === found.file) return;
    try {
      const { version } = await findBinary(program);
      const before = await process.version();
      // A script that calls HAProxy is never the file that runs: at first sight the version decides.
      if (first && !found.runs && before === version) return;
      await committer.renew('reload');
      if ((await process.version()) !== version) await committer.renew('replace');
      const now = await process.version();
      ctx.log.info({ balancer: ctx.balancer, before, now }, `HAProxy was replaced: ${before} handed over to ${now}`);
    } catch (error) {
      if (!(error instanceof WeirError)) throw error;
      ctx.log.error(
        { balancer: ctx.balancer, code: error.code },
        `${program} was replaced, and the new one cannot be used, so the old one goes on: ${error.message}`,
      );
    }
  }
}
