import {
  type Beside,
  type Cluster,
  type KubeError,
  type KubeObject,
  type Reflector,
  type ReflectorState,
  resourcePath,
  toKubeError,
} from '../../kube/index.ts';
import type { Json, LocatedObject } from '../../model/index.ts';
import { type LiveKind, projectObject } from './live-kinds.ts';
import type { LivingObjects } from './living-objects.ts';

/** One kind in one namespace, or in all: read by one list and one watch. */
export interface PartPlace {
  readonly kind: LiveKind;
  readonly namespace?: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** How far a part is known. */
export type PartPhase = 'reading' | 'known' | 'absent' | 'forbidden' | 'failing';

export interface PartContext {
  readonly living: Pick<LivingObjects<string>, 'prepare' | 'put' | 'delete'>;
  readonly cluster: Cluster;
  readonly signal: AbortSignal;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** The apiVersion that the server has a kind in; undefined: in none that is read. Rejects when it cannot be asked. */
  readonly versionOf: (kind: LiveKind) => Promise<string | undefined>;
  /** Something was put or deleted. */
  readonly changed: (cause: string) => void;
  /** The phase may be another one. */
  readonly stateChanged: () => void;
  /** Who works beside the source on the same objects. */
  readonly beside?: Pick<Beside, 'seen' | 'gone'>;
}

/** An object on its way from the wire to the readers: it is let go when they have it. */
interface Parcel {
  readonly located?: LocatedObject;
  /** Hands it to who works beside, too. */
  readonly seen?: (() => void) | undefined;
}

/** What is left of a parcel. */
const handedOver: Parcel = {};

const askAgainMs = 30_000;

/** Keeps `living` as one part of the cluster is. What was read stays while the part cannot be read. */
export class LivePart {
  readonly place: PartPlace;
  /** What an earlier session knew, and this one has not seen yet. */
  readonly #left = new Set<string>();
  #context: PartContext | undefined;
  #reflector: Reflector<Parcel> | undefined;
  #state: ReflectorState | undefined;
  #wake: (() => void) | undefined;
  #error: KubeError | undefined;
  /** In full, since it is followed. */
  #listed = false;
  #everKnown = false;
  #lists = 0;
  #watches = 0;

  constructor(place: PartPlace) {
    this.place = place;
  }

  /** `Services`, `Services in shop`. */
  get name(): string {
    const { kind, namespace } = this.place;
    return namespace === undefined ? kind.plural : `${kind.plural} in ${namespace}`;
  }

  get phase(): PartPhase {
    if (this.#error !== undefined) return 'failing';
    const phase = this.#state?.phase;
    if (phase === 'absent' || phase === 'forbidden' || phase === 'failing') return phase;
    return this.#listed ? 'known' : 'reading';
  }

  /** It was read in full at least once since weir was started. */
  get everKnown(): boolean {
    return this.#everKnown;
  }

  get error(): KubeError | undefined {
    return this.#error ?? this.#state?.error;
  }

  /** Since when it has not been up to date, on the monotonic clock. */
  get staleSinceMs(): number | undefined {
    return this.#state?.staleSinceMs;
  }

  get counts(): { readonly lists: number; readonly watches: number; readonly lastEventMs?: number } {
    const { lists = 0, watches = 0, lastEventMs } = this.#state ?? {};
    const last = lastEventMs === undefined ? {} : { lastEventMs };
    return { lists: this.#lists + lists, watches: this.#watches + watches, ...last };
  }

  /** Lets go of everything that was read of it. */
  forget(): void {
    for (const key of [...this.#left, ...(this.#reflector?.keys() ?? [])]) this.#delete(key);
  }

  /** Follows the part until the signal aborts. */
  async follow(context: PartContext): Promise<void> {
    this.#context = context;
    this.#listed = false;
    const { signal, sleep, cluster, versionOf } = context;
    let delayMs = 200;
    try {
      for (let version: string | undefined; !signal.aborted; ) {
        let begun = false;
        try {
          const chosen = await versionOf(this.place.kind);
          if (signal.aborted) return;
          this.#error = undefined;
          delayMs = 200;
          if (this.#reflector === undefined || (chosen !== undefined && chosen !== version)) {
            version = chosen ?? this.place.kind.versions[0] ?? 'v1';
            begun = chosen !== undefined;
            this.#begin(version, cluster);
          }
          await this.#untilAbsent(signal);
        } catch (error) {
          if (signal.aborted) return;
          this.#error = toKubeError(error, 'BadAnswer', `discovery of ${this.place.kind.plural}`);
          context.stateChanged();
          await sleep(delayMs, signal);
          delayMs = Math.min(delayMs * 2, 2000);
          continue;
        }
        // What was there and is not may be there in another version by now: the server is a newer one.
        if (!begun) await sleep(askAgainMs, signal);
      }
    } finally {
      await this.#end();
    }
  }

  #begin(apiVersion: string, cluster: Cluster): void {
    void this.#end();
    const { kind, namespace, query } = this.place;
    let fresh = true;
    const reflector = cluster.reflect<Parcel>({
      path: resourcePath({ apiVersion, resource: kind.resource, namespace }),
      ...(query === undefined ? {} : { query }),
      project: (object, _, managedFields) => this.#receive(object, apiVersion, managedFields),
      left: handedOver,
      onChange: (change) => {
        if (change.type === 'delete') this.#delete(change.key);
        else this.#put(change.key, change.object);
      },
      onListed: () => {
        // What an earlier session knew and this one does not find.
        if (fresh) for (const key of [...this.#left]) this.#delete(key);
        fresh = false;
        this.#listed = true;
        this.#everKnown = true;
        this.#context?.stateChanged();
      },
      onState: (state) => {
        this.#state = state;
        if (state.phase === 'absent') this.#wake?.();
        this.#context?.stateChanged();
      },
    });
    this.#reflector = reflector;
    reflector.start();
  }

  async #end(): Promise<void> {
    const { lists = 0, watches = 0 } = this.#state ?? {};
    this.#lists += lists;
    this.#watches += watches;
    const reflector = this.#reflector;
    for (const key of reflector?.keys() ?? []) this.#left.add(key);
    this.#reflector = undefined;
    this.#state = undefined;
    await reflector?.stop();
  }

  /** The server may have the kind in another version then. */
  async #untilAbsent(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#state?.phase === 'absent') return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#wake = undefined;
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #receive(object: KubeObject, apiVersion: string, managedFields: Json | undefined): Parcel {
    const located: LocatedObject = {
      object: projectObject(object, this.place.kind.kind, apiVersion),
      file: '',
      document: 1,
      line: 1,
    };
    this.#context?.living.prepare(located);
    const { kind, resource } = this.place.kind;
    return { located, seen: this.#context?.beside?.seen(object, { kind, resource, apiVersion }, managedFields) };
  }

  #put(key: string, parcel: Parcel): void {
    const { located, seen } = parcel;
    if (located === undefined) return;
    seen?.();
    this.#left.delete(key);
    this.#context?.living.put(key, located, this.place.kind.kind);
    this.#context?.changed(`${this.place.kind.kind} ${key.replace(/^\//, '')}`);
  }

  #delete(key: string): void {
    this.#left.delete(key);
    this.#context?.living.delete(key, this.place.kind.kind);
    this.#context?.beside?.gone(this.place.kind.kind, key);
    this.#context?.changed(`${this.place.kind.kind} ${key.replace(/^\//, '')} is gone`);
  }
}
