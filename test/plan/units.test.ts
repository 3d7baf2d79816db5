import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Resource } from '../../src/model/index.ts';
import { units } from '../../src/plan/index.ts';
import { balancer, group, kinds, listener, seen } from './cloud.ts';

const inUnit = (unit: string, ...resources: readonly Resource[]) => resources.map((one) => ({ ...one, unit }));
const a = inUnit('a', balancer('a'), group('s', '1'), listener('a:80', { s: 1 }));
const b = inUnit('b', balancer('b'), group('t', '2'), listener('b:80', { t: 1 }));
const names = (desired: readonly Resource[], now: readonly Resource[]) =>
  units(
    kinds,
    desired,
    now.map((one) => seen(one)),
  ).map(({ unit }) => unit);

describe('units', () => {
  test('stand alone while nothing connects them', () => {
    assert.deepEqual(names([...a, ...b], [...a, ...b]), ['a', 'b']);
  });

  test('are joined by a service that moves', () => {
    const moved = inUnit('b', balancer('b'), group('s@b', '1'), listener('b:80', { 's@b': 1 }));
    assert.deepEqual(names([...inUnit('a', balancer('a')), ...moved], [...a, ...b]), ['a+b']);
  });

  test('are joined by a slot', () => {
    const named = inUnit('b', group('n', '1', { name: 'x' }));
    assert.deepEqual(names([...named], inUnit('a', group('m', '1', { name: 'x' }))), [
      'b+a'.split('+').sort().join('+'),
    ]);
  });

  test('are joined by a ref across', () => {
    assert.deepEqual(
      names([...inUnit('a', balancer('a')), ...inUnit('c', group('s', '1'), listener('a:80', { s: 1 }))], []),
      ['a+c'],
    );
  });

  test('are joined by one id in both', () => {
    assert.deepEqual(names(inUnit('c', balancer('a')), inUnit('a', balancer('a'))), ['a+c']);
  });

  test('a service that is served in two units for good joins nothing', () => {
    const both = [...a, ...inUnit('b', balancer('b'), group('s@b', '1'), listener('b:80', { 's@b': 1 }))];
    assert.deepEqual(names(both, both), ['a', 'b']);
  });
});
