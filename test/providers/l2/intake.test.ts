import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Intake } from '../../../providers/l2/intake.ts';

function stage() {
  let now = 0;
  const told: string[] = [];
  const intake = new Intake({
    now: () => now,
    known: (address) => address === '10.0.0.1',
    tell: (why, from, count) => told.push(`${why} ${from} ${count}`),
  });
  const admitted = (from: string, count: number, bytes = 200) =>
    Array.from({ length: count }).filter(() => intake.admits(from, bytes)).length;
  return { intake, told, admitted, wait: (ms: number) => (now += ms) };
}

describe('the door for datagrams', () => {
  it('lets a peer say all that it may have to say', () => {
    const { admitted, wait } = stage();
    assert.equal(admitted('10.0.0.1', 500), 500);
    for (let second = 0; second < 10; second += 1) {
      wait(1000);
      assert.equal(admitted('10.0.0.1', 400), 400);
    }
  });

  it('bounds what a flood makes a node compute, from one address, from thousands, and in large pieces', () => {
    const one = stage();
    assert.equal(one.admitted('10.0.0.1', 100_000), 2000);
    assert.equal(one.admitted('10.0.0.66', 100_000), 20);
    const many = stage();
    let sum = 0;
    for (let address = 0; address < 60_000; address += 1)
      sum += many.admitted(`10.1.${address >> 8}.${address & 255}`, 2);
    assert.equal(sum, 100);
    assert.equal(stage().admitted('10.0.0.1', 100_000, 60_000), 50);
  });

  it('takes an address for a peer once something authentic came from it', () => {
    const { intake, admitted } = stage();
    intake.proved('10.0.0.66');
    assert.equal(admitted('10.0.0.66', 10_000), 2000);
  });

  it('tells of the first datagram that is not taken at once, and of those after it once a minute', () => {
    const { intake, told, wait } = stage();
    for (let count = 0; count < 5; count += 1) intake.dropped('forged', '10.0.0.9');
    assert.deepEqual(told, ['forged 10.0.0.9 1']);
    wait(60_000);
    intake.dropped('forged', '10.0.0.9');
    assert.deepEqual(told.slice(1), ['forged 10.0.0.9 5']);
    for (let address = 0; address < 100_000; address += 1) intake.dropped('forged', `${address}`);
    assert.ok(told.length < 400, 'a flood of addresses is not a flood of news');
  });
});
