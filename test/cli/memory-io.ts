import type { Io } from '../../src/cli/io.ts';

/** A world made of texts: what a command wrote, files by name, interrupts on demand. */
export interface MemoryIo extends Io {
  readonly written: { out: string; err: string };
  /** As Ctrl-C: first, second, … */
  interrupt(): void;
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
    read: async (path) => world.files?.[path],
    runnable: async (program) => world.programs?.includes(program) === true,
    ask: async (question) => {
      asked.push(question);
      return world.answer === true;
    },
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    abandon: (code) => {
      abandoned.push(code);
    },
    now: () => 1_800_000_000_000,
  };
}
