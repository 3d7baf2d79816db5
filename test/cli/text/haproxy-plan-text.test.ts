/** A whole plan for HAProxy as people read it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../../../providers/haproxy/kinds.ts';
import { createPaint } from '../../../src/cli/text/paint.ts';
import { planText } from '../../../src/cli/text/plan-text.ts';
import type { Observed, Resource } from '../../../src/model/index.ts';
import { nameHandles, plan } from '../../../src/plan/index.ts';
import { emptyPlan } from '../fake-app.ts';

function backend(check: string, weights: Readonly<Record<string, number>>): Resource {
  const servers = new Map(Object.entries(weights).map(([key, weight]) => [key, { attrs: { weight } }]));
  const attrs = { mode: 'http', balance: 'roundrobin', check: { type: 'http', path: check, intervalMs: 2000 } };
  return {
    kind: 'Backend',
    id: 'shop/web#web',
    unit: 'edge',
    serves: ['shop/web'],
    attrs,
    refs: {},
    sets: { servers },
  };
}

function route(path: string, filters: Resource['attrs']['filters'] = []): Resource {
  const id = `default|80/tcp|shop.test|prefix|${path}|`;
  const attrs = { key: id, host: 'shop.test', path: { type: 'prefix', value: path }, filters };
  const refs = { frontend: 'default|80/tcp', backend: 'shop/web#web' };
  return { kind: 'Route', id, unit: 'edge', serves: ['shop/web'], attrs, refs, sets: {} };
}

const frontend: Resource = {
  kind: 'Frontend',
  id: 'default|80/tcp',
  unit: 'edge',
  serves: [],
  attrs: { key: 'default|80/tcp', mode: 'http', tls: false, port: 80, addresses: [] },
  refs: {},
  sets: {},
};

function linesOf(desired: readonly Resource[], before: readonly Resource[]): readonly string[] {
  const observed = before.map((one): Observed => ({ ...one, handle: one.id, owned: true, facts: {} }));
  const made = plan(kinds, desired, observed, { policy: 'sync', incomplete: () => false });
  const unit = { balancer: 'edge', unit: 'edge', ...made, names: nameHandles(made.steps, observed) };
  const report = { ...emptyPlan, units: [unit], summary: { ...emptyPlan.summary, unchanged: 0 } };
  const text = planText(report, createPaint(false), { kinds: () => kinds });
  return text.trimEnd().split('\n').slice(0, -1);
}

test('new objects: mode, check, shares that differ, treatment without the values of headers', () => {
  const secret = [{ type: 'requestHeader', op: 'set', name: 'X-Key', value: 'hush' }];
  const servers = { '10.0.0.1:80': 1, '10.0.0.2:80': 0 };
  assert.deepEqual(linesOf([backend('/ready', servers), frontend, route('/', secret)], []), [
    '    + create  Backend   shop/web#web       http, check http /ready every 2 s',
    '        servers  + 10.0.0.1:80 weight 1  + 10.0.0.2:80 weight 0',
    '    + create  Frontend  80/tcp             http',
    '    + create  Route     80/tcp shop.test/  sets request header X-Key, to shop/web#web',
  ]);
});

test('changes: old beside new, members in both directions, a route that goes', () => {
  const before = [backend('/ready', { '10.0.0.1:80': 1, '10.0.0.2:80': 1 }), frontend, route('/'), route('/old')];
  const after = [backend('/up', { '10.0.0.1:80': 5, '10.0.0.3:80': 1 }), frontend, route('/')];
  assert.deepEqual(linesOf(after, before), [
    '    ~ update  Backend  shop/web#web',
    '        servers  + 10.0.0.3:80  - 10.0.0.2:80  ~ 10.0.0.1:80 weight 1 -> 5',
    '        check  http /ready every 2 s -> http /up every 2 s',
    '    - delete  Route    80/tcp shop.test/old  is no longer wanted',
  ]);
});
