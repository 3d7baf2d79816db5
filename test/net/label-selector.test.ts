import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLabelSelector } from '../../src/net/index.ts';

const selects = (text: string, labels: Record<string, string>) => {
  const parsed = parseLabelSelector(text);
  assert.ok(parsed.ok, text);
  return parsed.value(labels);
};

test('label selectors read as kubectl reads them', () => {
  const labels = { team: 'shop', 'example.com/tier': 'web', empty: '' };
  for (const text of [
    '',
    'team=shop',
    'team==shop, example.com/tier in (api, web)',
    'team!=other',
    'absent!=x',
    'absent notin (a,b)',
    'team',
    '!absent',
    'empty=',
  ])
    assert.equal(selects(text, labels), true, text);
  for (const text of ['team=other', 'team!=shop', 'absent', '!team', 'team in (a,b)', 'team notin (shop)', 'toString'])
    assert.equal(selects(text, labels), false, text);
});

test('what is no selector is refused with examples', () => {
  for (const text of ['=', 'a b', 'team in web', 'team=sh op', 'a=b,', '!', 'a in (b', 'x=y z', 'a//b'])
    assert.equal(parseLabelSelector(text).ok, false, text);
});
