import { createHash } from 'node:crypto';
import type { KnownObject } from './known-object.ts';
import { conditionReason } from './status-intent.ts';

/** What is told about one object, for people who describe it. */
export interface Notice {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, or a code. */
  readonly reason: string;
  readonly note: string;
}

/** The object that a notice is about. */
export type About = Pick<KnownObject, 'apiVersion' | 'kind' | 'namespace' | 'name' | 'uid'>;

export interface Posting extends Notice {
  readonly about: About;
  /** Of the Event: the same for the same notice about the same object, over restarts too. */
  readonly name: string;
}

interface Told {
  readonly posting: Posting;
  readonly atMs: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Ten at once about one object, then one a minute. */
const perObject = { burst: 10, everyMs: 60_000 } as const;
const mostWaiting = 2_000;
const mostRemembered = 20_000;
/** The server forgets Events after an hour: what lasts is told again. */
const againMs = 1_800_000;
const noteLength = 1_024;

/** Which Events are to be posted: each once, as long as what it tells lasts; bounded for each object and in all. Time is an argument. */
export class EventBook {
  readonly #waiting = new Map<string, Posting>();
  /** Problems that are told and have not ended. */
  readonly #lasting = new Map<string, Told>();
  readonly #buckets = new Map<string, Bucket>();
  #dropped = 0;

  /** Notices that found no room. */
  get dropped(): number {
    return this.#dropped;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Once. */
  tell(about: About, notice: Notice, nowMs: number): void {
    this.#offer(posting(about, notice), nowMs);
  }

  /** What is wrong with which objects now. What was not before is told, what is no more is told to be solved. */
  lasting(now: Iterable<readonly [About, Notice]>, nowMs: number): void {
    const seen = new Set<string>();
    for (const [about, notice] of now) {
      const one = posting(about, notice);
      seen.add(one.name);
      const told = this.#lasting.get(one.name);
      if (told !== undefined && nowMs - told.atMs < againMs) continue;
      if (told === undefined && this.#lasting.size >= mostRemembered) this.#dropped++;
      else if (this.#offer(one, nowMs)) this.#lasting.set(one.name, { posting: one, atMs: nowMs });
    }
    for (const [name, { posting: ended }] of this.#lasting) {
      if (seen.has(name)) continue;
      this.#lasting.delete(name);
      // Nobody has read of it yet.
      if (this.#waiting.delete(name)) continue;
      const note = `solved: ${ended.note}`;
      this.#offer(posting(ended.about, { type: 'Normal', reason: 'Resolved', note }), nowMs);
    }
  }

  /** The next to be posted of the namespaces that may be posted to; it waits no longer. */
  take(may: (namespace: string) => boolean = () => true): Posting | undefined {
    for (const [name, found] of this.#waiting) {
      if (!may(found.about.namespace)) continue;
      this.#waiting.delete(name);
      return found;
    }
    return undefined;
  }

  /** Could not be posted: it waits on, before all others. */
  putBack(one: Posting): void {
    const others = [...this.#waiting];
    this.#waiting.clear();
    for (const [name, other] of [[one.name, one] as const, ...others]) this.#waiting.set(name, other);
  }

  /** Nothing can be posted there any more: the namespace is gone, or is going. */
  drop(namespace: string): void {
    for (const [name, { about }] of this.#waiting) if (about.namespace === namespace) this.#waiting.delete(name);
  }

  #offer(one: Posting, nowMs: number): boolean {
    if (this.#waiting.has(one.name)) return true;
    if (this.#waiting.size >= mostWaiting || !this.#takeToken(one.about.uid, nowMs)) {
      this.#dropped++;
      return false;
    }
    this.#waiting.set(one.name, one);
    return true;
  }

  #takeToken(uid: string, nowMs: number): boolean {
    const { burst, everyMs } = perObject;
    if (this.#buckets.size >= mostRemembered)
      for (const [key, { atMs }] of this.#buckets) if (nowMs - atMs > burst * everyMs) this.#buckets.delete(key);
    const bucket = this.#buckets.get(uid) ?? { tokens: burst, atMs: nowMs };
    bucket.tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.atMs) / everyMs);
    bucket.atMs = nowMs;
    this.#buckets.set(uid, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}

function posting({ apiVersion, kind, namespace, name, uid }: About, { type, reason, note }: Notice): Posting {
  const told = { type, reason: conditionReason(reason), note: cut(note) };
  const hash = createHash('sha256')
    .update(JSON.stringify([uid, told]))
    .digest('hex')
    .slice(0, 16);
  return { ...told, about: { apiVersion, kind, namespace, name, uid }, name: `${name.slice(0, 200)}.${hash}` };
}

function cut(note: string): string {
  if (Buffer.byteLength(note) <= noteLength) return note;
  return `${Buffer.from(note)
    .subarray(0, noteLength - 8)
    .toString()
    .toWellFormed()
    .replace(/\ufffd+$/, '')}...`;
}
