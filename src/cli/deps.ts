import type { ZodType } from 'zod';
import type { OpenApp } from '../app.ts';
import type { Capabilities, KindSpec } from '../model/index.ts';
import type { Io } from './io.ts';

/** What the commands are given besides the world: tests put small ones in. Everything heavy is loaded on first use. */
export interface Deps {
  readonly version: string;
  readonly open: OpenApp;
  readonly providers: Providers;
  /** Schema of weir's own service files. */
  readonly services: () => Promise<ZodType>;
  /** Annotations of Kubernetes objects, our own and those of peers, as Markdown. */
  readonly annotations: () => Promise<string>;
  readonly demo: () => Promise<(options: DemoOptions, io: Io) => Promise<number>>;
}

export interface DemoOptions {
  /** Unattended: the script is played once, everything is checked, the exit code tells. */
  readonly check: boolean;
  /** Virtual addresses on three machines in place of services on loopback. */
  readonly vip?: boolean;
}

/** Providers as far as their schemas and words go; opening one is the app's business. */
export interface Providers {
  readonly names: readonly string[];
  schemas(name: string): Promise<ProviderSchemas | undefined>;
}

export interface ProviderSchemas {
  readonly options: ZodType;
  readonly serviceOptions: ZodType;
  readonly environment: ZodType;
  /** With the words for its objects; absent: they are told by ids and raw values. */
  readonly kinds?: readonly KindSpec[];
  readonly capabilities?: Pick<Capabilities, 'whileRunning'>;
}

/** What every command is made of. */
export interface CommandContext {
  readonly io: Io;
  readonly deps: Deps;
  /** The exit code; a command that ends without calling it has ended well. */
  finish(code: number): void;
}
