import type { Drop } from './protocol/seal.ts';

/** Why a datagram was not taken. twin: its machine has the name of another one that is there. */
export type Refusal = Drop | 'twin';

export interface IntakeParts {
  readonly now: () => number;
  /** Whether a peer is configured at this address. */
  readonly known: (address: string) => boolean;
  readonly tell: (why: Refusal, from: string, count: number) => void;
}

/** What one address may make this node compute, in datagrams of an Ethernet frame each second, and in one go: far more than any peer sends. */
const peerRate = { perSecond: 4000, atOnce: 2000 };
/** Those that have not shown yet that they have the secret: each, and all of them together. */
const strangerRate = { perSecond: 20, atOnce: 20 };
const strangersRate = { perSecond: 200, atOnce: 100 };
const mostAddresses = 256;
const tellMs = 60_000;
const frameBytes = 1500;

interface Bucket {
  left: number;
  at: number;
}

/** The door for datagrams: bounds what floods make a node compute before it knows who sent them, and tells once a minute what was not taken. */
export class Intake {
  readonly #parts: IntakeParts;
  readonly #buckets = new Map<string, Bucket>();
  readonly #strangers: Bucket = { left: strangersRate.atOnce, at: 0 };
  /** Addresses from which something authentic came; a peer may send from another one than it listens at. */
  readonly #proved = new Set<string>();
  readonly #dropped = new Map<
    string,
    { readonly why: Refusal; readonly from: string; count: number; toldAt: number }
  >();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Whether the code over so many bytes may be computed for this address now. */
  admits(from: string, bytes: number): boolean {
    const now = this.#parts.now();
    const cost = Math.ceil(bytes / frameBytes);
    const known = this.#proved.has(from) || this.#parts.known(from);
    const bucket = this.#bucket(from, known, now);
    if (!pour(bucket, known ? peerRate : strangerRate, cost, now)) return false;
    return known || pour(this.#strangers, strangersRate, cost, now);
  }

  proved(from: string): void {
    if (this.#proved.has(from)) return;
    if (this.#proved.size >= mostAddresses) this.#proved.clear();
    this.#proved.add(from);
  }

  /** The first one is told at once, those after it together once a minute. */
  dropped(why: Refusal, from: string): void {
    const now = this.#parts.now();
    const key = `${why} ${from}`;
    const known = this.#dropped.get(key);
    if (known === undefined && this.#dropped.size >= mostAddresses) this.#forget(now);
    const entry = known ?? { why, from, count: 0, toldAt: Number.NEGATIVE_INFINITY };
    if (known !== undefined || this.#dropped.size < mostAddresses) this.#dropped.set(key, entry);
    else return;
    entry.count += 1;
    if (now - entry.toldAt < tellMs) return;
    this.#parts.tell(why, from, entry.count);
    [entry.toldAt, entry.count] = [now, 0];
  }

  #bucket(from: string, known: boolean, now: number): Bucket {
    const found = this.#buckets.get(from);
    if (found !== undefined) return found;
    if (this.#buckets.size >= mostAddresses) this.#buckets.clear();
    const bucket = { left: (known ? peerRate : strangerRate).atOnce, at: now };
    this.#buckets.set(from, bucket);
    return bucket;
  }

  #forget(now: number): void {
    for (const [key, { toldAt }] of this.#dropped) if (now - toldAt >= tellMs) this.#dropped.delete(key);
  }
}

function pour(bucket: Bucket, rate: typeof peerRate, cost: number, now: number): boolean {
  bucket.left = Math.min(rate.atOnce, bucket.left + ((now - bucket.at) * rate.perSecond) / 1000);
  bucket.at = now;
  if (bucket.left < cost) return false;
  bucket.left -= cost;
  return true;
}
