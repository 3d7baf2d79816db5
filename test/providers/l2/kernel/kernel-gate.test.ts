import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GateChange } from '../../../../providers/l2/kernel/gate-batch.ts';
import { type GateNews, KernelGate } from '../../../../providers/l2/kernel/kernel-gate.ts';
import type { Answer } from '../../../../providers/l2/kernel/nft-session.ts';

const shape = { pools: [{ first: '10.0.0.1', last: '10.0.0.9' }], interfaces: ['eth0'], bound: [] };
const unknown: Answer = { ok: false, known: false, error: 'nft ended' };
const missing: Answer = { ok: false, known: true, missing: true, error: 'No such file or directory' };

/** A gate over a kernel that answers as told: well to everything that is not in the lists. */
function stage() {
  const did: (string | GateChange)[] = [];
  const answers: Answer[] = [];
  const news: GateNews[] = [];
  let tables = '';
  let [generation, broken] = [0, false];
  const next = (what: string | GateChange) => {
    did.push(what);
    const answer: Answer = answers.shift() ?? { ok: true };
    if (answer.ok) generation += 1;
    if (typeof what === 'string' && what.startsWith('add table')) broken = false;
    return answer;
  };
  const gate = new KernelGate({
    session: { run: async (line) => next(line) },
    writer: { write: async (change) => ({ ...next(change), changed: true }) },
    reader: { generation: () => generation, table: () => (broken ? undefined : 'as it was made') },
    look: async () => ({ ok: true, stdout: tables, stderr: '' }),
    shape,
    tell: (one) => news.push(one),
  });
  return {
    gate,
    did,
    answers,
    news,
    /** Somebody else changes something; `harm`: of ours. */
    meddle(harm: boolean) {
      generation += 1;
      broken = harm;
    },
    exist(text: string) {
      tables = text;
    },
  };
}

const families = ['ipv4'];

describe('the gate of the kernel', () => {
  it('writes differences, and everything after it is unknown what a change did', async () => {
    const { gate, did, answers } = stage();
    await gate.apply(7, { kind: 'reset', inc: 7 });
    await gate.apply(7, { kind: 'confirm', token: 1, owned: ['10.0.0.1', '10.0.0.2'] });
    assert.deepEqual(did.at(-1), { inc: 7, families, token: 1, owned: { add: ['10.0.0.1', '10.0.0.2'], remove: [] } });
    answers.push(unknown);
    assert.equal(await gate.apply(7, { kind: 'own', owned: ['10.0.0.2'] }), false);
    assert.equal(await gate.apply(7, { kind: 'confirm', token: 2, owned: ['10.0.0.2'] }), true);
    assert.deepEqual(did.at(-1), { inc: 7, families, token: 2, owned: { add: ['10.0.0.2'], remove: [], all: true } });
  });

  it('renews a thousand addresses by the words for one', async () => {
    const { gate, did } = stage();
    const owned = Array.from({ length: 1000 }, (_, at) => `10.0.${at >> 8}.${at & 255}`);
    await gate.apply(7, { kind: 'reset', inc: 7 });
    await gate.apply(7, { kind: 'confirm', token: 1, owned });
    await gate.apply(7, { kind: 'confirm', token: 2, owned });
    assert.deepEqual(did.at(-1), { inc: 7, families, token: 2, owned: undefined });
  });

  it('makes releases that wait one behind the other one transaction, but none over a confirmation', async () => {
    const { gate, did } = stage();
    await gate.apply(7, { kind: 'reset', inc: 7 });
    await gate.apply(7, { kind: 'confirm', token: 1, owned: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] });
    const before = did.length;
    const done = await Promise.all([
      gate.apply(7, { kind: 'own', owned: ['10.0.0.2', '10.0.0.3'] }),
      gate.apply(7, { kind: 'own', owned: ['10.0.0.3'] }),
      gate.apply(7, { kind: 'confirm', token: 2, owned: ['10.0.0.1'] }),
      gate.apply(7, { kind: 'own', owned: [] }),
    ]);
    assert.deepEqual(done, [true, true, true, true]);
    const common = { inc: 7, families };
    assert.deepEqual(did.slice(before), [
      { ...common, token: undefined, owned: { add: [], remove: ['10.0.0.1', '10.0.0.2'] } },
      { ...common, token: 2, owned: { add: ['10.0.0.1'], remove: ['10.0.0.3'] } },
      { ...common, token: undefined, owned: { add: [], remove: ['10.0.0.1'] } },
    ]);
  });

  it('makes tables again that are missing, with what was owned, and then what was asked for', async () => {
    const { gate, did, answers, news } = stage();
    await gate.apply(7, { kind: 'reset', inc: 7 });
    await gate.apply(7, { kind: 'confirm', token: 1, owned: ['10.0.0.1'] });
    answers.push(missing);
    assert.equal(await gate.apply(7, { kind: 'arm', token: 2, gateMs: 300 }), true);
    const [made, moved, armed] = did.slice(-3);
    assert.match(
      String(made),
      /set armed \{ type mark; flags timeout; \}; set owned \{ type ipv4_addr; counter; elements = \{ 10\.0\.0\.1 \}; \}/,
    );
    assert.match(String(moved), /table ip weir-7-moved/);
    assert.deepEqual(armed, { inc: 7, families, arm: { token: 2, gateMs: 300 } });
    assert.deepEqual(news, [{ kind: 'mended' }]);
  });

  it('looks after its tables when somebody else has changed any, and makes them again where they were harmed', async () => {
    const { gate, did, news, meddle } = stage();
    await gate.apply(7, { kind: 'reset', inc: 7 });
    const made = () => did.filter((what) => typeof what === 'string' && what.startsWith('add table arp')).length;
    await gate.apply(7, { kind: 'arm', token: 1, gateMs: 300 });
    meddle(false);
    await gate.apply(7, { kind: 'arm', token: 2, gateMs: 300 });
    await gate.mend();
    assert.deepEqual([made(), news], [1, []], 'it was another table');
    meddle(true);
    await gate.apply(7, { kind: 'arm', token: 3, gateMs: 300 });
    await gate.apply(7, { kind: 'arm', token: 4, gateMs: 300 });
    assert.deepEqual([made(), news], [2, [{ kind: 'mended' }]]);
  });

  it('writes nothing for an incarnation that is over, and nothing at all beside a newer one', async () => {
    const { gate, did, answers, news, exist } = stage();
    await gate.apply(7, { kind: 'reset', inc: 7 });
    const before = did.length;
    assert.equal(await gate.apply(6, { kind: 'arm', token: 2, gateMs: 300 }), false);
    assert.equal(did.length, before);
    exist('table arp weir-9\ntable inet filter\n');
    answers.push(missing);
    assert.equal(await gate.apply(7, { kind: 'arm', token: 2, gateMs: 300 }), false);
    assert.equal(await gate.apply(7, { kind: 'arm', token: 3, gateMs: 300 }), false);
    assert.equal(did.length, before + 1);
    assert.deepEqual(news, [{ kind: 'superseded', table: 'weir-9' }]);
  });
});
