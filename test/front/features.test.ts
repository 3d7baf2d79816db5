/** What a provider cannot do: what protects something is never served without it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { merge } from '../../src/front/index.ts';
import type { Capabilities, Filter, Front } from '../../src/model/index.ts';
import { http, prefix, route, service } from './make-service.ts';
import { all as capabilities } from './merged.ts';

const cors: Filter = {
  type: 'cors',
  origins: ['*'],
  methods: ['GET'],
  headers: [],
  exposeHeaders: [],
  credentials: false,
};

function merged(front: Front, able: Capabilities) {
  const { groups, problems } = merge([service('a/a', [front])], able);
  const hosts = groups.flatMap((group) => group.listeners.flatMap((listener) => listener.hosts));
  return {
    paths: hosts.flatMap(({ rules }) => rules.map(({ path }) => path.value)),
    problems: problems.map((p) => `${p.code} ${p.field}`),
  };
}

describe('features that a provider lacks', () => {
  const guarded = http([
    route(['x.test'], prefix('/open')),
    route(['x.test'], prefix('/guarded'), { filters: [{ type: 'bodyLimit', bytes: 1 }] }),
    route(['x.test'], prefix('/scripts'), { filters: [cors] }),
  ]);
  it('take the routes that they protect out of service, and nothing else', () => {
    assert.deepEqual(merged(guarded, capabilities), {
      paths: ['/scripts', '/open'],
      problems: ['E_FEATURE fronts[0].routes[1].filters[0]', 'W_FEATURE fronts[0].routes[2].filters[0]'],
    });
    assert.deepEqual(merged(guarded, { ...capabilities, features: ['bodyLimit', 'cors'] }).problems, []);
  });
  it('of a front take all of it', () => {
    const front = http([route(['x.test'])], { deniedRanges: ['10.0.0.0/8'] });
    assert.deepEqual(merged(front, capabilities), { paths: [], problems: ['E_FEATURE fronts[0].deniedRanges'] });
    const limited = http([route(['x.test'])], { filters: [{ type: 'rateLimit', requestsPerSecond: 1 }] });
    assert.deepEqual(merged(limited, capabilities), { paths: [], problems: ['E_FEATURE fronts[0].filters[0]'] });
  });
  it('of a route by name take that route: without its conditions it would be open', () => {
    const front = http([route(['x.test'], prefix('/named'), { rule: 'r' }), route(['x.test'], prefix('/open'))]);
    assert.deepEqual(merged(front, capabilities), {
      paths: ['/open'],
      problems: ['E_FEATURE fronts[0].routes[0].rule'],
    });
    assert.deepEqual(merged(front, { ...capabilities, rules: true }).problems, []);
  });
});
