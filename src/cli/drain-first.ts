export interface DrainOptions {
  /** How long it takes, as it is set when the end is asked for; 0: no drain. */
  readonly drainMs: () => number;
  readonly begin: () => Promise<void>;
}

/** A signal that follows another one behind the drain: what serves goes on until then. */
export function drainFirst(signal: AbortSignal, { drainMs, begin }: DrainOptions): AbortSignal {
  const end = new AbortController();
  const leave = () => {
    const forMs = drainMs();
    if (forMs === 0) return end.abort();
    setTimeout(() => end.abort(), forMs);
    void begin();
  };
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });
  return end.signal;
}
