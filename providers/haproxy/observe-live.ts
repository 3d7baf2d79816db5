/** What the process is known to serve, kept true: read when a session begins and at every audit, followed by our own commits between. */
import { WeirError } from '../../src/model/index.ts';
import type { Committer } from './commit.ts';
import type { ConfigFiles } from './commit-files.ts';
import type { RetiringServers } from './commit-retire.ts';
import { diffLayouts } from './diff.ts';
import type { Layout, ServerLine } from './layout.ts';
import { healthOf } from './observe.ts';
import type { HaproxyProcess } from './process.ts';
import { type Reading, readAgainst, readUnknown } from './process-layout.ts';
import { readServers, type ServerState } from './process-read.ts';

export interface LiveParts {
  readonly files: ConfigFiles;
  readonly process: HaproxyProcess;
  readonly committer: Committer;
  readonly retiring: RetiringServers;
}

export interface LiveServers {
  readonly servers: readonly ServerState[];
  /** `backend/server` of those with weight 0 that still have connections. */
  readonly draining: ReadonlySet<string>;
}

export class LiveState {
  readonly #parts: LiveParts;
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

  /** A commit went through. */
  committed(): void {
    this.#intended = this.#parts.committer.running;
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

  async servers(): Promise<LiveServers> {
    const { process, committer } = this.#parts;
    const layout = this.intended;
    if (layout === undefined) return { servers: [], draining: new Set() };
    const servers = await unlessSilent(readServers(process.runtime));
    if (servers !== undefined) return { servers, draining: await this.#draining(layout) };
    // A process that cannot be asked is not proved to serve anything: the next commit loads it anew.
    this.#proven = false;
    this.#intended = undefined;
    committer.adopt(undefined);
    return { servers: [], draining: new Set() };
  }

  async #draining(layout: Layout): Promise<ReadonlySet<string>> {
    const draining = new Set<string>();
    const backends = layout.sections
      .filter(({ servers }) => [...(servers?.values() ?? [])].some(({ weight }) => weight === 0))
      .map(({ head }) => head.slice('backend '.length));
    // 4: servers; columns 1, 2 and 5 are proxy, server and current sessions in every version.
    const answers = await this.#parts.process.runtime.run(
      backends.map((backend) => ({ line: `show stat ${backend} 4 -1` })),
    );
    for (const line of answers.flatMap((answer) => answer.split('\n'))) {
      const [backend = '', server = '', , , sessions = '0'] = line.split(',', 5);
      if (!line.startsWith('#') && Number(sessions) > 0) draining.add(`${backend}/${server}`);
    }
    return new Set([...draining].filter((name) => weightless(layout, name)));
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

function weightless(layout: Layout, name: string): boolean {
  const [backend = '', server = ''] = name.split('/');
  return layout.sections.find(({ head }) => head === `backend ${backend}`)?.servers?.get(server)?.weight === 0;
}

function onlyServers({ layout, intended }: Reading): boolean {
  const { reload, steps } = diffLayouts(layout, intended);
  const others = reload.filter((reason) => reason !== 'server');
  return (
    others.length === 0 &&
    steps.every((step) => step.do === 'add server' || step.do === 'remove server' || step.do === 'set weight')
  );
}

/** Text that is equal while the health of every server is, and whether any of them is about to change by itself. */
export function healthSummary({ servers, draining }: LiveServers): {
  readonly text: string;
  readonly restless: boolean;
} {
  const healths = servers.map((state) => healthOf(state, draining.has(`${state.backend}/${state.name}`)));
  const text = servers.map(({ backend, name }, i) => `${backend}/${name} ${healths[i]}`).join('\n');
  return { text, restless: healths.some((health) => health === 'initial' || health === 'draining') };
}
