import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerVote } from '../../../providers/l2/answer-vote.ts';
import type { SharedRecords } from '../../../src/model/index.ts';

const { signal } = new AbortController();

function keep(text?: string): SharedRecords {
  let record = text === undefined ? undefined : { text, version: '1' };
  let writes = 1;
  return {
    read: async () => record,
    async write(_name, next, version) {
      if (version !== record?.version) return false;
      writes += 1;
      record = { text: next, version: `${writes}` };
      return true;
    },
  };
}

describe('the third vote in the API', () => {
  it('is made, taken, and given to nobody who read it before', async () => {
    const records = keep();
    assert.deepEqual(await answerVote(records, { id: 1, kind: 'read' }, signal), {
      id: 1,
      kind: 'record',
      record: undefined,
    });
    const take = { kind: 'swap', revision: undefined, fence: 7 } as const;
    const taken = await answerVote(records, { ...take, id: 2, holder: 'a' }, signal);
    assert.deepEqual(taken, { id: 2, kind: 'record', record: { holder: 'a', fence: 7, revision: '2' } });
    assert.deepEqual(await answerVote(records, { ...take, id: 3, holder: 'b' }, signal), { id: 3, kind: 'conflict' });
  });

  it('is held by nobody where the text is not ours', async () => {
    for (const text of ['', 'null', '{"holder":7}', '{"holder":"a","fence":-1}']) {
      const read = await answerVote(keep(text), { id: 1, kind: 'read' }, signal);
      assert.deepEqual(read, { id: 1, kind: 'record', record: { holder: '', fence: 0, revision: '1' } });
    }
  });

  it('is unknown where the API cannot be reached', async () => {
    const gone: SharedRecords = {
      read: () => Promise.reject(new Error('refused')),
      write: () => Promise.reject(new Error('refused')),
    };
    assert.deepEqual(await answerVote(gone, { id: 4, kind: 'read' }, signal), {
      id: 4,
      kind: 'failed',
      reason: 'refused',
    });
  });
});
