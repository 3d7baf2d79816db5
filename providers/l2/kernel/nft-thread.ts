/** The thread that writes to the gates: another's long transaction holds it up, and no beat. */
import { workerData } from 'node:worker_threads';
import { readOutcome } from './gate-batch.ts';
import { answerAll } from './mailbox.ts';
import { openNetlinkSocket } from './netlink-socket.ts';
import type { Answer } from './nft-session.ts';

const socket = await openNetlinkSocket();

answerAll(workerData, (batch): Answer => {
  try {
    const outcome = readOutcome(socket.ask(batch));
    if (outcome === undefined) return { ok: false, known: false, error: 'the kernel did not answer' };
    return outcome.ok ? outcome : { ...outcome, known: true };
  } catch (error) {
    return { ok: false, known: false, error: error instanceof Error ? error.message : String(error) };
  }
});
