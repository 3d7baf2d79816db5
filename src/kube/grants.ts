import type { Context, Log } from '../model/index.ts';
import type { Access, Grant } from './access.ts';
import { toKubeError } from './kube-error.ts';

/** After a failed reading what was read before stays in use for so long until it is tried again. */
const retryMs = 1_000;

/** The grant in force: read once for all who ask at the same time, again when it ends or the server has refused it. */
export class Grants {
  readonly #access: Access;
  readonly #clock: Context['clock'];
  readonly #log: Log;
  readonly #signal: AbortSignal;
  #grant: Grant | undefined;
  #refused = false;
  #loadedMs = Number.NEGATIVE_INFINITY;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #stale = false;
  #complaint = '';
  #loading: Promise<Grant> | undefined;

  constructor(access: Access, clock: Context['clock'], log: Log, signal: AbortSignal) {
    this.#access = access;
    this.#clock = clock;
    this.#log = log;
    this.#signal = signal;
  }

  /** Rejects with KubeError `Config` or `Credentials` when there is none and none can be read. */
  async current(): Promise<Grant> {
    const nowMs = this.#clock.now();
    const kept = this.#grant;
    const good =
      kept !== undefined && !this.#refused && !this.#stale && (kept.untilMs === undefined || nowMs < kept.untilMs);
    if (good || (kept !== undefined && nowMs < this.#retryAtMs)) return kept;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** The server has answered 401 to this grant. True: another one may be had, ask again. */
  refuse(grant: Grant): boolean {
    if (grant !== this.#grant) return true;
    if (this.#clock.now() - this.#loadedMs < this.#access.reloadEveryMs) return false;
    this.#refused = true;
    return true;
  }

  /** No session could be made with this grant: the files may hold another authority or certificate by now. */
  doubt(grant: Grant): void {
    if (grant === this.#grant && this.#clock.now() - this.#loadedMs >= this.#access.reloadEveryMs) this.#stale = true;
  }

  /** Reads it anew at once, as if the server had refused it. What cannot be read is told, once more where it was told before. */
  async renew(): Promise<void> {
    await this.#loading?.catch(() => undefined);
    // Whoever asks first reads it.
    if (this.#grant === undefined || this.#signal.aborted) return;
    this.#refused = true;
    this.#retryAtMs = Number.NEGATIVE_INFINITY;
    this.#complaint = '';
    await this.current();
    if (!this.#refused) this.#log.info({ cluster: this.#access.name }, 'credentials were read anew');
  }

  async #load(): Promise<Grant> {
    const nowMs = this.#clock.now();
    const kept = this.#grant;
    try {
      const grant = await this.#access.load(this.#refused, this.#signal);
      this.#refused = false;
      this.#stale = false;
      this.#complaint = '';
      this.#loadedMs = this.#clock.now();
      this.#grant = grant;
      return grant;
    } catch (cause) {
      const error = toKubeError(cause, 'Credentials', `cluster ${this.#access.name}: credentials cannot be read`);
      if (kept === undefined || this.#signal.aborted) throw error;
      // A file that is just being replaced: what was good before may be good still, and the server says so if it is not.
      this.#retryAtMs = nowMs + retryMs;
      const fields = { cluster: this.#access.name, err: error };
      if (error.message !== this.#complaint)
        this.#log.warn(fields, 'credentials cannot be read again, the last ones stay');
      this.#complaint = error.message;
      return kept;
    }
  }
}
