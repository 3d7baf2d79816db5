import { z } from 'zod';
import type { SharedRecords } from '../../src/model/index.ts';
import type { VoteAnswer, VoteRecord, VoteRequest } from './protocol/events.ts';

/** The record that holds the third vote of two nodes, beside the one of who votes. */
export const voteRecordName = 'vote';

const schema = z.object({ holder: z.string(), fence: z.number().int().nonnegative() });

/** Asks the cluster what the protocol asks; never throws: an API that cannot be reached, or that says nonsense, is an answer too. */
export async function answerVote(
  records: SharedRecords,
  request: VoteRequest,
  signal: AbortSignal,
): Promise<VoteAnswer> {
  const { id } = request;
  try {
    if (request.kind === 'swap') {
      const text = JSON.stringify({ holder: request.holder, fence: request.fence });
      if (!(await records.write(voteRecordName, text, request.revision, signal))) return { id, kind: 'conflict' };
    }
    const found = await records.read(voteRecordName, signal);
    const record = found === undefined ? undefined : parse(found.text, found.version);
    return { id, kind: 'record', record };
  } catch (error) {
    return { id, kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A text that nobody of us wrote holds no vote; it is written over by the next who needs it. */
function parse(text: string, revision: string): VoteRecord {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success) return { ...parsed.data, revision };
  } catch {}
  return { holder: '', fence: 0, revision };
}
