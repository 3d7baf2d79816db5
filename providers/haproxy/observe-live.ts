/** What the process is known to serve, kept true: read when a session begins and at every audit, followed by our own commits between. */
import { type Context, WeirError } from '../../src/model/index.ts';
import { changedSpan, Remade } from '../../src/model/remade.ts';
import { turn } from '../../src/model/turns.ts';
import type { Committer } from './commit.ts';
import { type ConfigFiles, shapeOf } from './commit-files.ts';
import type { RetiringServers } from './commit-retire.ts';
import { diffLayouts } from './diff.ts';
import type { Layout, Section, ServerLine } from './layout.ts';
import {
  restlessBackends,
  type ServerStates,
  statesOf,
  type WeightlessServers,
  weightlessServers,
} from './observe-servers.ts';
import type { HaproxyProcess } from './process.ts';
import { type Reading, readAgainst, readUnknown } from './process-layout.ts';
import { parseShape, readServers, shapeCommand } from './process-read.ts';

export interface LiveParts {
  readonly ctx: Context;
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
  readonly #weightless = new Remade<Section, WeightlessServers>();
  /** Backends that commands have changed since they were read. */
  readonly #touched = new Set<string>();
  #intended: Layout | undefined;
  #proven = false;
  #ill: WeirError | undefined;
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

  /** Only the runtime socket is at fault, as of the last look: the process serves what it was told and cannot be asked or told more. */
  get ill(): WeirError | undefined {
    return this.#ill;
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
    const before = this.#intended?.sections ?? [];
    this.#intended = this.#parts.committer.running;
    const now = this.#intended?.sections ?? [];
    const { from, beforeEnd, nowEnd } = changedSpan(before, now);
    const known = new Set(before.slice(from, beforeEnd));
    for (const section of now.slice(from, nowEnd)) {
      if (section.servers !== undefined && !known.has(section))
        this.#touched.add(section.head.slice('backend '.length));
    }
    this.#proven = true;
  }

  /** A commit failed; what it could do without files is done, and the rest shall be tried again. */
  advanced(): void {
    if (this.#parts.committer.running !== undefined) this.committed();
    this.#proven = false;
  }

  /** Servers found in maintenance that no file knows: whoever holds the lock deletes them. */
  takeFound(): void {
    for (const [backend, server] of this.#found) this.#parts.retiring.add(backend, server);
    this.#found = [];
  }

  /** Looks for a process and reads all of it. `sameFiles`: the files are those of the last commit. */
  async learn(sameFiles: boolean): Promise<void> {
    const { files, process, committer, retiring } = this.#parts;
    await files.load();
    const ours = retiring.names();
    const reading =
      (await process.find()) === undefined ? undefined : await unlessSilent(readUnknown(files, process.runtime));
    this.#accept(reading, ours);
    // Targets may be ahead of their file: it is to be written.
    this.#proven &&= sameFiles && reading !== undefined && isSame(reading);
    committer.adopt(reading?.layout);
  }

  /** Compares all of the process with what it was told. Answers what was found to differ, in words. */
  async audit(): Promise<string | undefined> {
    const { files, process, committer, retiring } = this.#parts;
    const base = this.intended;
    const ours = retiring.names();
    if ((await process.find()) === undefined || base === undefined) return undefined;
    const changedFile = await files.changedOnDisk();
    const reading = await this.#unlessSilent(base, readAgainst(base, files, process.runtime));
    if (reading === 'ill') return undefined;
    const wasProven = this.#proven;
    this.#accept(reading, ours);
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

  /** `ours`: what we had put into maintenance before it was read; some of it may be gone by now. */
  #accept(reading: Reading | undefined, ours: ReadonlySet<string>): void {
    this.#intended = reading?.intended;
    this.#proven = reading !== undefined && onlyServers(reading);
    this.#found = (reading?.retiring ?? []).filter(([backend, { name }]) => !ours.has(`${backend}/${name}`));
  }

  /** Undefined when nobody knows what the process serves: neither the socket nor the master tells of a worker that runs `layout`. */
  async #unlessSilent<T>(layout: Layout, reading: Promise<T>): Promise<T | 'ill' | undefined> {
    const { process } = this.#parts;
    try {
      const read = await reading;
      this.#ill = undefined;
      return read;
    } catch (error) {
      if (!(error instanceof WeirError) || error.code !== 'E_HAPROXY_SOCKET') throw error;
      this.#known = undefined;
      this.#proven = false;
      this.#ill = undefined;
      if (process.unreachable || parseShape(await process.throughMaster(shapeCommand)) !== shapeOf(layout))
        return undefined;
      this.#ill = new WeirError(
        'E_HAPROXY_SOCKET',
        `${error.message}; HAProxy serves on as it was told last and answers its master: look at who stands at ${process.runtime.path}, or restart HAProxy so that it makes it anew`,
        { cause: error },
      );
      return 'ill';
    }
  }

  /**
   * How the servers are. `touched`: asks only about what our own commands changed since the last reading, and what is about to change by
   * itself; the rest is as it was read last, which the watch does all the time.
   */
  async servers(scope: 'all' | 'touched'): Promise<LiveServers> {
    const { committer } = this.#parts;
    const layout = this.intended;
    if (layout === undefined) return noServers;
    // Who looks at everything finds out when it is well; nobody else shall wait for it.
    if (this.#ill !== undefined && scope === 'touched') return noServers;
    const seen = await this.#unlessSilent(layout, this.#look(scope, layout));
    if (seen === 'ill') return noServers;
    if (seen !== undefined) return seen;
    // A process that cannot be asked is not proved to serve anything: the next commit loads it anew.
    this.#proven = false;
    this.#intended = undefined;
    committer.adopt(undefined);
    return noServers;
  }

  async #look(scope: 'all' | 'touched', layout: Layout): Promise<LiveServers> {
    const states = await (scope === 'touched' ? this.#readTouched() : this.#readAll());
    return { states, draining: await this.#draining(layout) };
  }

  async #readAll(): Promise<ServerStates> {
    const read = await readServers(this.#parts.process.runtime, this.#parts.ctx);
    await turn(this.#parts.ctx);
    const states = statesOf(read, this.#known?.states);
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
    const read = statesOf(await readServers(this.#parts.process.runtime, this.#parts.ctx, backends), states);
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
    for (const { backend, names } of this.#weightless.of(layout.sections, weightlessServers))
      if (names.size > 0) weightless.set(backend, names);
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

function isSame({ layout, intended }: Reading): boolean {
  const { reload, steps } = diffLayouts(layout, intended);
  return reload.length === 0 && steps.length === 0;
}

function onlyServers({ layout, intended }: Reading): boolean {
  const { reload, steps } = diffLayouts(layout, intended);
  const others = reload.filter((reason) => reason !== 'server');
  return (
    others.length === 0 &&
    steps.every((step) => step.do === 'add server' || step.do === 'remove server' || step.do === 'set weight')
  );
}
