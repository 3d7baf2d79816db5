import type { CallClass } from './action.ts';

export interface Bucket {
  readonly tokens: number;
  readonly perSecond: number;
}

/** Token buckets of one account and Region, by service and class of call; a class that is not named is not limited. */
export type BucketSizes = Readonly<Record<string, Partial<Readonly<Record<CallClass, Bucket>>>>>;

/**
 * Reads: AWS's documented example. Writes and registrations: numbers of the same order that the peer's own limits aim at
 * (AWS names none).
 */
export const documentedBuckets: BucketSizes = {
  elasticloadbalancing: {
    read: { tokens: 40, perSecond: 10 },
    write: { tokens: 20, perSecond: 3 },
    targets: { tokens: 20, perSecond: 4 },
  },
  ec2: { read: { tokens: 100, perSecond: 20 }, write: { tokens: 50, perSecond: 5 } },
};

/** Takes tokens; time is passed in. */
export class Buckets {
  readonly #sizes: BucketSizes;
  readonly #levels = new Map<string, { tokens: number; atMs: number }>();

  constructor(sizes: BucketSizes) {
    this.#sizes = sizes;
  }

  /** False: the bucket is empty, the call is throttled. */
  take(service: string, callClass: CallClass, nowMs: number): boolean {
    const size = this.#sizes[service]?.[callClass];
    if (size === undefined) return true;
    const key = `${service} ${callClass}`;
    const level = this.#levels.get(key) ?? { tokens: size.tokens, atMs: nowMs };
    const tokens = Math.min(size.tokens, level.tokens + ((nowMs - level.atMs) / 1000) * size.perSecond);
    const taken = tokens >= 1;
    this.#levels.set(key, { tokens: taken ? tokens - 1 : tokens, atMs: nowMs });
    return taken;
  }
}
