import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Voices } from '../../../providers/l2/voices.ts';

describe('two machines of one name', () => {
  const stage = (known: Readonly<Record<string, string>> = {}) => {
    let now = 0;
    const voices = new Voices({ now: () => now, addressOf: (node) => known[node] });
    return { hear: (address: string, node = 'a') => voices.admits(node, address), pass: (ms: number) => (now += ms) };
  };

  it('the first one is listened to for as long as it speaks, and the second one after that', () => {
    const { hear, pass } = stage();
    for (let second = 0; second < 10; second += 1) {
      assert.deepEqual([hear('10.0.0.1'), hear('10.0.0.9')], [true, false]);
      assert.equal(hear('10.0.0.9', 'b'), true, 'another name is another machine');
      pass(1000);
    }
    pass(2500);
    assert.equal(hear('10.0.0.9'), true);
    assert.equal(hear('10.0.0.1'), false);
  });

  it('the one at the address that peers says is listened to whoever came first', () => {
    const { hear } = stage({ a: '10.0.0.1' });
    assert.deepEqual(
      [hear('10.0.0.9'), hear('10.0.0.1'), hear('10.0.0.9'), hear('10.0.0.1')],
      [true, true, false, true],
    );
  });
});
