import type { Depth, Unit } from '../model/index.ts';
import type { Connection } from './connection.ts';
import type { LaneOptions } from './lane-options.ts';
import type { Picture } from './picture.ts';

/** A system that answers with an old state right after a write is not believed about that unit for so long. */
const settleMs = 10_000;

export interface AuditParts {
  readonly options: Pick<LaneOptions, 'auditMs' | 'clock' | 'metrics' | 'provider'>;
  readonly connection: Connection;
  readonly picture: Picture;
  /** Whether the unit is at work now, or was written to since a moment (monotonic): what is known of it is newer than a reading. */
  readonly touched: (unit: Unit, sinceMs: number) => boolean;
  /** A reading has ended. */
  readonly done: () => void;
}

/** Reads everything of a balancer: once to begin with, then now and then beside the work, to find what others did to our things. */
export class Audit {
  readonly #parts: AuditParts;
  #atMs = Number.NEGATIVE_INFINITY;
  #listed = false;
  #again = false;
  #running: Promise<void> | undefined;

  constructor(parts: AuditParts) {
    this.#parts = parts;
  }

  /** Monotonic milliseconds of the next one; never while one is under way, the end of which is told. */
  get atMs(): number {
    return this.#running === undefined ? this.#atMs : Number.POSITIVE_INFINITY;
  }

  /** The one under way. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  /** Everything was read at least once. */
  get listed(): boolean {
    return this.#listed;
  }

  /** The first reading of everything, replacing what is known; throws what the session throws. */
  async list(signal: AbortSignal, depth: Depth): Promise<void> {
    const { picture, connection } = this.#parts;
    picture.read(picture.cache.all(), await connection.observe('all', signal, depth));
    this.#listed = true;
    this.#plan();
  }

  /** The next one is due at once. */
  hasten(): void {
    this.#atMs = this.#parts.options.clock.now();
    // What the one under way has read already may be older.
    this.#again = this.#running !== undefined;
  }

  /** Starts one when it is due and none is under way. */
  start(signal: AbortSignal): void {
    if (this.#running !== undefined || this.#parts.options.clock.now() < this.#atMs) return;
    this.#atMs = Number.POSITIVE_INFINITY;
    this.#running = this.#read(signal).finally(() => {
      this.#running = undefined;
      if (this.#again && this.#parts.connection.failure === undefined) this.hasten();
      this.#again = false;
      this.#parts.done();
    });
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { picture, connection, options, touched } = this.#parts;
    const startMs = options.clock.now();
    const lateMs = options.provider.capabilities.writes === 'apply' ? settleMs : 0;
    try {
      const reading = await connection.observe('all', signal, 'quick');
      const own = ({ unit }: { readonly unit: Unit }) => touched(unit, startMs - lateMs);
      picture.read(
        picture.cache.all().filter((object) => !own(object)),
        reading.filter((object) => !own(object)),
      );
      connection.succeeded();
      connection.forget();
      this.#plan();
    } catch (error) {
      if (signal.aborted) return;
      connection.failed(error);
      this.#atMs = connection.retryAtMs;
    }
  }

  #plan(): void {
    const { auditMs, clock, metrics, provider } = this.#parts.options;
    this.#atMs = clock.now() + auditMs;
    metrics.set('weir_last_audit_timestamp_seconds', clock.wall() / 1000, { provider: provider.name });
  }
}
