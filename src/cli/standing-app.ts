import type { App } from '../app.ts';
import type { ServedApp } from '../serve/index.ts';

/** What probes, API and page ask, while the app behind it may be replaced by one with another configuration. */
export interface StandingApp extends ServedApp {
  readonly current: App;
  /** From now on another app answers; `atMs`: wall clock in milliseconds. */
  replace(app: App, atMs: number): void;
  /** From now on it says that it is about to stop, whichever app answers. */
  drain(): Promise<void>;
}

export function createStandingApp(first: App): StandingApp {
  let current = first;
  let replacedMs: number | undefined;
  let draining = false;
  const listeners = new Map<() => void, () => void>();
  return {
    config: first.config,
    get current() {
      return current;
    },
    replace(app, atMs) {
      current = app;
      replacedMs = atMs;
      if (draining) void app.drain();
      for (const [listener, release] of listeners) {
        release();
        listeners.set(listener, app.onChange(listener));
        listener();
      }
    },
    drain() {
      draining = true;
      return current.drain();
    },
    state: () => current.state(),
    services: () => current.services(),
    readiness() {
      const readiness = draining ? { ...current.readiness(), draining } : current.readiness();
      // A loop that has just been started anew is not stuck.
      return replacedMs === undefined ? readiness : { lastTurnMs: replacedMs, ...readiness };
    },
    onChange(listener) {
      listeners.set(listener, current.onChange(listener));
      return () => {
        listeners.get(listener)?.();
        listeners.delete(listener);
      };
    },
  };
}
