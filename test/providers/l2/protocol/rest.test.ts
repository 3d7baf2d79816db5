import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ack, Bench, promiseMs, vip } from './bench.ts';

const other = '192.0.2.2';

/** `a` claims nothing, and hears `b`, the owner, each 100 ms, and `c`, which rests. Acknowledged it is whenever it asks. */
function stage(order: readonly string[] = ['b', 'a', 'c']) {
  const bench = new Bench().ready(order);
  let seq = 1;
  const said: { readonly at: number; readonly quiet: boolean; readonly restful: boolean }[] = [];
  const collect = () => {
    const beats = bench.sent.flatMap((message) => (message.kind === 'beat' ? [message] : []));
    const [beat] = beats;
    if (beat === undefined) return;
    said.push({ at: bench.now, quiet: beat.quiet, restful: beat.restful });
    if (!beat.quiet) bench.hear({ ...ack, seq: beat.seq });
  };
  const live = (forMs: number, hears: { owner?: boolean; c?: boolean; claims?: readonly string[] } = {}) => {
    const { owner = true, c = true, claims = [vip] } = hears;
    for (const end = bench.now + forMs; bench.now < end; ) {
      bench.now += 5;
      bench.give({ kind: 'tick' });
      collect();
      if (owner && bench.now % 100 === 0) {
        seq += 1;
        bench.beat('b', seq, claims);
        collect();
      }
      if (c && bench.now % 1000 === 0) {
        seq += 1;
        bench.beat('c', seq, [], { restful: true });
        collect();
      }
    }
  };
  bench.now = Math.ceil(bench.now / 1000) * 1000;
  bench.beat('b', seq, [vip]).beat('c', seq, [], { restful: true });
  live(2000);
  said.length = 0;
  return { bench, said, live };
}

describe('a node that claims nothing', () => {
  it('rests while it hears every owner: it beats once a second, and asks whether it is heard', () => {
    const { said, live } = stage();
    live(10_000);
    assert.ok(said.length >= 9 && said.length <= 11, `${said.length}`);
    assert.ok(said.every(({ quiet, restful }) => !quiet && restful));
  });

  it('beats at once, and on, when a beat of an owner is overdue: then it matters who is there', () => {
    const { bench, said, live } = stage();
    const silentFrom = bench.now;
    live(320, { owner: false });
    const at = said.filter(({ restful }) => !restful).map((beat) => beat.at - silentFrom);
    assert.deepEqual(at, [125, 225]);
    live(2000);
    said.length = 0;
    live(3000);
    assert.ok(said.length <= 4, `${said.length}`);
  });

  it('beats for a while when another one that claims nothing misses an owner', () => {
    const { bench, said, live } = stage();
    live(300);
    said.length = 0;
    bench.beat('c', 1e6, []);
    live(600, { c: false });
    assert.ok(said.length >= 3 && said.length <= 5, `${said.length}`);
    assert.ok(said.every(({ restful }) => restful));
  });
});

describe('a node that rests', () => {
  it('is a candidate: what is let go is left to it if it comes first', () => {
    const { bench, live } = stage(['c', 'a', 'b']);
    live(700);
    live(100, { claims: [] });
    assert.equal(bench.node.claims.has(vip), false);
    live(100, { claims: [] });
    assert.equal(bench.node.claims.has(vip), true, 'its slot has passed');
  });

  it('is none when it says nothing although an owner is overdue', () => {
    const { bench, live } = stage(['b', 'c', 'a']);
    live(500);
    const heardAt = bench.now;
    live(promiseMs - 5, { owner: false, c: false });
    assert.equal(bench.node.claims.has(vip), false);
    live(10, { owner: false, c: false });
    assert.equal(bench.node.claims.has(vip), true, `${bench.now - heardAt} ms after the last beat`);
    assert.equal(bench.node.claims.has(other), false);
  });
});
