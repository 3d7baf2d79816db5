import { type Cluster, type JsonObject, KubeError, resourcePath, toKubeError } from '../../kube/index.ts';
import type { Json } from '../../model/index.ts';
import { type LiveKind, projectObject } from './live-kinds.ts';
import { LivePart, type PartContext } from './live-part.ts';

/** Watches at a time: each is a stream of the one session, of which servers let through a hundred. */
const watchesAtMost = 32;
/** The others are read one after the other, each this often unless there are too many for it. */
const pollMs = 30_000;
const pollGapMs = 50;
/** There is nothing to read now and then. */
const idleMs = 1000;

const kind: LiveKind = { kind: 'Secret', plural: 'Secrets', resource: 'secrets', versions: ['v1'] };

/** A Secret that a service names. */
interface Followed {
  readonly end: AbortController;
  readonly part?: LivePart;
  /** Of one that is read now and then. */
  version?: string;
  read?: boolean;
  error?: KubeError;
}

/** Secrets by name and no others: the first ones watched, what is beyond a bound read now and then. */
export class LiveSecrets {
  readonly #context: PartContext;
  readonly #cluster: Pick<Cluster, 'get'>;
  readonly #followed = new Map<string, Followed>();
  readonly #waiting = new Set<() => void>();
  readonly #work = new Set<Promise<void>>();

  constructor(context: PartContext) {
    this.#context = context;
    this.#cluster = context.cluster;
  }

  /** From now on these (`namespace/name`) are followed. */
  want(names: ReadonlySet<string>): void {
    for (const [name, followed] of this.#followed) if (!names.has(name)) this.#release(name, followed);
    let watches = [...this.#followed.values()].filter(({ part }) => part !== undefined).length;
    for (const name of names) {
      const before = this.#followed.get(name);
      if (before?.part !== undefined || (before !== undefined && watches >= watchesAtMost)) continue;
      before?.end.abort();
      this.#followed.set(name, watches++ < watchesAtMost ? this.#watch(name) : this.#begin(name));
    }
  }

  /** Not read even once, and nothing says why. */
  get pending(): boolean {
    return [...this.#followed.values()].some((one) =>
      one.part === undefined ? one.read !== true && one.error === undefined : one.part.phase === 'reading',
    );
  }

  /** Those that cannot be read, with the reason. */
  *unreadable(): Generator<readonly [name: string, error: KubeError | undefined]> {
    for (const [name, { part, error }] of this.#followed) {
      if (part === undefined ? error !== undefined : part.phase === 'forbidden' || part.phase === 'failing')
        yield [name, part?.error ?? error];
    }
  }

  /** Until none is pending, at most so long. */
  async settled(ms: number, signal: AbortSignal): Promise<void> {
    const end = AbortSignal.any([signal, this.#context.signal]);
    const due = new AbortController();
    const timer = this.#context.sleep(ms, AbortSignal.any([end, due.signal])).then(() => 'due' as const);
    try {
      while (this.pending && !end.aborted) {
        const told = new Promise<'told'>((resolve) => this.#waiting.add(() => resolve('told')));
        if ((await Promise.race([timer, told])) === 'due') return;
      }
    } finally {
      due.abort();
      this.#waiting.clear();
    }
  }

  /** Reads those without a watch, one after the other, until the signal aborts; all have ended then. */
  async run(): Promise<void> {
    const { signal, sleep } = this.#context;
    while (!signal.aborted) {
      const polled = [...this.#followed].filter(([, { part }]) => part === undefined);
      const gapMs = Math.max(pollGapMs, pollMs / Math.max(1, polled.length));
      if (polled.length === 0) await sleep(idleMs, signal);
      for (const [name, followed] of polled) {
        await sleep(gapMs, signal);
        if (!signal.aborted && this.#followed.get(name) === followed) await this.#look(name, followed);
      }
    }
    for (const [name, followed] of this.#followed) this.#release(name, followed);
    await Promise.all(this.#work);
  }

  #watch(name: string): Followed {
    const [namespace = '', own = ''] = name.split('/');
    const part = new LivePart({ kind, namespace, query: { fieldSelector: `metadata.name=${own}` } });
    const end = new AbortController();
    const signal = AbortSignal.any([this.#context.signal, end.signal]);
    const stateChanged = () => {
      this.#tell();
      this.#context.stateChanged();
    };
    this.#keep(part.follow({ ...this.#context, signal, stateChanged }));
    return { end, part };
  }

  #begin(name: string): Followed {
    const followed: Followed = { end: new AbortController() };
    this.#keep(this.#look(name, followed));
    return followed;
  }

  #keep(work: Promise<void>): void {
    const kept = work.finally(() => this.#work.delete(kept));
    this.#work.add(kept);
  }

  async #look(name: string, followed: Followed): Promise<void> {
    const { living, changed, stateChanged } = this.#context;
    const signal = AbortSignal.any([this.#context.signal, followed.end.signal]);
    const [namespace = '', own = ''] = name.split('/');
    const failed = followed.error !== undefined;
    try {
      const object = await this.#cluster.get(
        resourcePath({ apiVersion: 'v1', resource: 'secrets', namespace, name: own }),
        signal,
      );
      if (signal.aborted) return;
      const { metadata, ...rest } = object;
      if (!isObject(metadata)) throw new KubeError(0, 'BadAnswer', `Secret ${name}: the answer has no metadata`);
      delete followed.error;
      followed.read = true;
      const version = String(metadata.resourceVersion);
      if (version === followed.version) return;
      followed.version = version;
      const named = { ...rest, metadata: { ...metadata, name: own } };
      const read = { object: projectObject(named, kind.kind, 'v1'), file: '', document: 1, line: 1 };
      living.put(name, read, kind.kind);
      changed(`Secret ${name}`);
    } catch (error) {
      if (signal.aborted) return;
      followed.read = true;
      if (error instanceof KubeError && error.notFound) {
        delete followed.error;
        if (followed.version !== undefined) changed(`Secret ${name} is gone`);
        delete followed.version;
        living.delete(name, kind.kind);
      } else followed.error = toKubeError(error, 'BadAnswer', `Secret ${name}`);
    } finally {
      this.#tell();
      if (failed !== (followed.error !== undefined)) stateChanged();
    }
  }

  #release(name: string, { end, part }: Followed): void {
    end.abort();
    this.#followed.delete(name);
    part?.forget();
    this.#context.living.delete(name, kind.kind);
  }

  #tell(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const told of waiting) told();
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
