import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { announcementFrames } from '../../../../providers/l2/kernel/frames.ts';

const mac = '02:00:5e:00:53:01';
const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

describe('announcements', () => {
  it('of IPv4 are a gratuitous request and a gratuitous reply to everybody', () => {
    const frames = announcementFrames('192.0.2.7', mac);
    const head = 'ffffffffffff02005e0053010806000108000604';
    const [own, vip] = ['02005e005301', 'c0000207'];
    assert.deepEqual(frames.map(hex), [
      `${head}0001${own}${vip}000000000000${vip}${'00'.repeat(18)}`,
      `${head}0002${own}${vip}ffffffffffff${vip}${'00'.repeat(18)}`,
    ]);
  });

  it('of IPv6 is an unsolicited advertisement to all nodes that overrides, with a right checksum', () => {
    const [frame, ...more] = announcementFrames('2001:db8::7', mac);
    assert.equal(more.length, 0);
    const vip = '20010db8000000000000000000000007';
    const all = 'ff020000000000000000000000000001';
    const text = hex(frame);
    assert.equal(text.slice(0, 108), `33330000000102005e00530186dd6000000000203aff${vip}${all}`);
    assert.equal(text.slice(108, 112), '8800');
    assert.equal(text.slice(116), `20000000${vip}0201${mac.replaceAll(':', '')}`);
    // Over the pseudo header and the whole message, checksum included, the sum is all ones (RFC 1071).
    const words = (part: string) => (part.match(/.{4}/g) ?? []).map((word) => Number.parseInt(word, 16));
    let sum = words(`${vip}${all}000000200000003a${text.slice(108)}`).reduce((total, word) => total + word, 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    assert.equal(sum, 0xffff);
  });
});
