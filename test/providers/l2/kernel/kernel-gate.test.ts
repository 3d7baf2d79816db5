import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type GateNews, KernelGate } from '../../../../providers/l2/kernel/kernel-gate.ts';
import type { Answer } from '../../../../providers/l2/kernel/nft-session.ts';

const shape = { pools: [{ first: '10.0.0.1', last: '10.0.0.9' }], interfaces: ['eth0'], bound: [] };
const unknown: Answer = { ok: false, known: false, error: 'nft ended' };
const missing: Answer = { ok: false, known: true, missing: true, error: 'No such file or directory' };

/** A gate over a writer that answers as told: `true` for everything that is not in the list. */
function stage() {
  const lines: string[] = [];
  const answers: Answer[] = [];
  const news: GateNews[] = [];
  let tables = '';
  const gate = new KernelGate({
    session: {
      async run(line) {
        lines.push(line);
        return answers.shift() ?? { ok: true };
      },
    },
    look: async (args) => ({ ok: true, stdout: args.includes('tables') ? tables : 'as it was made', stderr: '' }),
    shape,
    tell: (one) => news.push(one),
  });
  return {
    gate,
    lines,
    answers,
    news,
    exist(text: string) {
      tables = text;
    },
  };
}

describe('the gate of the kernel', () => {
  it('writes differences, and everything after a writer has died over a change', async () => {
    const { gate, lines, answers } = stage();
    await gate.apply(7, { kind: 'reset', inc: 7 });
    await gate.apply(7, { kind: 'confirm', token: 1, owned: ['10.0.0.1', '10.0.0.2'] });
    assert.match(
      lines.at(-1) ?? '',
      /cur \{ request : 1 \}; add element arp weir-7 owned \{ 10\.0\.0\.1, 10\.0\.0\.2 \}$/,
    );
    answers.push(unknown);
    assert.equal(await gate.apply(7, { kind: 'own', owned: ['10.0.0.2'] }), false);
    assert.equal(await gate.apply(7, { kind: 'confirm', token: 2, owned: ['10.0.0.2'] }), true);
    assert.match(lines.at(-1) ?? '', /flush set arp weir-7 owned; add element arp weir-7 owned \{ 10\.0\.0\.2 \}/);
  });

  it('makes releases that wait one behind the other one transaction, but none over a confirmation', async () => {
    const { gate, lines } = stage();
    await gate.apply(7, { kind: 'reset', inc: 7 });
    await gate.apply(7, { kind: 'confirm', token: 1, owned: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] });
    const before = lines.length;
    const done = await Promise.all([
      gate.apply(7, { kind: 'own', owned: ['10.0.0.2', '10.0.0.3'] }),
      gate.apply(7, { kind: 'own', owned: ['10.0.0.3'] }),
      gate.apply(7, { kind: 'confirm', token: 2, owned: ['10.0.0.1'] }),
      gate.apply(7, { kind: 'own', owned: [] }),
    ]);
    assert.deepEqual(done, [true, true, true, true]);
    assert.deepEqual(lines.slice(before), [
      'delete element arp weir-7 owned { 10.0.0.1, 10.0.0.2 }',
      'flush map arp weir-7 cur; add element arp weir-7 cur { request : 2 }; delete element arp weir-7 owned { 10.0.0.3 }; add element arp weir-7 owned { 10.0.0.1 }',
      'delete element arp weir-7 owned { 10.0.0.1 }',
    ]);
  });

  it('makes tables again that are missing, with what was owned, and then what was asked for', async () => {
    const { gate, lines, answers, news } = stage();
    await gate.apply(7, { kind: 'reset', inc: 7 });
    await gate.apply(7, { kind: 'confirm', token: 1, owned: ['10.0.0.1'] });
    answers.push(missing);
    assert.equal(await gate.apply(7, { kind: 'arm', token: 2, gateMs: 300 }), true);
    const [made, armed] = lines.slice(-2);
    assert.match(
      made ?? '',
      /set armed \{ type mark; flags timeout; \}; set owned \{ type ipv4_addr; elements = \{ 10\.0\.0\.1 \}; \}/,
    );
    assert.equal(armed, 'add element arp weir-7 armed { 2 timeout 300ms }');
    assert.deepEqual(news, [{ kind: 'mended' }]);
  });

  it('writes nothing for an incarnation that is over, and nothing at all beside a newer one', async () => {
    const { gate, lines, answers, news, exist } = stage();
    await gate.apply(7, { kind: 'reset', inc: 7 });
    const before = lines.length;
    assert.equal(await gate.apply(6, { kind: 'arm', token: 2, gateMs: 300 }), false);
    assert.equal(lines.length, before);
    exist('table arp weir-9\ntable inet filter\n');
    answers.push(missing);
    assert.equal(await gate.apply(7, { kind: 'arm', token: 2, gateMs: 300 }), false);
    assert.equal(await gate.apply(7, { kind: 'arm', token: 3, gateMs: 300 }), false);
    assert.equal(lines.length, before + 1);
    assert.deepEqual(news, [{ kind: 'superseded', table: 'weir-9' }]);
  });
});
