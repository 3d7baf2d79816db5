import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Gate } from '../../../../providers/l2/protocol/gate.ts';
import { ack, Bench, group, vip } from './bench.ts';

const fenced = (fence: number, open: boolean) => ({ fence, fencings: [{ fence, open, vips: [vip] }] });

describe('numbers of claims', () => {
  it('are higher than all that was heard, and on disk', () => {
    const bench = new Bench().ready(['a']);
    bench.beat('b', 1, [], { fence: 41 });
    assert.deepEqual(
      bench.reports.find(({ kind }) => kind === 'claimed'),
      { kind: 'claimed', vip, fence: 42 },
    );
    const written = bench.actions.find(({ kind }) => kind === 'persist');
    assert.ok(written?.kind === 'persist' && written.disk.fence === 42);
  });

  it('that are not higher are refused with the one that is known', () => {
    const bench = new Bench().ready(['b']).beat('b', 1, [vip], fenced(7, false)).beat('b', 2, []);
    const [refused] = bench
      .beat('c', 1, [vip], { inc: 70, known: [50, 0, 0], ...fenced(6, false) })
      .sent.flatMap((message) => (message.kind === 'ack' ? message.refused : []));
    assert.deepEqual(refused, { vip, holder: 'b', remainingMs: 0, fence: 7 });
    const granted = bench.beat('c', 2, [vip], { inc: 70, ...fenced(8, false) }).sent;
    assert.ok(granted.some((message) => message.kind === 'ack' && message.refused.length === 0));
  });

  it('that were refused so are raised, and the claim stays', () => {
    const bench = new Bench().ready().give({ kind: 'tick' }).complete();
    const refused = [{ vip, holder: 'c', remainingMs: 0, fence: 9 }];
    bench.hear({ ...ack, fence: 9, refused });
    assert.deepEqual(bench.reports[0], { kind: 'claimed', vip, fence: 10 });
    const [beat] = bench.complete().sent;
    assert.ok(beat?.kind === 'beat');
    assert.deepEqual(beat.fencings, [{ fence: 10, open: false, vips: [vip] }]);
  });

  it('settle it between two that are open: the lower one closes at once', () => {
    const bench = new Bench().ready().confirm().complete();
    bench.beat('b', 1, [vip], fenced(1, false));
    assert.equal(bench.node.claims.get(vip)?.wanted, true);
    bench.beat('b', 2, [vip], fenced(99, true));
    assert.deepEqual(bench.transactions[0], { kind: 'own', owned: [] });
    assert.deepEqual(bench.reports[0], { kind: 'outdone', vip, by: 'b', fence: 99 });
  });

  it('are told at once to all when somebody else claims the address', () => {
    const bench = new Bench().ready(['a', 'b', 'c', 'x']).confirm().complete();
    bench.now += 25;
    bench.give({ kind: 'rival', vip }).complete();
    const told = bench.actions.flatMap((action) =>
      action.kind === 'send' && action.message.kind === 'beat' ? [[action.to, action.message.fencings[0]?.open]] : [],
    );
    assert.deepEqual(told, [
      ['b', true],
      ['c', true],
      ['x', true],
    ]);
  });
});

describe('the gates as a node knows them', () => {
  it('stay open for what is left when one address is withdrawn', () => {
    const gate = new Gate(1, () => {});
    gate.done(gate.arm(1, 300), true);
    gate.done(gate.confirm(1, ['192.0.2.1', '192.0.2.2'], 1330), true);
    gate.done(gate.withdraw(new Set(['192.0.2.1'])), true);
    assert.equal(gate.closed('192.0.2.1', 1010), true);
    assert.equal(gate.closed('192.0.2.2', 1010), false);
    assert.equal(gate.closed('192.0.2.2', 1330), true);
  });
});

describe('a node whose kernel refuses its tables', () => {
  it('tries again as a newer incarnation, after a while', () => {
    const bench = new Bench();
    bench.give({ kind: 'start', disk: { inc: 49, group }, wallClockMs: 50, group });
    bench.give({ kind: 'persisted', disk: { inc: 50, group } }).complete(false);
    assert.deepEqual(bench.actions.at(-1), { kind: 'timer', at: 1100 });
    bench.now = 1100;
    const [again] = bench.give({ kind: 'tick' }).actions;
    assert.ok(again?.kind === 'persist' && again.disk.inc === 51);
    bench.give({ kind: 'persisted', disk: { inc: 51, group } });
    assert.deepEqual(bench.transactions, [{ kind: 'reset', inc: 51 }]);
  });
});
