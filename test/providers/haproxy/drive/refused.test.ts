import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefusedResources } from '../../../../providers/haproxy/commit-fault.ts';
import { backendName } from '../../../../providers/haproxy/names.ts';
import type { Resource } from '../../../../src/model/index.ts';
import { WeirError } from '../../../../src/model/index.ts';
import { backend, route, settings } from '../../../e2e/haproxy-rig.ts';
import { layout } from './layouts.ts';

const error = new WeirError('E_HAPROXY_CONFIG', `proxy '${backendName('web')}' is wrong`);
const web = (port: number, serverMs: number) => backend('web', { [port]: 1 }, { serverMs });
const lead = route(80, 'a.test', '/', 'web');
const refuse = (refused: RefusedResources, ...resources: readonly Resource[]) =>
  refused.learn(error, '', layout({}), resources);
const given = (...resources: readonly Resource[]) => ({ resources: [settings, ...resources], withheld: [] });

test('what was never served is out, and what led there answers for itself', () => {
  const refused = new RefusedResources();
  refuse(refused, web(1, 5));
  const { resources, withheld } = refused.withhold(given(web(1, 5)), []);
  assert.deepEqual(resources, [settings]);
  assert.deepEqual([withheld[0]?.whole, withheld[0]?.id], [true, 'web']);
});

test('what was served stays: with the members of now, else as it was, else not at all', () => {
  const refused = new RefusedResources();
  const kept = (before: readonly Resource[]) =>
    refused.withhold(given(web(2, 5)), before).resources.find(({ id }) => id === 'web');
  const old = web(1, 1);
  refuse(refused, web(2, 5));
  assert.deepEqual(kept([old]), web(2, 1));
  refuse(refused, web(2, 1));
  assert.deepEqual(kept([old]), old);
  refuse(refused, old);
  assert.equal(kept([old]), undefined);
});

test('a version that leads to what is gone does not stay', () => {
  const refused = new RefusedResources();
  const before = { ...lead, refs: { backend: 'gone' } };
  const now = { ...lead, refs: {}, attrs: { ...lead.attrs, path: { type: 'regex', value: '^/bad(' } } };
  const map = { match: 'reg', entries: new Map([['a.test/bad(', 'x']]) } as const;
  const path = `maps/f_${backendName('').slice(2)}.regex.map`;
  const all = layout({ maps: { [path]: map } });
  const told = new WeirError('E_HAPROXY_CONFIG', `'/bad(' at line 1 of file '${path}'`);
  const out = refused.learn(told, '', all, [{ ...now, refs: { frontend: '' } }]);
  assert.equal(out.length, 1);
  const answer = refused.withhold(given({ ...now, refs: { frontend: '' } }), [before]);
  assert.deepEqual(answer.resources, [settings]);
});
