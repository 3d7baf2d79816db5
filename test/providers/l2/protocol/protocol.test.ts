import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Group } from '../../../../providers/l2/protocol/messages.ts';
import { ack, Bench, group, vip } from './bench.ts';

describe('a node of the ownership protocol', () => {
  it('says nothing before its old gates are gone', () => {
    const bench = new Bench().give({ kind: 'start', disk: { inc: 70, group }, wallClockMs: 50, group });
    assert.deepEqual(bench.actions.at(-1), { kind: 'persist', disk: { inc: 71, group, settled: false, fence: 0 } });
    bench.give({ kind: 'persisted', disk: { inc: 71, group } });
    assert.deepEqual(bench.transactions, [{ kind: 'reset', inc: 71 }]);
    assert.deepEqual(bench.beat('b', 1, [vip]).sent, []);
  });

  it('promises nothing in the first span of a promise', () => {
    const bench = new Bench().ready();
    bench.now -= 1;
    assert.equal(
      bench.beat('b', 1, [vip]).sent.some(({ kind }) => kind === 'ack'),
      false,
    );
    bench.now += 1;
    assert.equal(
      bench.beat('b', 2, [vip]).sent.some(({ kind }) => kind === 'ack'),
      true,
    );
  });

  it('sends a claim only after its token is armed, and opens by a confirmation of that token', () => {
    const bench = new Bench().ready().give({ kind: 'tick' });
    assert.deepEqual(bench.transactions, [{ kind: 'arm', token: 2, gateMs: 300 }]);
    assert.deepEqual(bench.sent, []);
    bench.complete();
    assert.deepEqual(
      bench.sent.map(({ kind }) => kind),
      ['beat', 'beat'],
    );
    bench.hear({ ...ack, from: 'c' });
    assert.deepEqual(bench.transactions, [{ kind: 'confirm', token: 2, owned: [vip] }]);
    assert.ok(bench.complete().actions.some(({ kind }) => kind === 'announce'));
  });

  it('counts no promise of another beat, incarnation, group or stranger', () => {
    for (const wrong of [{ inc: 49 }, { seq: 1 }, { seq: 3 }, { version: 2 }, { from: 'x' }, { from: 'a' }]) {
      const bench = new Bench().ready().give({ kind: 'tick' }).complete();
      assert.deepEqual(bench.hear({ ...ack, ...wrong }).transactions, [], JSON.stringify(wrong));
    }
  });

  it('does not answer a replay, and tells an older incarnation of the newer', () => {
    const bench = new Bench().ready(['b']).beat('b', 5, []);
    assert.ok(bench.sent.some(({ kind }) => kind === 'ack'));
    const answers = () => bench.sent.filter(({ kind }) => kind === 'ack' || kind === 'stale');
    assert.deepEqual(
      bench.beat('b', 5, []).sent.filter(({ kind }) => kind === 'ack'),
      [],
    );
    assert.deepEqual(
      bench.beat('b', 4, [vip]).sent.filter(({ kind }) => kind === 'ack'),
      [],
    );
    bench.beat('b', 9, [], { inc: 59 });
    assert.deepEqual(answers(), [{ kind: 'stale', from: 'a', knownInc: 60 }]);
  });

  it('tells a release after its gate is closed, not before', () => {
    const bench = new Bench().ready().confirm().complete();
    bench.give({ kind: 'handOver', vip, to: 'b' });
    assert.deepEqual(bench.transactions, [{ kind: 'own', owned: [] }]);
    assert.ok(bench.node.claims.has(vip));
    const [beat] = bench.complete().sent;
    assert.ok(beat?.kind === 'beat' && beat.claims.length === 0);
    assert.deepEqual(beat.hints, [{ vips: [vip], to: 'b', leftMs: 200 }]);
  });

  it('hands many over by one transaction and one beat', () => {
    const vips = Array.from({ length: 300 }, (_, at) => `192.0.${2 + (at >> 8)}.${at & 255}`);
    const bench = new Bench().ready(['b']);
    bench.give({ kind: 'rank', ranks: new Map(vips.map((one) => [one, ['a', 'b', 'c']])) });
    bench.complete();
    bench.hear({ ...ack, seq: 2 }).complete();
    assert.equal(bench.node.claims.size, 300);
    bench.give({ kind: 'handOverAll', heirs: new Map(vips.map((one, at) => [one, at < 200 ? 'b' : 'c'])) });
    assert.deepEqual(bench.transactions, [{ kind: 'own', owned: [] }]);
    const [beat] = bench.complete().sent;
    assert.ok(beat?.kind === 'beat' && beat.claims.length === 0);
    assert.deepEqual(
      beat.hints.map(({ vips: some, to }) => [some.length, to]),
      [
        [200, 'b'],
        [100, 'c'],
      ],
    );
  });

  it('repeats a release that a voter does not acknowledge, but not for ever', () => {
    const bench = new Bench().ready().confirm().complete();
    const gone = () =>
      bench.sent.filter((message) => message.kind === 'beat' && message.claims.length === 0).length / 2;
    let told = 0;
    bench.give({ kind: 'handOver', vip, to: 'b' }).complete();
    for (const start = bench.now; bench.now < start + 450; bench.now += 1) {
      told += gone();
      bench.give({ kind: 'tick' });
    }
    assert.ok(told >= 12 && told <= 18, `told ${told} times`);
  });

  it('yields to a better-ranked claimant only while nothing of its own is in flight to the kernel', () => {
    const refusals = (bench: Bench) => bench.sent.flatMap((message) => (message.kind === 'ack' ? message.refused : []));
    const claimed = new Bench().ready(['b', 'a']).give({ kind: 'tick' }).complete();
    assert.deepEqual(refusals(claimed.beat('b', 1, [vip])), []);
    const flying = new Bench().ready(['b', 'a']).confirm();
    assert.equal(flying.transactions[0]?.kind, 'confirm');
    assert.equal(refusals(flying.beat('b', 1, [vip])).length, 1);
  });

  it('begins anew, silent, when others know a newer incarnation of it', () => {
    const bench = new Bench().ready().confirm().complete();
    bench.hear({ kind: 'stale', from: 'b', knownInc: 90 });
    assert.deepEqual(
      bench.actions.find(({ kind }) => kind === 'persist'),
      { kind: 'persist', disk: { inc: 91, group, settled: true, fence: 1 } },
    );
    bench.give({ kind: 'persisted', disk: { inc: 91, group } });
    assert.deepEqual(bench.transactions, [{ kind: 'reset', inc: 91 }]);
    assert.equal(bench.node.claims.size, 0);
  });

  it('sends no beat whose token the kernel refused, and says so', () => {
    const bench = new Bench().ready().give({ kind: 'tick' }).complete(false);
    assert.deepEqual(bench.sent, []);
    assert.ok(bench.actions.some((action) => action.kind === 'report' && action.report.kind === 'kernelFailed'));
  });

  it('refuses a record that changes two voters, and writes one that changes one before it counts', () => {
    const bench = new Bench().ready();
    const next = (voters: readonly string[]): Group => ({ version: 2, voters, previous: group.voters });
    bench.give({ kind: 'regroup', group: next(['a', 'b', 'd']) });
    assert.ok(bench.actions.some((action) => action.kind === 'report' && action.report.kind === 'groupRefused'));
    bench.give({ kind: 'regroup', group: next(['a', 'b']) });
    const disk = { inc: 50, group: next(['a', 'b']), settled: false, fence: 1 };
    assert.deepEqual(bench.actions[0], { kind: 'persist', disk });
    assert.equal(bench.node.group?.version, 1);
    bench.give({ kind: 'persisted', disk });
    assert.equal(bench.node.group?.version, 1);
    bench.now += 1000;
    assert.equal(bench.give({ kind: 'tick' }).node.group?.version, 2);
  });
});
