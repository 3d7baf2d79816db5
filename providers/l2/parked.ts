import type { Announcing } from './announcing.ts';

/** What was left for a next session is given up when none has come by then. */
const waitMs = 60_000;

const parked = new Map<string, { readonly announcing: Announcing; readonly timer: NodeJS.Timeout }>();

/** While a changed configuration is taken over, addresses go on being answered: the thread waits for the session that follows. */
export function park(stateDir: string, announcing: Announcing): void {
  const giveUp = () => {
    if (adopt(stateDir) === announcing) void announcing.close('leave');
  };
  const timer = setTimeout(giveUp, waitMs);
  timer.unref();
  parked.set(stateDir, { announcing, timer });
}

export function adopt(stateDir: string): Announcing | undefined {
  const found = parked.get(stateDir);
  if (found === undefined) return undefined;
  clearTimeout(found.timer);
  parked.delete(stateDir);
  return found.announcing;
}
