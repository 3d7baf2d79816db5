/** The thread that writes to the gates: another's long transaction holds it up, and no beat. Gets batches as `[number, bytes]`, answers `Written`. */
import { parentPort } from 'node:worker_threads';
import { generationRequest, readGeneration, readOutcome } from './gate-batch.ts';
import type { Written } from './gate-writer.ts';
import { openNetlinkSocket } from './netlink-socket.ts';

const socket = await openNetlinkSocket();

parentPort?.on('message', ([id, batch]: readonly [number, Uint8Array]) => {
  parentPort?.postMessage({ id, ...write(batch) } satisfies Written & { readonly id: number });
});

function write(batch: Uint8Array): Written {
  try {
    const outcome = readOutcome(socket.ask(batch));
    const generation = readGeneration(socket.ask(generationRequest));
    if (outcome === undefined) return { ok: false, known: false, error: 'the kernel did not answer', generation };
    return outcome.ok ? { ok: true, generation } : { ...outcome, known: true, generation };
  } catch (error) {
    return {
      ok: false,
      known: false,
      error: error instanceof Error ? error.message : String(error),
      generation: undefined,
    };
  }
}
