/** What the process is known to serve, kept true: read when a session begins and at every audit, followed by our own commits between. */
import { WeirError } from '../../src/model/index.ts';
import type { Committer } from './commit.ts';
import type { ConfigFiles } from './commit-files.ts';
import type { RetiringServers } from './commit-retire.ts';
import { diffLayouts } from './diff.ts';
import type { Layout, ServerLine } from './layout.ts';
import { restlessBackends, type ServerStates, statesOf, weightlessServers } from './observe-servers.ts';
import type { HaproxyProcess } from './process.ts';
import { type Reading, readAgainst, readUnknown } from './process-layout.ts';
import { readServers } from './process-read.ts';

export interface LiveParts {
  readonly files: ConfigFiles;
  readonly process: HaproxyProcess;
  readonly committer: Committer;
  readonly retiring: RetiringServers;
}

export interface LiveServers {
  readonly states: ServerStates;
  /** `backend/server` of those with weight 0 that still have connections. */
  readonly draining: ReadonlySet<string>;
}

/** More backends than this are read faster all together. */
const mostApart = 100;
const noServers: LiveServers = { states: new Map(), draining: new Set() };

export class LiveState {
  readonly #parts: LiveParts;
  #known: { readonly states: ServerStates; readonly workers: string } | undefined;
  /** Backends that commands have changed since they were read. */
  readonly #touched = new Set<string>();
  #intended: Layout | undefined;
  #proven = false;
  #found: readonly (readonly [string, ServerLine])[] = [];

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  /** What the process was last told to serve; undefined while none runs that was told. */
  get intended(): Layout | undefined {
    return this.#parts.process.processes === undefined ? undefined : this.#intended;
  }

  /** Nothing but servers differs from what was committed. */
  get proven(): boolean {
    return this.#proven && this.intended !== undefined;
  }

  /** Something could be better than it is: the next plan shall lead to a commit. */
  doubt(): void {
    this.#proven = false;
  }

  /** Nobody knows how far a commit came: the next look is at everything. */
  forget(): void {
    this.#known = undefined;
  }

  /** A commit went through. */
  committed(): void {
    const before = new Set(this.#intended?.sections);
    this.#intended = this.#parts.committer.running;
    for (const section of this.#intended?.sections ?? []) {
      if (section.servers !== undefined && !before.has(section))
        this.#touched.add(section.head.slice('backend '.length));
    }
    this.#proven = true;
  }

  /** Servers found in maintenance that no file knows: whoever holds the lock deletes them. */
  takeFound(): void {
    for (const [backend, server] of this.#found) this.#parts.retiring.add(backend, server);
    this.#found = [];
  }

  /** Looks for a process and reads all of it. `sameFiles`: the files are those of the last commit. */
  async learn(sameFiles: boolean): Promise<void> {
    const { files, process, committer } = this.#parts;
    await files.load();
    const reading =
      (await process.find()) === undefined ? undefined : await unlessSilent(readUnknown(files, process.runtime));
    this.#accept(reading);
    this.#proven &&= sameFiles;
    committer.adopt(reading?.layout);
  }

  /** Compares all of the process with what it was told. Answers what was found to differ, in words. */
  async audit(): Promise<string | undefined> {
    const { files, process, committer } = this.#parts;
    const base = this.intended;
    if ((await process.find()) === undefined || base === undefined) return undefined;
    const changedFile = await files.changedOnDisk();
    const reading = await unlessSilent(readAgainst(base, files, process.runtime));
    const wasProven = this.#proven;
    this.#accept(reading);
    this.#proven &&= wasProven && changedFile === undefined;
    if (reading === undefined) {
      committer.adopt(undefined);
      return 'the process runs another configuration';
    }
    const { steps } = diffLayouts(reading.layout, base);
    if (steps.length > 0 || !this.#proven) committer.adopt(reading.layout);
    if (changedFile !== undefined) return `${changedFile} was changed by someone else`;
    const [first] = steps;
    return first === undefined ? undefined : `${steps.length} differences in the process, the first to ${first.do}`;
  }

  #accept(reading: Reading | undefined): void {
    this.#intended = reading?.intended;
    this.#proven = reading !== undefined && onlyServers(reading);
    this.#found = (reading?.retiring ?? []).filter(
      ([backend, { name }]) => this.#parts.retiring.get(backend, name) === undefined,
    );
  }

  /**
   * How the servers are. `touched`: asks only about what our own commands changed since the last reading, and what is about to change by
   * itself; the rest is as it was read last, which the watch does all the time.
   */
  async servers(scope: 'all' | 'touched'): Promise<LiveServers> {
    const { committer } = this.#parts;
    const layout = this.intended;
    if (layout === undefined) return noServers;
    const states = await unlessSilent(scope === 'touched' ? this.#readTouched() : this.#readAll());
    if (states !== undefined) return { states, draining: await this.#draining(layout) };
    // A process that cannot be asked is not proved to serve anything: the next commit loads it anew.
    this.#proven = false;
    this.#intended = undefined;
    committer.adopt(undefined);
    return noServers;
  }

  async #readAll(): Promise<ServerStates> {
    const states = statesOf(await readServers(this.#parts.process.runtime), this.#known?.states);
    this.#known = { states, workers: this.#workers() };
    this.#touched.clear();
    return states;
  }

  async #readTouched(): Promise<ServerStates> {
    const known = this.#known;
    // Another worker has checked nothing yet.
    if (known === undefined || known.workers !== this.#workers()) return this.#readAll();
    const backends = [...new Set([...this.#touched, ...restlessBackends(known.states)])];
    if (backends.length > mostApart) return this.#readAll();
    if (backends.length === 0) return known.states;
    const states = new Map(known.states);
    const read = statesOf(await readServers(this.#parts.process.runtime, backends), states);
    for (const backend of backends) states.set(backend, read.get(backend) ?? []);
    this.#known = { ...known, states };
    this.#touched.clear();
    return states;
  }

  #workers(): string {
    return this.#parts.process.processes?.workers.join(' ') ?? '';
  }

  async #draining(layout: Layout): Promise<ReadonlySet<string>> {
    const weightless = new Map<string, ReadonlySet<string>>();
    for (const section of layout.sections) {
      const names = weightlessServers(section);
      if (names.size > 0) weightless.set(section.head.slice('backend '.length), names);
    }
    const draining = new Set<string>();
    // 4: servers; columns 1, 2 and 5 are proxy, server and current sessions in every version.
    const answers = await this.#parts.process.runtime.run(
      [...weightless.keys()].map((backend) => ({ line: `show stat ${backend} 4 -1` })),
    );
    for (const line of answers.flatMap((answer) => answer.split('\n'))) {
      const [backend = '', server = '', , , sessions = '0'] = line.split(',', 5);
      if (!line.startsWith('#') && Number(sessions) > 0 && weightless.get(backend)?.has(server) === true)
        draining.add(`${backend}/${server}`);
    }
    return draining;
  }
}

/** Undefined when HAProxy does not answer on its runtime socket. */
async function unlessSilent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof WeirError && error.code === 'E_HAPROXY_SOCKET') return undefined;
    throw error;
  }
}

function onlyServers({ layout, intended }: Reading): boolean {
  const { reload, steps } = diffLayouts(layout, intended);
  const others = reload.filter((reason) => reason !== 'server');
  return (
    others.length === 0 &&
    steps.every((step) => step.do === 'add server' || step.do === 'remove server' || step.do === 'set weight')
  );
}
