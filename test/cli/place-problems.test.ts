import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeProblems } from '../../src/cli/place-problems.ts';
import type { Problem } from '../../src/model/index.ts';

const manifest = `apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    example.test/subnets: subnet-1
---
kind: Ingress
metadata:
  name: front
  annotations: { example.test/subnets: subnet-2 }
spec:
  rules:
    - host: nowhere.invalid
`;
const io = { read: async (path: string) => (path === 'a.yaml' ? manifest : undefined) };
const base: Problem = { code: 'E_DISCOVERY', severity: 'error', source: 'x', message: 'm', file: 'a.yaml', line: 1 };
const placed = async (more: Partial<Problem>) => {
  const [found] = await placeProblems(io, [{ ...base, ...more }]);
  return [found?.line, found?.column];
};

test('a problem found behind the sources is placed at its annotation, its field, or the value at fault', async () => {
  assert.deepEqual(await placed({ field: 'example.test/subnets' }), [6, 5]);
  assert.deepEqual(await placed({ line: 8, field: 'example.test/subnets' }), [11, 18]);
  assert.deepEqual(await placed({ line: 8, field: 'spec.rules[0].host' }), [14, 7]);
  assert.deepEqual(await placed({ line: 8, field: 'example.test/cert', value: 'nowhere.invalid' }), [14, 7]);
});

test('what is not there, and what has a place already, stays', async () => {
  assert.deepEqual(await placed({ field: 'example.test/none' }), [1, undefined]);
  assert.deepEqual(await placed({ field: 'example.test/subnets', column: 3 }), [1, 3]);
  assert.deepEqual(await placed({ file: 'gone.yaml', field: 'example.test/subnets' }), [1, undefined]);
  assert.deepEqual(await placed({ field: '__proto__.x', value: '' }), [1, undefined]);
});
