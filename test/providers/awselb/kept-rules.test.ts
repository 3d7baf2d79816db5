import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keepFronts } from '../../../providers/awselb/keep.ts';
import { clusterTag } from '../../../providers/awselb/names.ts';
import { presentOf } from '../../../providers/awselb/present.ts';
import type { Member, Observed, Resource } from '../../../src/model/index.ts';

const rule = (host: string, path: string, Priority: number, tagged = true): Resource => ({
  kind: 'Rule',
  id: `${host}${path}`,
  unit: 'edge',
  serves: [],
  attrs: {
    Priority,
    Conditions: [
      { Field: 'host-header', HostHeaderConfig: { Values: [host] } },
      { Field: 'path-pattern', PathPatternConfig: { Values: [path] } },
    ],
  },
  refs: { ListenerArn: '443' },
  sets: { Tags: new Map<string, Member>(tagged ? [[clusterTag, { attrs: { Value: 'test' } }]] : []) },
});
const there = (one: Resource): Observed => ({ ...one, handle: one.id, owned: true, facts: {} });

/** Rules in their order, where `kept` stay and `wanted` are wanted; of these `made` exist at their numbers. */
function order(kept: readonly Resource[], wanted: readonly Resource[], made: readonly Resource[] = []) {
  const all = keepFronts(
    'edge',
    ({ id }) => kept.some((one) => one.id === id),
    wanted,
    presentOf([...kept, ...made].map(there)),
  );
  return [...all].sort((a, b) => Number(a.attrs.Priority) - Number(b.attrs.Priority)).map(({ id }) => id);
}

describe('rules that are kept beside wanted ones', () => {
  const fresh = [rule('a.test', '/*', 1), rule('b.test', '/*', 2)];

  it('come before new ones, and also when these exist below them', () => {
    const kept = [rule('old.test', '/*', 3)];
    const expected = ['old.test/*', 'a.test/*', 'b.test/*'];
    assert.deepEqual(order(kept, fresh), expected);
    assert.deepEqual(order(kept, fresh, [rule('a.test', '/*', 4), rule('b.test', '/*', 5)]), expected);
  });

  it('keep their place among those that exist', () => {
    const made = [rule('a.test', '/*', 1), rule('b.test', '/*', 9)];
    assert.deepEqual(order([rule('old.test', '/*', 3)], fresh, made), ['a.test/*', 'old.test/*', 'b.test/*']);
  });

  it('let narrower ones pass where services asked for them, and not where hands made them', () => {
    const broad = (tagged: boolean) => [rule('*.test', '/*', 1, tagged)];
    assert.deepEqual(order(broad(true), fresh), ['a.test/*', 'b.test/*', '*.test/*']);
    assert.deepEqual(order(broad(true), fresh, [rule('a.test', '/*', 2)]), ['a.test/*', 'b.test/*', '*.test/*']);
    assert.deepEqual(order(broad(false), fresh), ['*.test/*', 'a.test/*', 'b.test/*']);
  });
});
