import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { modeNotice, modes } from '../../../../providers/l2/protocol/modes.ts';

describe('the modes of two nodes', () => {
  it('say their holes aloud', () => {
    for (const mode of modes) assert.ok(modeNotice(mode).length > 60);
    assert.match(modeNotice('witness'), /without the witness it is as strict/);
    assert.match(modeNotice('api'), /silent for 10 s/);
    assert.match(modeNotice('strict'), /no address is answered until it is back/);
    assert.match(modeNotice('available'), /both may answer for the same address/);
  });
});
