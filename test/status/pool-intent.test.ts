import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { poolIntent } from '../../src/status/pool-intent.ts';
import { ingressKind, known } from './objects.ts';

const annotated = (pool: string) => known({ metadata: { annotations: { 'metallb.io/ip-allocated-from-pool': pool } } });

describe('the annotation that names the pool of an address', () => {
  it('is written where it says something else, to this very Service', () => {
    const metadata = { uid: 'u1', annotations: { 'metallb.io/ip-allocated-from-pool': 'public' } };
    const intent = { type: 'merge', body: { metadata } };
    assert.deepEqual(poolIntent(known(), 'public'), intent);
    assert.deepEqual(poolIntent(annotated('other'), 'public'), intent);
    assert.equal(poolIntent(annotated('public'), 'public'), undefined);
  });

  it('goes with the last address', () => {
    const metadata = { uid: 'u1', annotations: { 'metallb.io/ip-allocated-from-pool': null } };
    assert.deepEqual(poolIntent(annotated('public'), null), { type: 'merge', body: { metadata } });
    assert.equal(poolIntent(known(), null), undefined);
  });

  it('stays where no pool is known, and is for Services that stay', () => {
    assert.equal(poolIntent(annotated('other'), undefined), undefined);
    assert.equal(poolIntent(known({}, ingressKind), 'public'), undefined);
    const going = known({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    assert.equal(poolIntent(going, 'public'), undefined);
  });
});
