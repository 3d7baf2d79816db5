import type { Io } from '../../src/cli/io.ts';

/** A world made of texts: what a command wrote, files by name, interrupts on demand. */
export interface MemoryIo extends Io {
  readonly written: { out: string; err: string };
  /** As Ctrl-C: first, second, … */
  interrupt(): void;
  /** As SIGHUP. */
  hangUp(): void;
  /** Writes a file and tells whoever follows it. */
  write(path: string, text: string): void;
  readonly abandoned: number[];
  /** Questions that were asked. */
  readonly asked: string[];
}

export interface World {
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Input is a terminal; the answer to every question. */
  readonly answer?: boolean;
  readonly colour?: boolean;
  readonly programs?: readonly string[];
}

export function memoryIo(world: World = {}): MemoryIo {
  const written = { out: '', err: '' };
  const listeners = new Set<(times: number) => void>();
  const files: Record<string, string> = { ...world.files };
  const hangUps = new Set<() => void>();
  const followers = new Set<{ path: string; listener: () => void }>();
  const abandoned: number[] = [];
  const asked: string[] = [];
  let times = 0;
  const terminal = world.answer !== undefined;
  return {
    written,
    abandoned,
    asked,
    interrupt() {
      times++;
      for (const listener of listeners) listener(times);
    },
    hangUp() {
      for (const listener of hangUps) listener();
    },
    write(path, text) {
      files[path] = text;
      for (const follower of followers) if (follower.path === path) follower.listener();
    },
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    colour: { out: world.colour === true, err: world.colour === true },
    terminal: { in: terminal, out: terminal, err: terminal },
    env: world.env ?? {},
    hostname: 'here',
    folder: '/here',
    read: async (path) => files[path],
    runnable: async (program) => world.programs?.includes(program) === true,
    ask: async (question) => {
      asked.push(question);
      return world.answer === true;
    },
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onHangUp(listener) {
      hangUps.add(listener);
      return () => hangUps.delete(listener);
    },
    watchFile(path, listener) {
      const follower = { path, listener };
      followers.add(follower);
      return () => followers.delete(follower);
    },
    abandon: (code) => {
      abandoned.push(code);
    },
    now: () => 1_800_000_000_000,
  };
}
