import type { App, RunEvents } from '../app.ts';
import { handedOver } from '../kube/beside.ts';
import type { Log } from '../model/index.ts';
import type { Io } from './io.ts';
import type { StandingApp } from './standing-app.ts';

/** The app that shall follow the one that runs. */
export function createChanges() {
  let next: App | undefined;
  let turn = new AbortController();
  return {
    begin(): AbortSignal {
      turn = new AbortController();
      if (next !== undefined) turn.abort(handedOver);
      return turn.signal;
    },
    offer(app: App): void {
      // One that never ran holds nothing.
      void next?.close('leave');
      next = app;
      turn.abort(handedOver);
    },
    take(): App | undefined {
      const taken = next;
      next = undefined;
      return taken;
    },
  };
}

interface InTurn {
  readonly signal: AbortSignal;
  readonly events: RunEvents;
  readonly log: Log;
  readonly io: Pick<Io, 'now'>;
}

/** Runs one app after the other, each until its configuration is replaced. What serves goes on serving in between. */
export async function runInTurn(
  standing: StandingApp,
  changes: ReturnType<typeof createChanges>,
  { signal, events, log, io }: InTurn,
): Promise<void> {
  for (;;) {
    await standing.current.run(AbortSignal.any([signal, changes.begin()]), events);
    const next = changes.take();
    if (next === undefined) return;
    if (signal.aborted) return next.close('leave');
    // Its lock is free behind this, whatever else went wrong.
    await standing.current.close('leave', true).catch((err: unknown) => log.error({ err }, 'closing'));
    standing.replace(next, io.now());
  }
}
