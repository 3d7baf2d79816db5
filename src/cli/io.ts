/** Everything that a command may do to the outside besides what its app does. Tests pass one made of arrays. */
export interface Io {
  /** Data. */
  out(text: string): void;
  /** Progress, warnings, errors. */
  err(text: string): void;
  readonly colour: { readonly out: boolean; readonly err: boolean };
  readonly terminal: { readonly in: boolean; readonly out: boolean; readonly err: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  /** Working directory, absolute. */
  readonly folder: string;
  /** Text of a file; undefined when there is none. Other failures throw. */
  read(path: string): Promise<string | undefined>;
  /** Whether a program of that name can be run. */
  runnable(program: string): Promise<boolean>;
  /** Asks a yes-or-no question on the terminal; anything but y or yes is no. */
  ask(question: string): Promise<boolean>;
  /** Calls back with 1, 2, … for each interrupt (Ctrl-C, SIGTERM) until the answer is called. */
  onInterrupt(listener: (times: number) => void): () => void;
  /** Calls back at each SIGHUP until the answer is called; while somebody listens it is no interrupt. */
  onHangUp(listener: () => void): () => void;
  /** Calls back after a file changed, appeared or went, also behind links, until the answer is called. */
  watchFile(path: string, listener: () => void): () => void;
  /** Ends the process at once; only for a second interrupt. */
  abandon(code: number): void;
  /** Wall clock in milliseconds. */
  now(): number;
}
