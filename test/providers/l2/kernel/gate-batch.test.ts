import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeChange, readClaimed, readOutcome } from '../../../../providers/l2/kernel/gate-batch.ts';
import {
  attribute,
  errorOf,
  hostNumber,
  message,
  nested,
  readAttributes,
  readMessages,
} from '../../../../providers/l2/kernel/netlink.ts';

const both = ['ipv4', 'ipv6'] as const;
/** What a transaction says, a line each: the message, family, set, and its elements in hexadecimal. */
function wordsOf(batch: Uint8Array | undefined): readonly string[] {
  assert.ok(batch);
  return readMessages(batch).map(({ type, body }) => {
    if (type < 0x20) return type === 0x10 ? 'begin' : 'end';
    const verb = type === 0xa0c ? 'add' : type === 0xa0e ? 'delete' : String(type);
    const attributes = new Map(readAttributes(body.subarray(4)));
    const name = Buffer.from(attributes.get(2) ?? [])
      .toString('latin1')
      .slice(0, -1);
    const elements = readAttributes(attributes.get(3) ?? new Uint8Array()).map(([, one]) =>
      readAttributes(one)
        .map(([kind, value]) => (kind === 4 ? value : (readAttributes(value)[0]?.[1] ?? new Uint8Array())))
        .map((value) => Buffer.from(value).toString('hex'))
        .join(' '),
    );
    return [
      verb,
      new Map([
        [2, 'ip'],
        [3, 'arp'],
        [10, 'ip6'],
      ]).get(body[0] ?? 0),
      name,
      ...elements,
    ].join(' ');
  });
}

describe('a change of the gates', () => {
  it('of a token speaks of the families in use only', () => {
    const mark = Buffer.from(hostNumber(12)).toString('hex');
    assert.deepEqual(wordsOf(encodeChange({ inc: 7, families: ['ipv4'], arm: { token: 12, gateMs: 300 } })), [
      'begin',
      `add arp armed ${mark} 000000000000012c`,
      'end',
    ]);
    assert.deepEqual(wordsOf(encodeChange({ inc: 7, families: both, token: 12 })), [
      'begin',
      'delete arp cur',
      `add arp cur 0001 ${mark}`,
      'delete ip6 cur',
      `add ip6 cur 87 ${mark}`,
      'end',
    ]);
  });

  it('says a difference of the owned addresses, or all of them', () => {
    const owned = { add: ['10.0.0.3', '2001:db8::1'], remove: ['10.0.0.1'] };
    const difference = [
      'delete arp owned 0a000001',
      'add arp owned 0a000003',
      'add ip6 owned 20010db8000000000000000000000001',
    ];
    assert.deepEqual(wordsOf(encodeChange({ inc: 7, families: both, owned })), ['begin', ...difference, 'end']);
    assert.deepEqual(wordsOf(encodeChange({ inc: 7, families: both, owned: { ...owned, remove: [], all: true } })), [
      'begin',
      'delete arp owned',
      'add arp owned 0a000003',
      'delete ip6 owned',
      'add ip6 owned 20010db8000000000000000000000001',
      'end',
    ]);
    assert.equal(encodeChange({ inc: 7, families: both, owned: { add: [], remove: [] } }), undefined);
  });

  it('replaces the addresses whose connections are passed on, in tables of their own', () => {
    const moved = [{ vip: '10.0.0.1', to: '10.0.0.11', leftMs: 300 }];
    const batch = encodeChange({ inc: 7, families: [], moved });
    assert.deepEqual(wordsOf(batch), [
      'begin',
      'delete ip moving',
      'delete ip handed',
      'add ip handed 0a000001 000000000000012c 0a00000b',
      'add ip moving 0a000001 000000000000012c',
      'delete ip6 moving',
      'delete ip6 handed',
      'end',
    ]);
    assert.match(Buffer.from(batch ?? []).toString('latin1'), /weir-7-moved/);
  });

  it('of thousands of addresses is one transaction of which only the end is answered', () => {
    const add = Array.from({ length: 2500 }, (_, at) => `2001:db8::${at.toString(16)}`);
    const batch = encodeChange({ inc: 7, families: both, owned: { add, remove: [] } });
    assert.ok(batch);
    const flags: number[] = [];
    for (let at = 0; at < batch.length; ) {
      const view = new DataView(batch.buffer, at);
      flags.push(view.getUint16(6, true) & 4);
      at += view.getUint32(0, true);
    }
    assert.deepEqual(flags, [0, 0, 0, 4, 0]);
    assert.deepEqual(
      wordsOf(batch)
        .slice(1, -1)
        .flatMap((line) => line.split(' ').slice(3)).length,
      2500,
    );
  });

  it('is done, refused, refused for want of a table, or not answered', () => {
    const say = (...codes: readonly number[]) => codes.map((code) => ({ type: 2, body: hostNumber(-code >>> 0) }));
    assert.deepEqual(readOutcome(say(0)), { ok: true });
    assert.deepEqual(readOutcome(say(2, 1)), { ok: false, missing: true, error: 'errno 2, 1' });
    assert.deepEqual(readOutcome(say(1, 0)), { ok: false, missing: false, error: 'errno 1' });
    assert.equal(readOutcome([]), undefined);
    assert.equal(errorOf(say(105)[0] ?? { type: 0, body: new Uint8Array() }), 105);
  });

  it('listed claims are addresses with the Ethernet address of who makes them', () => {
    const mac = [2, 0, 0x5e, 0, 0x53, 4];
    const listing = (...keys: readonly (readonly number[])[]) => [
      {
        type: 0xa0c,
        body: message(
          0,
          0,
          0,
          Uint8Array.of(3, 0, 0, 0),
          nested(3, ...keys.map((key) => nested(1, nested(1, attribute(1, Uint8Array.from(key)))))),
        ).slice(16),
      },
    ];
    assert.deepEqual(readClaimed(listing([10, 0, 0, 1, ...mac, 0, 0], [10, 0, 0, 2, ...mac, 0, 0]), 'ipv4'), [
      { vip: '10.0.0.1', mac: '02:00:5e:00:53:04' },
      { vip: '10.0.0.2', mac: '02:00:5e:00:53:04' },
    ]);
    const ipv6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    assert.deepEqual(readClaimed(listing([...ipv6, ...mac, 0, 0]), 'ipv6'), [
      { vip: '2001:db8::1', mac: '02:00:5e:00:53:04' },
    ]);
  });
});
