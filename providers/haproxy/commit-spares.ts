/** Spares at the moment they are taken: the process itself says whether one is really free. */
import { WeirError } from '../../src/model/index.ts';
import type { Layout } from './layout.ts';
import { sparesOf } from './layout-placed.ts';
import type { RuntimeSocket } from './socket.ts';

/** Spares that `wanted` gives to a backend and `running` has free. */
export function takenSpares(running: Layout, wanted: Layout): readonly string[] {
  const before = sparesOf(running);
  return [...sparesOf(wanted)].flatMap(([own, spare]) => (before.get(own) === spare ? [] : [spare]));
}

/**
 * Those that still have a request of their last service: one that waits to be sent once more has no server, so its servers could be
 * deleted, and it would go to the next service's. Who cannot be asked counts as such.
 */
export async function occupiedSpares(runtime: RuntimeSocket, spares: readonly string[]): Promise<readonly string[]> {
  if (spares.length === 0) return [];
  try {
    // 2: the backend itself; columns 1 and 5 are its name and its current sessions in every version.
    const answers = await runtime.run(spares.map((spare) => ({ line: `show stat ${spare} 2 -1` })));
    const idle = new Set(
      answers
        .flatMap((answer) => answer.split('\n'))
        .flatMap((line) => {
          const [name = '', , , , sessions] = line.split(',', 5);
          return sessions === '0' ? [name] : [];
        }),
    );
    return spares.filter((spare) => !idle.has(spare));
  } catch (error) {
    if (error instanceof WeirError && error.code === 'E_HAPROXY_SOCKET') return spares;
    throw error;
  }
}
