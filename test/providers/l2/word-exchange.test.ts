import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeWord, encodeWord, type Word } from '../../../providers/l2/word-codec.ts';
import { type Said, versionOf, WordExchange } from '../../../providers/l2/word-exchange.ts';

/** The same numbers each time. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

interface Parts {
  readonly seed?: number;
  /** Shares of datagrams that are lost, and that come twice, the second time up to a second later. */
  readonly loss?: number;
  readonly repeat?: number;
}

interface Machine {
  exchange: WordExchange;
  readonly said: Map<string, Said>;
  tickAt: number;
}

/** Machines on a network that delays each datagram by up to 5 ms. */
function network(names: readonly string[], { seed = 1, loss = 0, repeat = 0 }: Parts = {}) {
  const random = randomOf(seed);
  let now = 0;
  let sent = 0;
  const flying: { at: number; to: string; bytes: Uint8Array }[] = [];
  const recorded: { to: string; bytes: Uint8Array }[] = [];
  const machines = new Map<string, Machine>();
  const cut = new Set<string>();
  /** From whom nothing arrives, though everything reaches it. */
  const mute = new Set<string>();
  const begin = (name: string) => {
    const said = new Map<string, Said>();
    const exchange = new WordExchange({
      node: name,
      now: () => now,
      random: () => 1 + Math.floor(random() * 2 ** 47),
      send(to: string, word: Word) {
        const bytes = encodeWord(word);
        sent += 1;
        recorded.push({ to, bytes });
        if (cut.has(name) || cut.has(to) || mute.has(name)) return;
        if (random() >= loss) flying.push({ at: now + 5 * random(), to, bytes });
        if (random() < repeat) flying.push({ at: now + 1000 * random(), to, bytes });
      },
      said: (one) => said.set(one.node, one),
      there: (other) => !cut.has(name) && !cut.has(other) && machines.has(other),
    });
    exchange.know(names);
    machines.set(name, { exchange, said, tickAt: now });
  };
  for (const name of names) begin(name);
  const of = (name: string) => {
    const found = machines.get(name);
    assert.ok(found);
    return found;
  };
  return {
    cut,
    mute,
    begin,
    recorded,
    sent: () => sent,
    now: () => now,
    deliver: (to: string, bytes: Uint8Array) => of(to).exchange.hear(decodeWord(bytes)),
    /** With everything that it has heard taken in. */
    say(name: string, words: string) {
      const { exchange, said } = of(name);
      exchange.say(words, new Map([...said].map(([node, { version }]) => [node, version])));
      of(name).tickAt = now;
    },
    forget: (name: string, other: string) => of(name).said.delete(other),
    heard: (name: string, other: string) => of(name).said.get(other),
    run(forMs: number, done: () => boolean = () => false) {
      for (const end = now + forMs; now < end && !done(); now += 1) {
        for (const { to, bytes } of flying.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)) {
          of(to).exchange.hear(decodeWord(bytes));
          of(to).tickAt = Math.min(of(to).tickAt, now + 1);
        }
        flying.splice(0, flying.length, ...flying.filter(({ at }) => at > now));
        for (const machine of machines.values())
          if (machine.tickAt <= now) machine.tickAt = now + machine.exchange.tick();
      }
    },
  };
}

const long = (tag: string) => Array.from({ length: 4000 }, (_, at) => `${tag} ${at * 7919} ${Math.sin(at)}`).join();

describe('words between machines', () => {
  it('arrive whole within milliseconds, with what their speaker knew', () => {
    const net = network(['a', 'b', 'c']);
    net.run(100);
    net.say('a', 'one');
    net.run(40, () => net.heard('b', 'a')?.words === 'one' && net.heard('c', 'a')?.words === 'one');
    assert.equal(net.heard('c', 'a')?.words, 'one');
    net.say('b', 'two');
    net.run(40, () => net.heard('a', 'b') !== undefined);
    assert.deepEqual(net.heard('a', 'b'), {
      node: 'b',
      version: versionOf('two'),
      words: 'two',
      knows: versionOf('one'),
    });
  });

  for (const loss of [0.3, 0.5])
    it(`arrive at a loss of ${loss * 100} %, later, however many datagrams they are`, () => {
      for (let seed = 1; seed <= 5; seed += 1) {
        const net = network(['a', 'b', 'c'], { seed, loss, repeat: 0.2 });
        const words = long(`seed ${seed}`);
        net.say('a', 'before');
        net.run(300);
        net.say('a', words);
        net.run(30_000, () => net.heard('b', 'a')?.words === words && net.heard('c', 'a')?.words === words);
        assert.equal(net.heard('b', 'a')?.words, words);
        net.say('b', 'answer');
        const answered = () => net.heard('a', 'b')?.knows === versionOf(words);
        net.run(10_000, answered);
        assert.ok(answered(), `seed ${seed}`);
      }
    });

  it('of a machine that begins anew count, and what was recorded of its earlier life does not', () => {
    const net = network(['a', 'b']);
    net.say('a', 'old');
    net.run(500, () => net.heard('b', 'a')?.words === 'old');
    const replayed = net.recorded.filter(({ to }) => to === 'b');
    net.begin('a');
    net.say('a', 'new');
    net.run(5000, () => net.heard('b', 'a')?.words === 'new');
    assert.equal(net.heard('b', 'a')?.words, 'new');
    for (const gapMs of [0, 20])
      for (const { to, bytes } of replayed) {
        net.deliver(to, bytes);
        net.run(gapMs);
        assert.equal(net.heard('b', 'a')?.words, 'new');
      }
    net.say('a', 'newer');
    net.run(200, () => net.heard('b', 'a')?.words === 'newer');
    assert.equal(net.heard('b', 'a')?.words, 'newer');
  });

  it('that were others before do not come back by a record of the same life', () => {
    const net = network(['a', 'b']);
    net.say('a', 'one');
    net.run(500, () => net.heard('b', 'a')?.words === 'one');
    const replayed = net.recorded.filter(({ to }) => to === 'b');
    net.say('a', 'two');
    net.run(500, () => net.heard('b', 'a')?.words === 'two');
    for (const { to, bytes } of replayed) {
      net.deliver(to, bytes);
      assert.equal(net.heard('b', 'a')?.words, 'two');
    }
  });

  it('are known to be taken in soon after that was lost', () => {
    const net = network(['a', 'b']);
    net.say('a', 'one');
    net.say('b', 'here');
    net.run(1000);
    net.say('a', 'two');
    net.run(100, () => net.heard('b', 'a')?.words === 'two');
    net.mute.add('b');
    net.say('b', 'here');
    net.run(50);
    net.mute.delete('b');
    net.run(300, () => net.heard('a', 'b')?.knows === versionOf('two'));
    assert.equal(net.heard('a', 'b')?.knows, versionOf('two'));
  });

  it('are told again by a machine that was not heard in between, and cost two datagrams in four seconds at rest', () => {
    const net = network(['a', 'b']);
    net.say('a', 'one');
    net.say('b', 'two');
    net.run(1000);
    net.say('a', 'one');
    net.say('b', 'two');
    net.run(8000);
    const before = net.sent();
    net.run(4000);
    assert.ok(net.sent() - before <= 5, `${net.sent() - before}`);
    net.cut.add('a');
    net.run(5000);
    net.forget('b', 'a');
    net.run(3000);
    assert.equal(net.heard('b', 'a'), undefined);
    net.cut.delete('a');
    net.run(3000, () => net.heard('b', 'a') !== undefined);
    assert.equal(net.heard('b', 'a')?.words, 'one');
  });
});
