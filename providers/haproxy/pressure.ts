/** Whether the worker can take more connections: how many it has and may have, how many files it has open and may open. */
import { readdirSync } from 'node:fs';
import { type Context, type ErrorCode, WeirError } from '../../src/model/index.ts';
import type { Holder } from './largest-holder.ts';
import type { HaproxyProcess } from './process.ts';
import { readProc } from './process-id.ts';

/** A worker with fewer files than this left refuses connections already: each needs two. */
const spareFiles = 8;
/** A reload gives the next worker the limit that the configuration needs; where that did not last, another would not either. */
const reliefEveryMs = 600_000;

export interface Pressure {
  readonly code: ErrorCode;
  readonly message: string;
}

export interface PressureParts {
  readonly ctx: Context;
  readonly process: HaproxyProcess;
  /** The socket takes no commands now. */
  readonly ill: () => boolean;
  /** The service that has most connections. */
  readonly largest: () => Promise<Holder | undefined>;
  /** Files that the configuration needs. */
  readonly needed: () => number;
  readonly reload: () => Promise<void>;
}

export class PressureWatch {
  readonly #parts: PressureParts;
  #pressure: Pressure | undefined;
  #relievedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: PressureParts) {
    this.#parts = parts;
  }

  /** What keeps clients out now; undefined while nothing does. */
  get pressure(): Pressure | undefined {
    return this.#pressure;
  }

  /** Looks anew; answers whether there is other news than at the last look. `mayReload`: a lowered limit may be raised by a reload. */
  async look(mayReload: boolean): Promise<boolean> {
    const { process, ctx, needed, reload } = this.#parts;
    const before = this.#pressure?.message;
    const files = process.attached ? undefined : openFiles(process.processes?.workers[0]);
    const found = (files === undefined ? undefined : this.#ofFiles(files)) ?? (await this.#ofConnections());
    this.#pressure =
      found === undefined
        ? undefined
        : { code: found.code, message: `${found.message}${await this.#who(found.connections)}` };
    // Somebody lowered it: the next worker sets its own.
    const lowered = files !== undefined && files.limit < needed() && ctx.clock.now() - this.#relievedMs > reliefEveryMs;
    if (lowered && mayReload) {
      this.#relievedMs = ctx.clock.now();
      ctx.log.warn(
        { balancer: ctx.balancer, ...files, needed: needed() },
        `HAProxy may open ${files.limit} files and its configuration needs ${needed()}, so it reloads`,
      );
      await reload();
    }
    if (this.#pressure !== undefined && before === undefined)
      ctx.log.error({ balancer: ctx.balancer, code: this.#pressure.code }, this.#pressure.message);
    if (this.#pressure === undefined && before !== undefined)
      ctx.log.info({ balancer: ctx.balancer }, 'HAProxy takes connections again');
    return (before === undefined) !== (this.#pressure === undefined);
  }

  #ofFiles({ open, limit }: OpenFiles): Full | undefined {
    const { ctx } = this.#parts;
    ctx.metric('weir_haproxy_open_files', open, {}, 'gauge');
    ctx.metric('weir_haproxy_open_files_limit', limit, {}, 'gauge');
    if (open < limit - spareFiles) return undefined;
    return {
      code: 'E_HAPROXY_FULL',
      connections: open / 2,
      message: `HAProxy has ${open} files open and may open ${limit}: new connections fail until others end`,
    };
  }

  async #who(connections: number): Promise<string> {
    const { ill, process, largest } = this.#parts;
    const holder = ill() || process.processes === undefined ? undefined : await largest();
    // Where connections ask for nothing, or all have their share, nobody is at fault.
    return holder === undefined || holder.connections < connections / 4
      ? ''
      : `; ${holder.service} has most of them: ${holder.connections}`;
  }

  async #ofConnections(): Promise<Full | undefined> {
    const { ctx, process, ill } = this.#parts;
    if (ill() || process.processes === undefined) return undefined;
    const info = await process.runtime.ask('show info').catch((error: unknown) => {
      if (!(error instanceof WeirError)) throw error;
      return '';
    });
    const read = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(info)?.[1] ?? Number.NaN);
    const [current, most] = [read('CurrConns'), read('Maxconn')];
    if (Number.isNaN(current) || Number.isNaN(most)) return undefined;
    ctx.metric('weir_haproxy_connections', current, {}, 'gauge');
    ctx.metric('weir_haproxy_connections_limit', most, {}, 'gauge');
    if (current < most) return undefined;
    return {
      code: 'E_HAPROXY_FULL',
      connections: current,
      message: `HAProxy has ${current} connections and may have ${most} (options.maxConnections): new ones wait until others end`,
    };
  }
}

interface Full extends Pressure {
  readonly connections: number;
}

interface OpenFiles {
  readonly open: number;
  readonly limit: number;
}

/** Of a process on this machine that we may look at. */
function openFiles(pid: number | undefined): OpenFiles | undefined {
  if (pid === undefined) return undefined;
  const limit = Number(/^Max open files\s+(\d+)/m.exec(readProc(pid, 'limits'))?.[1] ?? Number.NaN);
  try {
    return Number.isNaN(limit) ? undefined : { open: readdirSync(`/proc/${pid}/fd`).length, limit };
  } catch {
    return undefined;
  }
}
