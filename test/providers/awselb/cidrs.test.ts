import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aggregate, listed } from '../../../providers/awselb/cidrs.ts';

describe('ranges', () => {
  it('are joined into the fewest that cover the same', () => {
    assert.deepEqual(aggregate(['10.0.0.0/25', '10.0.0.128/25', '10.0.1.0/24']), ['10.0.0.0/23']);
    assert.deepEqual(aggregate(['10.0.0.0/8', '10.1.0.0/16', '192.168.0.1/32']), ['10.0.0.0/8', '192.168.0.1/32']);
    assert.deepEqual(aggregate(['10.0.1.0/24', '10.0.2.0/24']), ['10.0.1.0/24', '10.0.2.0/24']);
    assert.deepEqual(aggregate(['2001:db8::/33', '2001:db8:8000::/33', '0.0.0.0/1', '128.0.0.0/1']), [
      '0.0.0.0/0',
      '2001:db8::/32',
    ]);
    assert.deepEqual(aggregate([]), []);
  });

  it('are listed in one form and once', () => {
    assert.deepEqual(listed(['10.0.0.7/8', '10.0.0.0/8', '1.2.3.4']), ['1.2.3.4/32', '10.0.0.0/8']);
  });
});
