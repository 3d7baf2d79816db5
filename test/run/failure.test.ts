import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failureOf } from '../../src/run/failure.ts';

describe('anything thrown', () => {
  it('is told in one line', () => {
    assert.deepEqual(failureOf(new TypeError('[\n  {\n    "path": []\n  }\n]')), {
      ...{ code: 'E_BUG', class: 'bug' },
      message: 'TypeError: [ { "path": [] } ]',
    });
  });
});
