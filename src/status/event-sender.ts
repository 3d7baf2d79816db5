import { type Cluster, KubeError, resourcePath, toKubeError } from '../kube/index.ts';
import type { Context } from '../model/index.ts';
import type { EventBook, Posting } from './event-book.ts';
import { recordOf } from './known-object.ts';
import { Wake } from './wake.ts';
import { isAdmission, isEnding } from './write-trouble.ts';

export interface EventSenderOptions {
  readonly cluster: Pick<Cluster, 'create' | 'get' | 'patch'>;
  readonly book: EventBook;
  readonly clock: Context['clock'];
  readonly random: () => number;
  readonly mayWrite: () => boolean;
  /** Name of this weir: who reports. */
  readonly instance: string;
  readonly manager: string;
  /** Events may not be written; undefined: they may again. */
  readonly refused: (error: KubeError | undefined) => void;
  /** Each try and what came of it; undefined: it is posted. */
  readonly tried?: (error: KubeError | undefined) => void;
}

const controller = 'weir-lb.dev/weir';
/** Ten a second: they shall not stand in the way of what matters. */
const everyMs = 100;
const followerLooksMs = 1_000;
const deniedMs = 60_000;
const callMs = 10_000;

/** Posts what the book has, one after the other. Events are never worth an error: while they cannot be posted they wait, as many as the book takes. */
export class EventSender {
  readonly #options: EventSenderOptions;
  readonly #wake: Wake;
  #failures = 0;
  /** Namespace → when to look whether Events are allowed there by now. */
  readonly #denied = new Map<string, number>();

  constructor(options: EventSenderOptions) {
    this.#options = options;
    this.#wake = new Wake(options.clock);
  }

  /** Nothing is known in this namespace any more: where nothing may be posted there, nothing waits for it. */
  forget(namespace: string): void {
    if (this.#denied.has(namespace)) this.#leave(namespace);
  }

  /** There may be something to post. */
  hurry(): void {
    this.#wake.now();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { book, clock, mayWrite } = this.#options;
    while (!signal.aborted) {
      const nowMs = clock.now();
      const posting = mayWrite() ? book.take((one) => !((this.#denied.get(one) ?? nowMs) > nowMs)) : undefined;
      if (posting === undefined) {
        if (book.waiting === 0) for (const one of [...this.#denied.keys()]) this.#allow(one);
        const restMs = book.waiting > 0 ? followerLooksMs : Number.POSITIVE_INFINITY;
        await this.#wake.until(clock.now() + restMs, signal);
      } else {
        const waitMs = await this.#post(posting, signal);
        await clock.sleep(waitMs, signal);
      }
    }
  }

  /** Answers how long to rest. */
  async #post(posting: Posting, signal: AbortSignal): Promise<number> {
    const { book, clock, refused, random, tried } = this.#options;
    const { namespace } = posting.about;
    try {
      await this.#write(posting, AbortSignal.any([signal, AbortSignal.timeout(callMs)]));
      tried?.(undefined);
      this.#failures = 0;
      this.#allow(namespace);
      return everyMs;
    } catch (cause) {
      const error = toKubeError(cause, 'BadAnswer', `event ${posting.name}`);
      tried?.(error);
      // Others would wait behind it.
      if (isAdmission(error)) return everyMs;
      if (error.notFound || isEnding(error)) {
        this.#leave(namespace);
        return everyMs;
      }
      // A right may be missing in one namespace alone.
      if (error.forbidden) {
        if (this.#denied.size === 0) refused(error);
        this.#denied.set(namespace, clock.now() + deniedMs);
        book.putBack(posting);
        return everyMs;
      }
      // The server takes it for wrong: no second try would help.
      if (error.code >= 400 && error.code < 500 && error.code !== 401 && error.code !== 429) return everyMs;
      this.#failures = error.starting ? 1 : this.#failures + 1;
      book.putBack(posting);
      const backoffMs = Math.min(30_000, 500 * 2 ** Math.min(this.#failures - 1, 8)) * (0.5 + random() / 2);
      return Math.max(backoffMs, error.retryAfterMs ?? 0);
    }
  }

  #leave(namespace: string): void {
    this.#options.book.drop(namespace);
    this.#allow(namespace);
  }

  #allow(namespace: string): void {
    if (this.#denied.delete(namespace) && this.#denied.size === 0) this.#options.refused(undefined);
  }

  async #write(posting: Posting, signal: AbortSignal): Promise<void> {
    const { cluster, clock, instance, manager } = this.#options;
    const { about, name, type, reason, note } = posting;
    const place = { apiVersion: 'events.k8s.io/v1', resource: 'events', namespace: about.namespace };
    const now = microTime(clock.wall());
    const body = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace: about.namespace },
      eventTime: now,
      reportingController: controller,
      reportingInstance: instance.slice(0, 128),
      action: 'Reconcile',
      regarding: { ...about },
      type,
      reason,
      note,
    };
    try {
      await cluster.create(resourcePath(place), body, { signal, fieldManager: manager });
    } catch (error) {
      if (!(error instanceof KubeError) || error.reason !== 'AlreadyExists') throw error;
      const path = resourcePath({ ...place, name });
      const { count } = recordOf(recordOf(await cluster.get(path, signal)).series);
      const series = { count: typeof count === 'number' ? count + 1 : 2, lastObservedTime: now };
      await cluster.patch(path, { series }, { type: 'merge', fieldManager: manager, signal });
    }
  }
}

/** MicroTime of the API. */
function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z');
}
