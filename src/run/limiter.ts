import PQueue from 'p-queue';
import type { Context, Rates } from '../model/index.ts';
import type { Clock } from './clock.ts';
import type { WriteGate } from './write-gate.ts';

export interface LimiterOptions {
  /** Calls a second before the first throttling answer; the bucket never grows beyond it. */
  readonly perSecond: number;
  /** Calls that may be made at once after a rest. */
  readonly burst: number;
  /** Never slower than this many calls a second. */
  readonly leastPerSecond: number;
}

const standard: LimiterOptions = { perSecond: 200, burst: 400, leastPerSecond: 0.2 };

/** One token bucket that learns: halves its rate when throttled, grows back a twentieth of the full rate each second without. */
class Bucket {
  readonly queue = new PQueue({ concurrency: 1 });
  readonly #clock: Clock;
  readonly #options: LimiterOptions;
  #perSecond: number;
  #tokens: number;
  #filledMs: number;
  #throttledMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, options: LimiterOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#perSecond = options.perSecond;
    this.#tokens = options.burst;
    this.#filledMs = clock.now();
  }

  async take(signal: AbortSignal): Promise<void> {
    for (;;) {
      this.#fill();
      if (this.#tokens >= 1 || signal.aborted) break;
      await this.#clock.sleep(Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000), signal);
    }
    signal.throwIfAborted();
    this.#tokens -= 1;
  }

  /** Answers of calls made side by side tell the same thing: at most one halving a second. */
  throttled(): void {
    this.#fill();
    const nowMs = this.#clock.now();
    this.#tokens = Math.min(this.#tokens, 0);
    if (nowMs - this.#throttledMs < 1000) return;
    this.#throttledMs = nowMs;
    this.#perSecond = Math.max(this.#options.leastPerSecond, this.#perSecond / 2);
  }

  #fill(): void {
    const nowMs = this.#clock.now();
    const seconds = (nowMs - this.#filledMs) / 1000;
    if (seconds <= 0) return;
    this.#filledMs = nowMs;
    this.#tokens = Math.min(this.#options.burst, this.#tokens + seconds * this.#perSecond);
    this.#perSecond = Math.min(this.#options.perSecond, this.#perSecond + (seconds * this.#options.perSecond) / 20);
  }
}

export interface Limiter {
  readonly take: Context['limiter']['take'];
  readonly throttled: Context['limiter']['throttled'];
  readonly mayWrite?: () => boolean;
}

/**
 * One queue and bucket for each rate class (of one account: one limiter each). Higher priority first, else in order of asking. Whoever
 * waited while the gate was shut gets E_NOT_LEADER in place of a token, but for what only reads.
 */
export function createLimiter(
  clock: Clock,
  options: Partial<LimiterOptions> = {},
  rates: Rates = {},
  gate?: Pick<WriteGate, 'check' | 'open'>,
): Limiter {
  const buckets = new Map<string, Bucket>();
  const bucketOf = (rateClass: string): Bucket => {
    let bucket = buckets.get(rateClass);
    if (bucket === undefined) {
      bucket = new Bucket(clock, { ...standard, ...options, ...rates[rateClass] });
      buckets.set(rateClass, bucket);
    }
    return bucket;
  };
  return {
    async take(rateClass, priority, signal) {
      const bucket = bucketOf(rateClass);
      const guarded = rates[rateClass]?.reads === true ? undefined : gate;
      guarded?.check();
      await bucket.queue.add(() => bucket.take(signal), { priority, signal });
      guarded?.check();
    },
    throttled: (rateClass) => bucketOf(rateClass).throttled(),
    mayWrite: () => gate?.open !== false,
  };
}
