import { type Cluster, type JsonObject, KubeError, resourcePath, toKubeError } from '../kube/index.ts';
import type { Context } from '../model/index.ts';
import { type KnownObject, recordOf, textOf } from './known-object.ts';
import type { Intent } from './status-intent.ts';
import { Wake } from './wake.ts';
import { isAdmission, isUndeclared } from './write-trouble.ts';

export interface WriteQueueOptions {
  readonly cluster: Pick<Cluster, 'patch'>;
  readonly manager: string;
  readonly clock: Context['clock'];
  readonly random: () => number;
  /** Asked right before each call: only who leads writes. */
  readonly mayWrite: () => boolean;
  /** What has to be written by this key now; undefined: nothing any more. */
  readonly next: (key: string) => { readonly object: Addressed; readonly intent: Intent } | undefined;
  /** The object as the server has it after the write. */
  readonly answered: (key: string, answer: JsonObject) => void;
  /** A write that may not be, that the server takes for wrong, or that does not last; undefined: it has come to pass since. */
  readonly refused: (what: Refused, error: KubeError | undefined) => void;
  /** Each try and what came of it; undefined: it is written. */
  readonly tried?: (what: Refused, error: KubeError | undefined) => void;
}

/** Where an object is, and in which version it is known. */
export type Addressed = Pick<KnownObject, 'apiVersion' | 'resource' | 'namespace' | 'name' | 'resourceVersion'> & {
  readonly deleting?: boolean;
};

/** What cannot be written. `object` alone where it is not a matter of rights. */
export interface Refused {
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace: string;
  readonly object?: string;
  /** The command that lets an object go that is held by nothing but this right. */
  readonly byHand?: string;
}

interface Entry {
  atMs: number;
  failures: number;
  /** It was not there: until then no look marks it. */
  sparedUntilMs: number;
  /** Somebody else was first: the next version is worth a try at once. */
  conflict: boolean;
  /** The same was written before: again and again it would be a quarrel. */
  sent: Sent | undefined;
  /** It is told that somebody else writes otherwise. */
  quarrel: Refused | undefined;
  /** It is told that this very object cannot be written. */
  told: Refused | undefined;
  busy: boolean;
}

interface Sent {
  readonly means: string;
  readonly version: string;
  readonly times: number;
  readonly atMs: number;
}

const atOnce = 4;
const followerLooksMs = 500;
const callMs = 15_000;
const deniedMs = 30_000;
const wrongMs = 60_000;
const admissionMs = { first: 1_000, most: 60_000 } as const;
const longestQuarrelMs = 300_000;
const forgetAfter = 50_000;
const alone: Pick<Entry, 'sent' | 'quarrel' | 'told' | 'sparedUntilMs'> = {
  ...{ sent: undefined, quarrel: undefined, told: undefined },
  sparedUntilMs: Number.NEGATIVE_INFINITY,
};
const quarrelText =
  'each time it was, somebody else has written otherwise, most likely another weir of the same class: give each installation a class and a controller of its own';

/**
 * Writes as state: one entry for each thing that may have to be written, and what is written is computed when its turn comes. So what was
 * wanted in between is never sent, and however long the server is away no more waits than there are objects.
 */
export class WriteQueue {
  readonly #options: WriteQueueOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #wake: Wake;
  /** Resource, subresource and namespace → why not, and when to look whether it is allowed by now. */
  readonly #denied = new Map<string, { readonly error: KubeError; readonly untilMs: number }>();
  #running = 0;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #outages = 0;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
    this.#wake = new Wake(options.clock);
  }

  /** Something may have to be written by this key. */
  mark(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#entries.set(key, { atMs: this.#now(), failures: 0, conflict: false, ...alone, busy: false });
      this.#wake.now();
    } else if (entry.conflict || (entry.atMs === Number.POSITIVE_INFINITY && entry.sparedUntilMs <= this.#now())) {
      entry.atMs = this.#now();
      this.#wake.now();
    }
  }

  /** The object is no more. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    if (entry?.quarrel !== undefined) this.#options.refused(entry.quarrel, undefined);
    if (entry !== undefined) this.#untell(entry);
  }

  /** Entries that have something to do, now or later. */
  get waiting(): number {
    return [...this.#entries.values()].filter(({ atMs }) => atMs < Number.POSITIVE_INFINITY).length;
  }

  /** Something outside decides anew: who leads, that the end is near. */
  hurry(): void {
    this.#wake.now();
  }

  /** Writes until the signal aborts; calls under way are finished first. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const nextMs = this.#options.mayWrite() ? this.#startDue() : this.#now() + followerLooksMs;
      await this.#wake.until(nextMs, signal);
    }
    while (this.#running > 0) await this.#wake.until(this.#now() + callMs);
  }

  /** Starts what is due, as far as there is room; answers when the next will be. */
  #startDue(): number {
    if (this.#entries.size > forgetAfter) this.#forgetDone();
    const nowMs = this.#now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [key, entry] of this.#entries) {
      // Who ends wakes: what finds no room need not be waited for by the clock.
      if (this.#running >= atOnce) return Number.POSITIVE_INFINITY;
      if (entry.busy || entry.atMs === Number.POSITIVE_INFINITY) continue;
      const atMs = Math.max(entry.atMs, this.#pausedUntilMs);
      if (atMs <= nowMs) void this.#work(key, entry);
      // What was put off has a time by now; who is being written wakes at the end.
      nextMs = Math.min(nextMs, entry.busy ? Number.POSITIVE_INFINITY : Math.max(entry.atMs, this.#pausedUntilMs));
    }
    return nextMs;
  }

  async #work(key: string, entry: Entry): Promise<void> {
    entry.busy = true;
    entry.atMs = Number.POSITIVE_INFINITY;
    const due = this.#options.next(key);
    if (due === undefined) this.#endQuarrel(entry);
    else if (!this.#quarrels(entry, due.object, due.intent)) {
      this.#running++;
      await this.#send(key, entry, due.object, due.intent);
      this.#running--;
      this.#wake.now();
    }
    entry.busy = false;
  }

  async #send(key: string, entry: Entry, object: Addressed, intent: Intent): Promise<void> {
    const { cluster, manager, answered, refused } = this.#options;
    const { apiVersion, resource, namespace, name } = object;
    const right = rightOf(object, intent);
    const denied = this.#denied.get(JSON.stringify(right));
    if (denied !== undefined && denied.untilMs > this.#now()) return this.#deny(entry, object, intent, denied);
    const { subresource } = intent;
    try {
      const answer = await cluster.patch(
        resourcePath({ apiVersion, resource, namespace, name, subresource }),
        intent.body,
        {
          type: intent.type,
          fieldManager: manager,
          ...(intent.type === 'apply' ? { force: true } : {}),
          signal: AbortSignal.timeout(callMs),
        },
      );
      this.#options.tried?.(right, undefined);
      this.#outages = 0;
      if (this.#denied.delete(JSON.stringify(right))) refused(right, undefined);
      this.#untell(entry);
      entry.failures = 0;
      entry.conflict = false;
      const means = meaning(intent);
      const times = entry.sent?.means === means ? entry.sent.times + 1 : 1;
      entry.sent = { means, version: textOf(recordOf(answer.metadata).resourceVersion), times, atMs: this.#now() };
      answered(key, answer);
      // Something else may be wanted by now.
      entry.atMs = this.#now();
    } catch (cause) {
      this.#failed(toKubeError(cause, 'BadAnswer', `${resource} ${name}`), { entry, object, intent });
    }
  }

  #failed(error: KubeError, { entry, object, intent }: { entry: Entry; object: Addressed; intent: Intent }): void {
    const { random, tried } = this.#options;
    const right = rightOf(object, intent);
    const one = { ...right, object: object.name };
    tried?.(right, error);
    entry.failures++;
    entry.conflict = error.conflict;
    if (error.notFound) {
      // Gone, which a watch tells soon; or there is no such subresource, and no sense in asking with every look.
      entry.sparedUntilMs = this.#now() + wrongMs;
      this.#untell(entry);
    } else if (error.conflict) {
      entry.atMs = this.#now() + Math.min(30_000, 100 * 2 ** Math.min(entry.failures, 10)) * (0.5 + random() / 2);
    } else if (isAdmission(error)) {
      const { first, most } = admissionMs;
      entry.atMs = this.#now() + Math.min(most, first * 2 ** Math.min(entry.failures - 1, 10)) * (0.5 + random() / 2);
      this.#tell(entry, one, error);
    } else if (error.forbidden) {
      const denied = { error, untilMs: this.#now() + deniedMs };
      this.#denied.set(JSON.stringify(right), denied);
      this.#deny(entry, object, intent, denied);
    } else if (
      isUndeclared(error) ||
      (error.code >= 400 && error.code < 500 && error.code !== 401 && error.code !== 429)
    ) {
      entry.atMs = this.#now() + wrongMs;
      this.#tell(entry, one, error);
    } else {
      // However long the server was away: it is back.
      this.#outages = error.starting ? 0 : this.#outages + 1;
      const waitMs = Math.min(30_000, 250 * 2 ** Math.min(Math.max(this.#outages - 1, 0), 10)) * (0.5 + random() / 2);
      this.#pausedUntilMs = this.#now() + Math.max(waitMs, error.retryAfterMs ?? 0);
      entry.atMs = this.#pausedUntilMs;
    }
  }

  /** The namespace of an object that goes away may go with it, and its rights first: only what holds the object is told then. */
  #deny(
    entry: Entry,
    object: Addressed,
    intent: Intent,
    { error, untilMs }: { readonly error: KubeError; readonly untilMs: number },
  ): void {
    const right = rightOf(object, intent);
    const { byHand } = intent;
    entry.atMs = untilMs;
    if (byHand !== undefined) this.#tell(entry, { ...right, object: object.name, byHand }, error);
    else if (object.deleting !== true) this.#options.refused(right, error);
  }

  #tell(entry: Entry, what: Refused, error: KubeError): void {
    entry.told = what;
    this.#options.refused(what, error);
  }

  #untell(entry: Entry): void {
    if (entry.told !== undefined) this.#options.refused(entry.told, undefined);
    entry.told = undefined;
  }

  /** The same again: the server leaves out what it does not know, or somebody else writes otherwise. Then later, and ever later. */
  #quarrels(entry: Entry, object: Addressed, intent: Intent): boolean {
    const { sent } = entry;
    if (sent === undefined || sent.means !== meaning(intent)) {
      entry.sent = undefined;
      return false;
    }
    // Nobody has touched it since: this is what the server makes of it.
    if (sent.version === object.resourceVersion) return true;
    const freeMs = freeAtMs(sent);
    if (sent.times < 3 || this.#now() >= freeMs) return false;
    entry.atMs = freeMs;
    if (entry.quarrel === undefined) {
      entry.quarrel = { ...rightOf(object, intent), object: object.name };
      this.#options.refused(entry.quarrel, new KubeError(409, 'Conflict', quarrelText));
    }
    return true;
  }

  /** What is wanted is there. It is told so when it has been left alone for as long as was waited between two writes. */
  #endQuarrel(entry: Entry): void {
    const { quarrel, sent } = entry;
    if (quarrel === undefined) return;
    const quietMs = sent === undefined ? this.#now() : freeAtMs(sent);
    if (this.#now() < quietMs) {
      entry.atMs = quietMs;
      return;
    }
    entry.quarrel = undefined;
    this.#options.refused(quarrel, undefined);
  }

  #forgetDone(): void {
    for (const [key, { atMs, busy }] of this.#entries)
      if (!busy && atMs === Number.POSITIVE_INFINITY) this.#entries.delete(key);
  }

  #now(): number {
    return this.#options.clock.now();
  }
}

function freeAtMs({ atMs, times }: Sent): number {
  return atMs + Math.min(longestQuarrelMs, 1_000 * 2 ** Math.min(times, 10));
}

function rightOf({ resource, namespace }: Addressed, { subresource }: Intent): Refused {
  return { resource, ...(subresource === undefined ? {} : { subresource }), namespace };
}

/** What a write says, without what differs each time. */
function meaning({ body }: Intent): string {
  return JSON.stringify(body, (name, value: unknown) =>
    name === 'lastTransitionTime' || name === 'resourceVersion' ? undefined : value,
  );
}
