/** The demo's own client: asks all the time, a connection a request, and counts what comes back. Retries nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { askHttp } from './ask.ts';

export interface Traffic {
  readonly sent: number;
  readonly failed: number;
  /** Back end → answers. */
  readonly targets: ReadonlyMap<string, number>;
  /** What the failures were. */
  readonly errors: ReadonlyMap<string, number>;
  /** Ends after the requests under way. */
  stop(): Promise<void>;
}

/** Asks `perSecond` times a second from a few connections at once. */
export function startTraffic(port: number, host: string, path: string, perSecond: number): Traffic {
  const stopped = new AbortController();
  const targets = new Map<string, number>();
  const errors = new Map<string, number>();
  const counts = { sent: 0, failed: 0 };
  const add = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  const askOnce = async () => {
    try {
      const { status, target } = await askHttp(port, host, path);
      if (status !== 200) throw new Error(`status ${status}`);
      add(targets, target);
    } catch (error) {
      counts.failed++;
      add(errors, error instanceof Error ? error.message : String(error));
    }
    counts.sent++;
  };
  const workers = 4;
  const work = async () => {
    const pause = (workers * 1000) / perSecond;
    while (!stopped.signal.aborted) {
      const asked = askOnce();
      await sleep(pause, undefined, { signal: stopped.signal }).catch(() => undefined);
      await asked;
    }
  };
  const all = Promise.all(Array.from({ length: workers }, work));
  return {
    get sent() {
      return counts.sent;
    },
    get failed() {
      return counts.failed;
    },
    targets,
    errors,
    async stop() {
      stopped.abort();
      await all;
    },
  };
}
