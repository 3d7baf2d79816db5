import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Message } from '../../../../providers/l2/protocol/messages.ts';
import { ack, Bench, group, promiseMs, vip } from './bench.ts';

const kinds = (bench: Bench) => bench.sent.map(({ kind }) => kind);
const to = (bench: Bench, kind: Message['kind']) => bench.sent.filter((message) => message.kind === kind);

describe('what was recorded and is said again', () => {
  it('to an earlier incarnation of a voter is not taken: the sender has to know this one', () => {
    const bench = new Bench().ready(['b']);
    bench.beat('b', 5, [vip], { known: [49, 0, 0] });
    assert.deepEqual(to(bench, 'ack'), []);
    assert.deepEqual(to(bench, 'hello'), [{ kind: 'hello', from: 'a', inc: 50 }]);
    assert.equal(to(bench.beat('b', 6, [vip]), 'ack').length, 1);
  });

  it('is answered once in a while, however often it comes', () => {
    const bench = new Bench().ready(['b']).beat('b', 5, []);
    const answers = (times: number, parts: object) => {
      let sum = 0;
      for (let time = 0; time < times; time += 1) {
        bench.beat('b', 5, [], parts);
        sum += bench.sent.filter(({ kind }) => kind !== 'beat').length;
      }
      return sum;
    };
    assert.equal(answers(1000, {}), 0);
    assert.equal(answers(1000, { known: [1, 0, 0] }), 1);
    assert.equal(answers(1000, { inc: 59 }), 1);
  });

  it('keeps nobody from taking an address over: a hint counts once', () => {
    const hint = { hints: [{ vips: [vip], to: 'c', leftMs: 200 }] };
    const claimed = (replay: boolean) => {
      const bench = new Bench().ready(['a']).beat('b', 1, [], hint);
      for (; bench.now < 3000; bench.now += 25) {
        if (replay) bench.beat('b', 1, [], hint);
        if (bench.give({ kind: 'tick' }).node.claims.has(vip)) return bench.now;
      }
      return bench.now;
    };
    assert.equal(claimed(true), claimed(false));
    assert.ok(claimed(true) < 1800);
  });

  it('moves no standby: a nudge is for one incarnation and a while', () => {
    const nudge = { kind: 'nudge', from: 'b', inc: 50, seq: 1, vip } as const;
    const taken = (parts: { readonly inc?: number }, beats = 0) => {
      const bench = new Bench().ready(['b', 'a']);
      bench.beat('b', 1, [vip]);
      for (let beat = 0; beat < beats; beat += 1) {
        bench.now += 100;
        bench.give({ kind: 'tick' });
        bench.beat('b', 2 + beat, [vip]);
      }
      return bench.hear({ ...nudge, ...parts }).node.claims.has(vip);
    };
    assert.equal(taken({}), true);
    assert.equal(taken({ inc: 49 }), false);
    assert.equal(taken({}, 200), false);
  });

  it('opens nothing: a promise is for one beat, and counts as long as its token lives at most', () => {
    const bench = new Bench().ready().give({ kind: 'tick' }).complete();
    const [beat] = bench.sent;
    assert.ok(beat?.kind === 'beat');
    bench.now += promiseMs + 1;
    bench.give({ kind: 'tick' }).complete();
    assert.deepEqual(bench.hear({ ...ack, seq: beat.seq }).transactions, []);
  });
});

describe('beats that need no answer', () => {
  it('are heard and not acknowledged', () => {
    const bench = new Bench().ready(['b']);
    assert.deepEqual(to(bench.beat('b', 1, [], { quiet: true }), 'ack'), []);
    assert.equal(to(bench.beat('b', 2, []), 'ack').length, 1);
    assert.equal(to(bench.beat('b', 3, [], { quiet: true, known: [3, 0, 0] }), 'hello').length, 1);
  });

  it('are nine of ten of those that claim nothing and may not rest, and none that does', () => {
    const share = (order: readonly string[]) => {
      const bench = new Bench().ready(order);
      const beats: boolean[] = [];
      const collect = () => {
        if (bench.transactions.some(({ kind }) => kind === 'arm')) bench.complete();
        const sent = bench.sent.flatMap((message) => (message.kind === 'beat' ? [message] : []));
        beats.push(...sent.map(({ quiet }) => quiet));
        const asks = sent.find(({ quiet }) => !quiet);
        if (asks !== undefined) bench.hear({ ...ack, seq: asks.seq });
      };
      for (let beat = 0; beat < 200; beat += 1) {
        bench.now += 25;
        bench.give({ kind: 'tick' });
        collect();
        bench.beat('b', 2 + beat, order.includes('b') ? [vip] : []);
        bench.beat('c', 2 + beat, []);
        collect();
      }
      return beats.filter(Boolean).length / beats.length;
    };
    assert.ok(Math.abs(share(['b']) - 0.9) < 0.05);
    assert.equal(share(['a']), 0);
  });

  it('reach those without a vote at once when claims change, and once a second', () => {
    const bench = new Bench().ready(['a', 'x']);
    let told = 0;
    for (const until = bench.now + 10_000; bench.now < until; bench.now += 25) {
      bench.give({ kind: 'tick' });
      if (bench.transactions.some(({ kind }) => kind === 'arm')) bench.complete();
      const beats = bench.actions.flatMap((action) => (action.kind === 'send' && action.to === 'x' ? [1] : []));
      told += beats.length;
      const [beat] = to(bench, 'beat');
      if (beat?.kind === 'beat') bench.hear({ ...ack, seq: beat.seq });
      if (bench.transactions.some(({ kind }) => kind === 'confirm')) bench.complete();
    }
    assert.ok(told >= 10 && told <= 13, `${told}`);
    assert.deepEqual(kinds(bench.give({ kind: 'rival', vip }).complete()).length > 0, true);
  });
});

describe('a voter that started without a disk', () => {
  const begin = () => {
    const bench = new Bench();
    bench.give({ kind: 'rank', ranks: new Map([[vip, ['b', 'a']]]) });
    bench.give({ kind: 'start', disk: undefined, wallClockMs: 50, group });
    bench.give({ kind: 'persisted', disk: { inc: 50, group: undefined } }).complete();
    bench.now += promiseMs;
    return bench;
  };
  const persisted = (bench: Bench) => bench.actions.findLast(({ kind }) => kind === 'persist');

  it('promises nothing, and says for whom it waits', () => {
    const bench = begin();
    assert.deepEqual(to(bench.beat('b', 1, [vip]), 'ack'), []);
    assert.deepEqual(
      bench.reports.find(({ kind }) => kind === 'member'),
      { kind: 'member', votes: false, waitsFor: ['c'] },
    );
  });

  it('votes when all others have the same record, which is a first start', () => {
    const bench = begin().beat('b', 1, [vip], { novice: true }).beat('c', 1, [], { novice: true });
    const written = persisted(bench);
    assert.ok(written?.kind === 'persist' && written.disk.group?.version === 1);
    bench.give({ kind: 'persisted', disk: written.disk });
    assert.equal(to(bench.beat('b', 2, [vip]), 'ack').length, 1);
  });

  it('is not taken in by what was said before it started, nor by records that are not the newest', () => {
    const old = begin()
      .beat('b', 1, [vip], { known: [49, 0, 0] })
      .beat('c', 1, [], { known: [49, 0, 0] });
    assert.equal(persisted(old), undefined);
    const next = { version: 2, voters: ['a', 'b', 'c', 'd'], previous: group.voters };
    const newer = begin()
      .beat('b', 1, [vip])
      .beat('c', 1, [], { group: next, known: [50, 0, 0, 0] });
    assert.equal(persisted(newer), undefined);
    assert.equal(newer.node.group?.version, 2);
  });
});
