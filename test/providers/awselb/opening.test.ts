import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { service, tcp } from '../../front/make-service.ts';
import { converge } from './converge.ts';
import { desire } from './desire.ts';
import { behind } from './made-nlb.ts';

const at = (...sourceRanges: readonly string[]) => {
  const front = sourceRanges.length === 0 ? tcp(80) : { ...tcp(80), sourceRanges };
  return service('shop/web', [front], { backends: { web: behind() } });
};

describe('a port that lets in some', () => {
  const told = (before: readonly string[], after: readonly string[]) => {
    const { cloud } = converge([at(...before)]);
    return desire([at(...after)], { present: cloud.observe() }).problems.map(({ code, severity, service: id }) => [
      code,
      severity,
      id,
    ]);
  };

  it('is told when it is opened to everybody, until it is', () => {
    assert.deepEqual(told(['10.9.0.0/16'], []), [['W_OPENED', 'warning', 'shop/web']]);
    assert.deepEqual(told(['10.9.0.0/16'], ['0.0.0.0/0']), [['W_OPENED', 'warning', 'shop/web']]);
    assert.deepEqual(told([], []), []);
  });

  it('may get other ranges, and lose them', () => {
    assert.deepEqual(told(['10.9.0.0/16'], ['10.9.0.0/16', '10.8.0.0/16']), []);
    assert.deepEqual(told([], ['10.9.0.0/16']), []);
  });
});
