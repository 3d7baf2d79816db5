import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Mutant, openBroken } from './break-source.ts';
import { mutants } from './mutants.ts';
import { runHistory } from './run-history.ts';

const most = 400;

/** The first history that shows the fault; undefined: none does. */
async function firstToShow(mutant: Mutant): Promise<number | undefined> {
  const open = await openBroken(mutant);
  for (let seed = 1; seed <= most; seed++) {
    try {
      if (runHistory(open, seed, 25) !== undefined) return seed;
    } catch {
      return seed;
    }
  }
  return undefined;
}

describe('faults planted in the allocator', () => {
  for (const mutant of mutants) {
    it(`are noticed: ${mutant.name}`, async () => {
      assert.notEqual(await firstToShow(mutant), undefined);
    });
  }

  it('are planted: the source unchanged passes where it is loaded the same way', async () => {
    const open = await openBroken({
      name: 'none',
      file: 'share.ts',
      from: 'export function clash',
      to: 'export function clash',
    });
    for (let seed = 1; seed <= 20; seed++) assert.equal(runHistory(open, seed, 25), undefined);
  });

  it('name a text that stands there', async () => {
    await assert.rejects(
      openBroken({ name: 'nowhere', file: 'share.ts', from: 'not in it', to: '' }),
      /not once in share.ts/,
    );
  });
});
