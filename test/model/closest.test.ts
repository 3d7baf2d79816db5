import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closest, suggestion } from '../../src/model/closest.ts';

test('finds swaps, missing and doubled letters, and differences in case', () => {
  const fields = ['targets', 'balance', 'maxConnections', 'check', 'http'];
  assert.equal(closest('tragets', fields), 'targets');
  assert.equal(closest('balnace', fields), 'balance');
  assert.equal(closest('maxconnection', fields), 'maxConnections');
  assert.equal(closest('chek', fields), 'check');
});

test('says nothing when nothing is near', () => {
  assert.equal(closest('colour', ['targets', 'balance']), undefined);
  assert.equal(closest('ab', ['cd']), undefined);
  assert.equal(closest('', ['a']), undefined);
  assert.equal(closest('x'.repeat(10_000), ['y'.repeat(10_000)]), undefined);
});

test('prefers the nearest', () => {
  assert.equal(closest('paths', ['path', 'paths']), 'paths');
  assert.equal(suggestion('hots', ['ports', 'host', 'hosts']), '; did you mean "host"?');
  assert.equal(suggestion('zzzzz', ['host']), '');
});

test('a word that is the beginning of one candidate alone means that one', () => {
  const keys = ['deregistration_delay.timeout_seconds', 'stickiness.enabled', 'stickiness.type'];
  assert.equal(closest('deregistration_delay.timeout', keys), 'deregistration_delay.timeout_seconds');
  assert.equal(closest('stickiness', keys), undefined);
  assert.equal(closest('dere', keys), undefined);
});
