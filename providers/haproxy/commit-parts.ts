/** What a committer works with. Types alone. */
import type { Context, Resource, Sliced } from '../../src/model/index.ts';
import type { Abilities } from './commit-abilities.ts';
import type { Certificates } from './commit-certificates.ts';
import type { ConfigFiles } from './commit-files.ts';
import type { RetiringServers } from './commit-retire.ts';
import type { Layout } from './layout.ts';
import type { Placing } from './layout-placed.ts';
import type { HaproxyProcess } from './process.ts';
import type { BackendRow } from './traffic-read.ts';

/** The pure half, with options and place already given. */
export interface Renderer {
  /** What a reload brings. */
  fresh(resources: readonly Resource[], running: Layout | undefined): Layout;
  /** What the process can become by commands, as far as that is possible. */
  placed(resources: readonly Resource[], running: Layout, placing: Placing): Layout;
  /** Spares are running out. */
  isScarce(layout: Layout): boolean;
  textOf(layout: Layout): string;
  /** @throws WeirError E_HAPROXY_CONFIG when the text is not what the layout says. */
  /** Makes what a first layout of these resources consists of. */
  prepare(resources: readonly Resource[]): Sliced<void>;
  checkShape(text: string, layout: Layout): Sliced<void>;
}

export interface CommitParts {
  readonly ctx: Context;
  readonly renderer: Renderer;
  readonly files: ConfigFiles;
  readonly process: HaproxyProcess;
  readonly certificates: Certificates;
  readonly retiring: RetiringServers;
  readonly abilities: Abilities;
  /** The process serves and takes no commands. */
  readonly ill: () => boolean;
  /** The program, proved to be one that we can use. Undefined: HAProxy runs elsewhere, and there is none here. */
  readonly binary: () => Promise<string | undefined>;
  /** Addresses that may be missing without a word: IPv6 where it was not asked for by name. */
  readonly optional: (address: string) => boolean;
  /** Told what spares had counted in a worker when they were taken. */
  readonly counted: (worker: number, rows: readonly BackendRow[]) => void;
}
