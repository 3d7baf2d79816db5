import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Agreeing } from '../../../providers/l2/agreeing.ts';
import type { Announcing } from '../../../providers/l2/announcing.ts';
import type { Mode } from '../../../providers/l2/protocol/modes.ts';
import { SaidWords } from '../../../providers/l2/said-words.ts';
import type { Order } from '../../../providers/l2/speaker-words.ts';
import { versionOf } from '../../../providers/l2/word-exchange.ts';

function stage(t: TestContext, voters: readonly string[], mode: Mode = 'strict') {
  let nowMs = 0;
  let running = false;
  const orders: Order[] = [];
  const told: number[] = [];
  const said = new SaidWords(() => nowMs);
  const thread: Pick<Announcing, 'running' | 'said' | 'order'> = {
    get running() {
      return running;
    },
    said,
    order: (order) => orders.push(order),
  };
  const agreeing = new Agreeing({
    node: 'a',
    now: () => nowMs,
    announcing: () => thread,
    orders: () => ({ mode, peers: voters.filter((name) => name !== 'a') }),
    voters: () => voters,
    changed: () => told.push(nowMs),
  });
  t.after(() => agreeing.close());
  const silent: string[] = [];
  return {
    agreeing,
    orders,
    told,
    run() {
      running = true;
    },
    pass(ms: number) {
      nowMs += ms;
    },
    says: (node: string, words: string, knows = '') =>
      said.hear({ kind: 'said', said: { node, words, version: versionOf(words), knows } }),
    silence(...names: readonly string[]) {
      silent.splice(0, silent.length, ...names);
      said.hear({ kind: 'silent', nodes: silent.map((name) => [name, 0] as const) });
    },
    state: () => agreeing.hear().state,
  };
}

describe('whether machines can agree', () => {
  it('is known when all are heard, or after two seconds, by the majority of voters', (t) => {
    const { run, pass, says, silence, state, agreeing } = stage(t, ['a', 'b', 'c']);
    assert.equal(state(), 'listening');
    run();
    assert.equal(state(), 'listening');
    says('b', 'words of b');
    assert.equal(state(), 'listening', 'c may be there');
    pass(2001);
    assert.equal(state(), 'enough');
    silence('b', 'c');
    const { state: now, reason = '', voices } = agreeing.hear();
    assert.equal(now, 'few');
    assert.match(reason, /b, c/);
    assert.deepEqual(voices.get('b'), { words: 'words of b', present: false });
    silence('c');
    assert.equal(state(), 'few', 'what it had said before says nothing of now');
    says('b', 'words of b');
    assert.equal(state(), 'enough', 'who is known to be away is not waited for');
    silence('b', 'c');
    pass(61_000);
    assert.equal(agreeing.hear().voices.size, 0, 'what somebody said who is long gone');
  });

  it('is looked at again when what a silent machine has said counts no more', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { agreeing, told } = stage(t, ['a', 'b', 'c']);
    agreeing.follow({ kind: 'silent', nodes: [['b', 0]] });
    t.mock.timers.tick(59_000);
    assert.equal(told.length, 0);
    t.mock.timers.tick(2000);
    assert.equal(told.length, 1);
    agreeing.follow({ kind: 'silent', nodes: [['b', 0]] });
    agreeing.follow({ kind: 'silent', nodes: [] });
    t.mock.timers.tick(61_000);
    assert.equal(told.length, 1);
  });

  it('takes one of two where one may go on alone', (t) => {
    const alone = stage(t, ['a', 'b'], 'available');
    alone.run();
    assert.equal(alone.state(), 'listening', 'the other may be there');
    alone.pass(2001);
    assert.equal(alone.state(), 'enough');
    const strict = stage(t, ['a', 'b'], 'strict');
    strict.run();
    strict.state();
    strict.pass(2001);
    assert.equal(strict.state(), 'few');
  });

  it('is not waited for where nothing announces', (t) => {
    const { agreeing, state } = stage(t, ['a', 'b']);
    assert.equal(state(), 'listening');
    agreeing.fail();
    assert.equal(state(), 'few');
  });

  it('tells the thread what is new, and all of it when it begins', (t) => {
    const { agreeing, orders, says } = stage(t, ['a', 'b']);
    says('b', 'theirs');
    const version = agreeing.say('mine', agreeing.hear().voices);
    assert.equal(version, versionOf('mine'));
    agreeing.say('mine', agreeing.hear().voices);
    const order = { kind: 'say', words: 'mine', taken: [['b', versionOf('theirs')]] };
    assert.deepEqual(orders, [order]);
    agreeing.begin();
    assert.deepEqual(orders, [order, order]);
  });
});
