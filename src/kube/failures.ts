import type { KubeError } from './kube-error.ts';

/** Doubling from `firstMs` to `maxMs`. */
interface Pace {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** What is not allowed or not there changes by somebody's hand: soon after an installation, later seldom. */
const slow: Pace = { firstMs: 1_000, maxMs: 30_000 };
/** Tokens rotate. */
const unknown: Pace = { firstMs: 500, maxMs: 5_000 };
const starting: Pace = { firstMs: 250, maxMs: 500 };
const usual: Pace = { firstMs: 50, maxMs: 5_000 };
/** A server that has just gone comes back soon as a rule: for a while it is asked often. */
const hopefulMs = 10_000;
const hopefulMaxMs = 500;
const longestMs = 300_000;

/** Failures of one reader in a row: how long to wait before the next attempt. Those of another kind begin anew: an outage says nothing of rights. */
export class Failures {
  #pace: Pace | undefined;
  #count = 0;
  #sinceMs = 0;

  /** One more. Answers whether it is the first in a row, of whatever kind. */
  add(error: KubeError, nowMs: number): boolean {
    const pace = paceOf(error);
    const first = this.#pace === undefined;
    if (pace !== this.#pace) {
      this.#count = 0;
      this.#sinceMs = nowMs;
    }
    this.#pace = pace;
    this.#count++;
    return first;
  }

  end(): void {
    this.#pace = undefined;
    this.#count = 0;
  }

  /** Milliseconds, between half and the whole of a doubling time; never less than the server asks for. */
  delayMs(error: KubeError, nowMs: number, random: () => number): number {
    const { firstMs, maxMs } = paceOf(error);
    const capMs = error.code === 0 && nowMs - this.#sinceMs < hopefulMs ? hopefulMaxMs : maxMs;
    const wholeMs = Math.min(capMs, firstMs * 2 ** Math.min(this.#count - 1, 20));
    const jittered = wholeMs * (0.5 + random() / 2);
    return Math.min(longestMs, Math.max(jittered, error.retryAfterMs ?? 0));
  }
}

function paceOf(error: KubeError): Pace {
  if (error.starting) return starting;
  if (error.notFound || error.forbidden) return slow;
  return error.code === 401 ? unknown : usual;
}
