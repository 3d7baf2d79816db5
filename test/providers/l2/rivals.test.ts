import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Rivals } from '../../../providers/l2/rivals.ts';

describe('rivals', () => {
  it('are told once a minute each, and announced against every ten seconds while the gate is open', () => {
    let now = 0;
    const claims = [
      { vip: '10.0.0.1', mac: '02:00:5e:00:53:02' },
      { vip: '10.0.0.1', mac: '02:00:5e:00:53:03' },
      { vip: '10.0.0.2', mac: '02:00:5e:00:53:02' },
    ];
    const did: string[] = [];
    const settled: string[] = [];
    const rivals = new Rivals({
      claims: () => claims,
      open: (vip) => vip === '10.0.0.1',
      announce: (vips) => did.push(`${now} announce ${vips}`),
      settle: (vip) => settled.push(`${now} ${vip}`),
      tell: ({ vip, mac }) => did.push(`${now} tell ${vip} ${mac.slice(-2)}`),
      now: () => now,
    });
    for (; now <= 61_000; now += 3000) rivals.look();
    assert.deepEqual(did, [
      '0 tell 10.0.0.1 02',
      '0 tell 10.0.0.1 03',
      '0 announce 10.0.0.1',
      '12000 announce 10.0.0.1',
      '24000 announce 10.0.0.1',
      '36000 announce 10.0.0.1',
      '48000 announce 10.0.0.1',
      '60000 tell 10.0.0.1 02',
      '60000 tell 10.0.0.1 03',
      '60000 announce 10.0.0.1',
    ]);
    assert.equal(settled.length, 21, 'our own nodes settle it among themselves at each look');
  });
});
