import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Mailbox } from '../../../../providers/l2/kernel/mailbox.ts';

/** Another thread that says of each question how many bytes it has and what their sum is, as a fault; none to one that is empty of ones. */
function stage(t: TestContext): Mailbox {
  const module = new URL('../../../../providers/l2/kernel/mailbox.ts', import.meta.url).href;
  const program = `
    import { workerData } from 'node:worker_threads';
    import { answerAll } from '${module}';
    answerAll(workerData, (batch) => {
      const sum = batch.reduce((all, one) => all + one, 0);
      return sum === 0 ? { ok: true } : { ok: false, known: true, missing: false, error: batch.length + ' é ' + sum };
    });`;
  const mailbox = new Mailbox();
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), {
    workerData: mailbox.memory,
  });
  t.after(() => worker.terminate());
  return mailbox;
}

describe('a mailbox between threads', () => {
  it('brings each question over and its answer back, of any length, also before the other side listens', async (t) => {
    const mailbox = stage(t);
    for (const length of [1, 5000, 3, 1_000_000, 2, 70_000]) {
      const answer = await mailbox.ask(new Uint8Array(length).fill(1));
      assert.deepEqual(answer, { ok: false, known: true, missing: false, error: `${length} é ${length}` });
      assert.deepEqual(await mailbox.ask(new Uint8Array(length)), { ok: true });
    }
  });

  it('refuses what no transaction can hold', async (t) => {
    await assert.rejects(stage(t).ask(new Uint8Array(9 << 20)), RangeError);
  });
});
