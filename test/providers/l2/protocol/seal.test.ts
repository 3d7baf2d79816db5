import assert from 'node:assert/strict';
import { createHmac, hkdfSync } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeMessage, encodeMessage } from '../../../../providers/l2/protocol/codec.ts';
import { deriveMac, shortHash } from '../../../../providers/l2/protocol/keys.ts';
import { electorateOf, type Message } from '../../../../providers/l2/protocol/messages.ts';
import { beats, Seal } from '../../../../providers/l2/protocol/seal.ts';
import { Malformed } from '../../../../providers/l2/protocol/wire.ts';

const secret = 'a secret of more than sixteen bytes';
const cluster = shortHash('cluster');
const sealOf = (self: string, parts: { secret?: string; cluster?: string; config?: string } = {}) => {
  const clusterId = shortHash(parts.cluster ?? 'cluster');
  const mac = deriveMac(parts.secret ?? secret, clusterId);
  return new Seal({ self, clusterId, configHash: shortHash(parts.config ?? 'config'), mac }, beats);
};

const record = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(shape, { noNullPrototype: true });
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const vip = fc.oneof(
  fc.tuple(fc.nat(3), fc.nat(255)).map(([block, last]) => `192.0.${block}.${last}`),
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 255 }))
    .map(([block, last]) => `2001:db8:${block}::${last.toString(16)}`),
);
const spanMs = fc.nat(100_000).map((hundredths) => hundredths / 100);
const count = fc.nat(2 ** 47);
const voters = fc.uniqueArray(name, { minLength: 1, maxLength: 5 });
const group = record({ version: fc.integer({ min: 1, max: 1e6 }), voters, previous: voters });
const byBytes = (found: string) =>
  found.includes(':')
    ? `6${found.split(':').map((part) => part.padStart(4, '0'))}`
    : `4${found.split('.').map((part) => part.padStart(3, '0'))}`;
const claims = fc
  .uniqueArray(vip, { maxLength: 40 })
  .map((found) => found.sort((a, b) => (byBytes(a) < byBytes(b) ? -1 : 1)));
const message: fc.Arbitrary<Message> = fc.oneof(
  record({
    kind: fc.constant('beat' as const),
    from: name,
    inc: count,
    seq: count,
    eligible: fc.boolean(),
    settled: fc.boolean(),
    novice: fc.boolean(),
    quiet: fc.boolean(),
    restful: fc.boolean(),
    claims,
    fence: count,
    fencings: fc.array(record({ fence: count, open: fc.boolean(), vips: claims }), { maxLength: 2 }),
    hints: fc.array(record({ vips: claims, to: name, leftMs: spanMs }), { maxLength: 3 }),
    grouped: group.chain((found) => {
      const length = electorateOf(found).length;
      return record({ group: fc.constant(found), known: fc.array(count, { minLength: length, maxLength: length }) });
    }),
  }).map(({ grouped, ...beat }) => ({ ...beat, ...grouped })),
  record({
    kind: fc.constant('ack' as const),
    from: name,
    inc: count,
    seq: count,
    version: fc.nat(1e6),
    fence: count,
    needs: fc.boolean(),
    refused: fc.array(record({ vip, holder: name, remainingMs: spanMs, fence: count }), { maxLength: 3 }),
  }),
  record({ kind: fc.constant('stale' as const), from: name, knownInc: count }),
  record({ kind: fc.constant('nudge' as const), from: name, inc: count, seq: count, vip }),
  record({ kind: fc.constant('regroup' as const), from: name, group, settled: fc.boolean() }),
  record({ kind: fc.constant('hello' as const), from: name, inc: count }),
);
const nudge: Message = { kind: 'nudge', from: 'a', inc: 7, seq: 9, vip: '192.0.2.7' };

describe('datagrams', () => {
  it('say to the recipient what the sender said', () => {
    const [a, b] = [sealOf('a'), sealOf('b')];
    fc.assert(fc.property(message, (sent) => assert.deepEqual(b.open(a.seal('b', sent)), { ok: true, message: sent })));
  });

  it('with any bit changed, and any piece of one, are dropped', () => {
    const [a, b] = [sealOf('a'), sealOf('b')];
    const datagram = a.seal('b', nudge);
    for (let bit = 0; bit < datagram.length * 8; bit += 1) {
      const changed = Uint8Array.from(datagram);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(b.open(changed).ok, false, `bit ${bit}`);
    }
    for (let length = 0; length < datagram.length; length += 1) {
      assert.equal(b.open(datagram.subarray(0, length)).ok, false, `${length} bytes`);
    }
    assert.equal(b.open(datagram).ok, true);
  });

  it('of other keys, clusters, configurations and recipients are told apart and counted', () => {
    const b = sealOf('b');
    const dropped = (from: Seal<Message>, to = 'b') => {
      const opened = b.open(from.seal(to, nudge));
      return opened.ok ? 'taken' : opened.drop;
    };
    assert.equal(dropped(sealOf('a', { secret: 'another secret of sixteen bytes' })), 'forged');
    assert.equal(dropped(sealOf('a', { cluster: 'other' })), 'foreign');
    assert.equal(dropped(sealOf('a', { config: 'other' })), 'config');
    assert.equal(dropped(sealOf('a'), 'c'), 'misdirected');
    assert.deepEqual(b.drops, { malformed: 0, version: 0, foreign: 1, forged: 1, config: 1, misdirected: 1, flood: 0 });
  });

  it('of noise never throw and are never taken', () => {
    const b = sealOf('b');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        assert.equal(b.open(noise).ok, false);
      }),
    );
  });
});

describe('messages', () => {
  it('have one form only: what can be read is written the same', () => {
    const damaged = fc
      .tuple(message, fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 }))
      .map(([sent, changes]) => {
        const bytes = encodeMessage(sent);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 120 })), (bytes) => {
        const read = attempt(() => decodeMessage(bytes));
        if (read !== undefined) assert.deepEqual(Buffer.from(encodeMessage(read)), Buffer.from(bytes));
      }),
      { numRuns: 3000 },
    );
  });

  it('hold a thousand neighbouring addresses in little more than a kilobyte', () => {
    const many = Array.from({ length: 1000 }, (_, index) => `198.51.${index >> 8}.${index & 255}`);
    const group = { version: 1, voters: ['a', 'b', 'c'], previous: [] };
    const flags = { eligible: true, settled: true, novice: false, quiet: false, restful: false };
    const numbers = { fence: 9, fencings: [], known: [1, 2, 3] };
    const beat: Message = {
      kind: 'beat',
      from: 'a',
      inc: 1,
      seq: 1,
      group,
      claims: many,
      hints: [],
      ...flags,
      ...numbers,
    };
    assert.ok(encodeMessage(beat).length < 1100);
  });
});

describe('keys', () => {
  it('depend on the whole secret and on the cluster', () => {
    const long = 's'.repeat(40);
    const code = (text: string, id = cluster) => Buffer.from(deriveMac(text, id)(cluster)).toString('hex');
    assert.equal(code(`${long}a`), code(`${long}a`));
    assert.notEqual(code(`${long}a`), code(`${long}b`));
    assert.notEqual(code(long), code(long, shortHash('other')));
  });

  it('make the code that HMAC-SHA256 makes, of datagrams of any length', () => {
    const key = new Uint8Array(hkdfSync('sha256', Buffer.from(secret), cluster, 'weir l2 datagrams 1', 32));
    const mac = deriveMac(secret, cluster);
    for (const length of [0, 1, 63, 64, 2048, 2049, 65_000, 100]) {
      const bytes = new Uint8Array(length).map((_, at) => at);
      assert.deepEqual(Buffer.from(mac(bytes)), createHmac('sha256', key).update(bytes).digest());
    }
  });

  it('are not made of a short secret', () => {
    assert.throws(() => deriveMac('short', cluster), /the secret has 5 bytes: give at least 16/);
  });
});

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
