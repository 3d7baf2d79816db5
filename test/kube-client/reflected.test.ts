import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change, KubeObject } from '../../src/kube/index.ts';
import { Reflected } from '../../src/kube/reflected.ts';
import { Turns } from '../../src/model/index.ts';

const object = (name: string, resourceVersion: string): KubeObject => ({
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion },
});

test('what is handed on is not what is kept, and every version is handed on once', () => {
  const told: Change<string>[] = [];
  const known = new Reflected<string>({
    project: ({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`,
    left: 'left',
    emit: (change) => told.push(change),
    failed: (error) => assert.fail(String(error)),
    turns: new Turns({ now: () => 0 }),
  });
  for (const version of ['1', '1', '2']) known.put(known.prepare(object('web', version)));
  assert.deepEqual([...known.items], []);
  assert.deepEqual([...known.keys()], ['shop/web']);
  known.delete('shop/web');
  assert.deepEqual(told, [
    { type: 'add', key: 'shop/web', object: 'web 1' },
    { type: 'update', key: 'shop/web', object: 'web 2', old: 'left' },
    { type: 'delete', key: 'shop/web', old: 'left' },
  ]);
});
