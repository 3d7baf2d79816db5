import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Heap } from '../../src/alloc/heap.ts';
import { Random } from '../property/random.ts';

describe('a heap of whole numbers', () => {
  it('gives the lowest first, each once, whatever came in between', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new Random(seed);
      const heap = new Heap();
      const plain = new Set<number>();
      for (let n = 0; n < 200; n++) {
        if (random.chance(0.6)) {
          const item = random.below(60);
          heap.add(item);
          plain.add(item);
        } else {
          heap.shift();
          plain.delete(Math.min(...plain));
        }
        assert.equal(heap.lowest, plain.size === 0 ? undefined : Math.min(...plain));
      }
    }
  });
});
