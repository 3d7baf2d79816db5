import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Protocol } from '../../../../providers/l2/protocol/protocol.ts';
import { ack, Bench } from './bench.ts';
import { measureDrains } from './drain.ts';
import { percentile } from './failover.ts';

describe('a machine with many addresses that is told to end, in virtual time', () => {
  it('hands them over within 100 ms, with 30 % loss, too: it stays until all voters know', () => {
    const sorted = measureDrains({ addresses: 200, loss: 0.3, stalls: 0 }, 30);
    assert.ok(percentile(sorted, 1) <= 100, `${sorted.join(' ')} ms`);
  });

  it('and within a second where each machine stands still twice a second', () => {
    const sorted = measureDrains({ addresses: 100, loss: 0, stalls: 2 }, 60);
    assert.ok(percentile(sorted, 0.5) <= 50, `${sorted.join(' ')} ms`);
    assert.ok(percentile(sorted, 1) <= 1000, `${sorted.join(' ')} ms`);
  });
});

describe('what a voter refuses of many claims', () => {
  const vips = Array.from({ length: 100 }, (_, at) => `192.0.2.${at + 1}`);
  /** Claims all, and its first beat with them has left. */
  const claiming = () => {
    const bench = new Bench();
    const ranks = new Map(vips.map((vip) => [vip, ['a', 'b', 'c']]));
    bench.ready().give({ kind: 'rank', ranks }).complete();
    const beat = bench.sent.find((message) => message.kind === 'beat');
    assert.ok(beat?.kind === 'beat' && beat.claims.length === vips.length);
    // The time of a successor that nobody refuses is over.
    bench.now += 150;
    return { bench, seq: beat.seq };
  };
  const refused = (remainingMs: number, fence: number) => vips.map((vip) => ({ vip, holder: 'c', remainingMs, fence }));

  it('because of later claims that have ended gets one higher number for all: beats carry few of them', () => {
    const { bench, seq } = claiming();
    bench.hear({ ...ack, seq, fence: 500, refused: refused(0, 500) });
    const numbers = bench.reports.flatMap((report) => (report.kind === 'claimed' ? [report.fence] : []));
    assert.equal(numbers.length, vips.length);
    assert.deepEqual([...new Set(numbers)], [501]);
  });

  it('because another one has it is given back together, by one transaction', () => {
    const { bench, seq } = claiming();
    bench.hear({ ...ack, seq }).complete();
    bench.now += 100;
    const beat = bench
      .give({ kind: 'tick' })
      .complete()
      .sent.find((message) => message.kind === 'beat');
    assert.ok(beat?.kind === 'beat');
    const held = (node: Protocol) => [...node.claims.values()].filter(({ wanted }) => wanted).length;
    const lost = { ...ack, seq: beat.seq, refused: refused(200, 9) };
    bench.hear(lost);
    assert.equal(held(bench.node), vips.length, 'one voter of three');
    bench.hear({ ...lost, from: 'c' });
    assert.equal(held(bench.node), 0);
    assert.deepEqual(bench.transactions, [{ kind: 'own', owned: [] }]);
  });
});
