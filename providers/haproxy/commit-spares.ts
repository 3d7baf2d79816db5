/** Spares at the moment they are taken: the process itself says whether one is really free. */
import { WeirError } from '../../src/model/index.ts';
import type { Layout } from './layout.ts';
import { idleMade, sparesOf, standingSpares } from './layout-placed.ts';
import type { RuntimeSocket } from './socket.ts';
import { isMade } from './spare-shape.ts';
import { type BackendRow, parseStat } from './traffic-read.ts';

/** Spares that `wanted` gives to a backend and `running` has free, or is to make. */
export function takenSpares(running: Layout, wanted: Layout): readonly string[] {
  const before = sparesOf(running);
  return [...sparesOf(wanted)].flatMap(([own, spare]) => (before.get(own) === spare ? [] : [spare]));
}

/** Spares of `running` that something becomes of in `wanted`: a backend, or nothing any more. */
export function changedSpares(running: Layout, wanted: Layout): readonly string[] {
  const taken = takenSpares(running, wanted);
  const there = taken.some(isMade) ? new Set(standingSpares(running)) : undefined;
  const idle = idleMade(running);
  const left = idle.length === 0 ? undefined : new Set(standingSpares(wanted));
  return [...taken.filter((name) => there?.has(name) !== false), ...idle.filter((name) => left?.has(name) === false)];
}

/** A layout without the sections of some backends. */
export function withoutBackends(layout: Layout, names: readonly string[]): Layout {
  const heads = new Set(names.map((name) => `backend ${name}`));
  return heads.size === 0 ? layout : { ...layout, sections: layout.sections.filter(({ head }) => !heads.has(head)) };
}

export interface SpareLook {
  readonly occupied: readonly string[];
  /** What the others have counted so far: it is of the services that had them before. */
  readonly rows: readonly BackendRow[];
  /** The process cannot be asked: asking for other spares would wait as long, and be in vain. */
  readonly silent?: true;
}

/**
 * Occupied are those that still have a request of their last service: one that waits to be sent once more has no server, so its servers could be
 * deleted, and it would go to the next service's. Who cannot be asked counts as such.
 */
export async function lookAtSpares(runtime: RuntimeSocket, spares: readonly string[]): Promise<SpareLook> {
  if (spares.length === 0) return { occupied: [], rows: [] };
  try {
    // 2: the backend itself.
    const answers = await runtime.run(spares.map((spare) => ({ line: `show stat ${spare} 2 -1` })));
    const rows = answers.flatMap((answer) => parseStat(answer).backends).filter(({ current }) => current[0] === 0);
    const idle = new Set(rows.map(({ backend }) => backend));
    return { occupied: spares.filter((spare) => !idle.has(spare)), rows };
  } catch (error) {
    if (error instanceof WeirError && error.code === 'E_HAPROXY_SOCKET')
      return { occupied: spares, rows: [], silent: true };
    throw error;
  }
}
