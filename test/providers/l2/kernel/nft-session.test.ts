import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NftSession } from '../../../../providers/l2/kernel/nft-session.ts';

/** Behaves as `nft -i`: silent on success, complains on stderr, about words that it does not know too. */
const fake = `
const { createInterface } = require('node:readline');
const say = (line, error) => process.stderr.write('Error: ' + error + '\\n' + line + '\\n  ^^^^\\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'hang') process.kill(process.pid, 'SIGSTOP');
  else if (line === 'die') process.exit(3);
  else if (line === 'slow') { const end = Date.now() + 30; while (Date.now() < end); }
  else if (line === 'missing') say(line, 'No such file or directory');
  else if (line === 'warn') process.stderr.write('Warning: old words\\n');
  else if (line !== 'good') say(line, 'syntax error, unexpected newline');
});`;

describe('the writer to nft', () => {
  const open = (options = {}) => new NftSession({ hungMs: 2000, command: [process.execPath, '-e', fake], ...options });

  it('answers each transaction in its turn, with its own error', async () => {
    const session = open();
    const answers = await Promise.all(
      ['good', 'missing', 'slow', 'bad', 'warn', 'good'].map((line) => session.run(line)),
    );
    assert.deepEqual(answers, [
      { ok: true },
      { ok: false, known: true, missing: true, error: 'No such file or directory' },
      { ok: true },
      { ok: false, known: true, missing: false, error: 'syntax error, unexpected newline' },
      { ok: true },
      { ok: true },
    ]);
    await session.close();
    assert.deepEqual(await session.run('good'), { ok: false, known: false, error: 'the writer is closed' });
  });

  it('replaces one that hangs or dies, and says that nobody knows what became of the transaction', async () => {
    const session = open({ hungMs: 500 });
    await session.run('good');
    for (const line of ['hang', 'die']) {
      const before = session.pid;
      const [first, second] = await Promise.all([session.run(line), session.run('good')]);
      assert.ok(!first?.ok && !first?.known, line);
      assert.deepEqual(second, { ok: true }, `${line}: what comes behind is written by the next one`);
      assert.notEqual(session.pid, before);
      assert.ok(before !== undefined && !alive(before), `${line}: the old one has ended`);
    }
    await session.close();
  });

  it('is replaced after so many lines, losing none', async () => {
    const session = open({ mostLines: 3 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => session.run('good')));
    assert.equal(answers.filter(({ ok }) => ok).length, 10);
    await session.close();
  });

  it('says what is missing when there is no nft', async () => {
    const session = new NftSession({ hungMs: 500, command: ['weir-there-is-no-such-program'] });
    const answer = session.run('good');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await session.close();
    const { ok, ...rest } = await answer;
    assert.equal(ok, false);
    assert.match(JSON.stringify(rest), /closed|ENOENT/);
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
