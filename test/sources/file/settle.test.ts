import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../../../src/model/problem.ts';
import type { ExportedService } from '../../../src/model/service.ts';
import { type InForce, nothingInForce, type Read, settle } from '../../../src/sources/file/settle.ts';
import { share, shareItems } from '../../../src/sources/file/share.ts';

function service(id: string, change: { file?: string; createdMs?: number; port?: number } = {}): ExportedService {
  const { file = 'a.yaml', createdMs, port = 80 } = change;
  const [namespace = '', name = ''] = id.split('/');
  return {
    id,
    origin: {
      source: 'files',
      kind: 'ExportedService',
      namespace,
      name,
      labels: {},
      file,
      line: 1,
      ...(createdMs === undefined ? {} : { createdMs }),
    },
    groups: [],
    fronts: [{ key: `${port}/tcp`, port, protocol: 'tcp', routes: [] }],
    backends: {},
    settings: {},
    settingsOrigin: {},
  };
}

const error = (fields: Partial<Problem>): Problem => ({
  code: 'E_PORT',
  severity: 'error',
  source: 'a.yaml#1',
  message: 'wrong',
  ...fields,
});
const after = (before: InForce, services: readonly ExportedService[], problems: readonly Problem[] = []) =>
  settle({ services, problems } satisfies Read, before);
const ids = (state: InForce) => [...state.services.keys()];

test('of two services with one id the older wins, else the first; the loser is told', () => {
  const first = service('a/x', { port: 1 });
  const byOrder = after(nothingInForce, [first, service('a/x', { port: 2, file: 'b.yaml' })]);
  assert.equal(byOrder.services.get('a/x'), first);
  assert.deepEqual(
    byOrder.problems.map(({ code, source }) => [code, source]),
    [['E_SERVICE_DUPLICATE', 'b.yaml:1']],
  );
  const old = service('a/x', { port: 3, createdMs: 1 });
  assert.equal(after(nothingInForce, [service('a/x', { createdMs: 2 }), old]).services.get('a/x'), old);
  assert.equal(after(nothingInForce, [service('a/x'), old]).services.get('a/x'), old, 'a date is older than none');
});

test('a service named by an error keeps its last good version and its place', () => {
  const start = after(nothingInForce, [service('a/x'), service('a/y'), service('a/z')]);
  const kept = after(start, [service('a/x'), service('a/z')], [error({ service: 'a/y' })]);
  assert.deepEqual(ids(kept), ['a/x', 'a/y', 'a/z']);
  assert.equal(kept.services.get('a/y'), start.services.get('a/y'));
  assert.match(kept.problems[0]?.message ?? '', /last good version of the service stays in force/);
  assert.deepEqual(ids(after(kept, [service('a/x'), service('a/z')])), ['a/x', 'a/z'], 'without an error it is gone');
});

test('a warning keeps nothing, and an error of a service that was never good neither', () => {
  const start = after(nothingInForce, [service('a/x')]);
  assert.deepEqual(ids(after(start, [], [error({ severity: 'warning', service: 'a/x' })])), []);
  assert.deepEqual(ids(after(start, [service('a/x')], [error({ service: 'a/new' })])), ['a/x']);
});

test('a service that disappears together with an object that cannot be identified is held while that lasts', () => {
  const start = after(nothingInForce, [service('a/x'), service('b/y', { file: 'b.yaml' })]);
  const nameless = error({ code: 'E_NAME', file: 'a.yaml' });
  const held = after(start, [], [nameless]);
  assert.deepEqual(ids(held), ['a/x'], 'of that file only');
  assert.match(held.problems[0]?.message ?? '', /these stay in force: a\/x/);
  assert.deepEqual(ids(after(held, [], [nameless])), ['a/x'], 'still held');
  assert.deepEqual(ids(after(held, [])), [], 'released when the error is gone');
});

test('an error that was there before does not stop a deletion', () => {
  const nameless = error({ code: 'E_OBJECT_KIND', file: 'a.yaml' });
  const start = after(nothingInForce, [service('a/x'), service('a/y')], [nameless]);
  assert.deepEqual(ids(after(start, [service('a/x')], [nameless])), ['a/x']);
});

test('what is equal is the same object, parts of changed services too', () => {
  const start = after(nothingInForce, [service('a/x'), service('a/y')]);
  const next = after(start, [service('a/x'), { ...service('a/y'), groups: ['new'] }]);
  assert.equal(next.services.get('a/x'), start.services.get('a/x'));
  assert.notEqual(next.services.get('a/y'), start.services.get('a/y'));
  assert.equal(next.services.get('a/y')?.fronts, start.services.get('a/y')?.fronts);
});

test('share answers the old value, the new one, or a mixture, and is always equal to the new one', () => {
  const before = { a: [1, { b: 2 }], c: { d: 3 } };
  const same = { a: [1, { b: 2 }], c: { d: 3 } };
  assert.equal(share(before, same), before);
  const other = { a: [1, { b: 2 }, 3], c: { d: 4 } };
  const mixed = share(before, other);
  assert.deepEqual(mixed, other);
  assert.equal(mixed.a[1], before.a[1]);
  const strange = { x: 1 };
  assert.equal(share(before, strange), strange);
  assert.deepEqual(share({ a: 1, b: 2 }, { a: 1 }), { a: 1 });
  const list = [before, same];
  assert.equal(shareItems(list, [before, same]), list);
  assert.notEqual(shareItems(list, [same, before]), list);
});
