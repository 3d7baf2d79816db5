import assert from 'node:assert/strict';
import { test } from 'node:test';
import { provider } from '../../../providers/haproxy/index.ts';
import { optionsSchema } from '../../../providers/haproxy/options.ts';
import { OwnListeners, ownHttp } from '../../../src/app/own-listeners.ts';
import { merge } from '../../../src/front/index.ts';
import type { ModelInput, Own } from '../../../src/model/index.ts';
import { backend, http, prefix, route, service, target, tcp } from '../../front/make-service.ts';

interface Around {
  readonly addresses?: readonly string[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly own?: readonly Own[];
}

/** A service for one host on port 80 and one for TCP on 5432, both with these targets beside a good one. */
function modelled(
  texts: readonly (readonly [string, number])[],
  { addresses = [], options = {}, own = [] }: Around = {},
) {
  const targets = [['10.0.0.1', 8080] as const, ...texts].map(([address, port]) => target(address, port));
  const services = [
    service('bad/loop', [http([route(['q.test'], prefix('/'))])], { backends: { web: backend({ targets }) } }),
    service('good/db', [tcp(5432)]),
  ];
  const { groups } = merge(services, provider.capabilities);
  const input: ModelInput = {
    balancer: 'edge',
    node: 'n1',
    groups,
    nodes: [],
    environment: { addresses: [...addresses] },
    settings: new Map(),
    present: [],
    own,
  };
  const parsed = optionsSchema.parse(options);
  const model = () => provider.model(input, parsed);
  const { resources, problems } = model();
  const again = model().resources;
  assert.ok(
    resources.every((one, i) => one.kind !== 'Backend' || one === again[i]),
    'the same input gives the same objects',
  );
  const kept = resources.find(({ id }) => id === 'bad/loop#web')?.sets.servers?.keys() ?? [];
  return {
    kept: [...kept].slice(1),
    problems,
    told: problems.map(({ code, service: of, value }) => [code, of, value]),
  };
}

test('a target that is the balancer itself is left out and told by the name of its service; the others serve', () => {
  const { problems, told, kept } = modelled([['127.0.0.1', 80]]);
  assert.deepEqual(told, [['E_TARGET_SELF', 'bad/loop', '127.0.0.1:80']]);
  assert.match(
    problems[0]?.message ?? '',
    /^backends\["web"\]\.targets names 127\.0\.0\.1:80, where this balancer itself/,
  );
  assert.deepEqual(kept, []);
});

test('a wildcard stands for every address of the machine, in its own family; another port of it is as good', () => {
  const addresses = ['192.0.2.7', '2001:db8::7'];
  const all = [
    ['127.0.0.1', 80],
    ['127.9.9.9', 5432],
    ['0.0.0.0', 80],
    ['::', 80],
    ['::1', 80],
    ['192.0.2.7', 80],
    ['2001:db8::7', 5432],
  ] as const;
  assert.deepEqual(modelled(all, { addresses }).kept, []);
  const others = [
    ['192.0.2.8', 80],
    ['192.0.2.7', 8080],
    ['127.0.0.1', 443],
    ['2001:db8::8', 80],
  ] as const;
  assert.equal(modelled(others, { addresses }).kept.length, 4);
});

test('a balancer at one address is no other address of the machine', () => {
  const options = { addresses: ['192.0.2.7'] };
  const addresses = ['192.0.2.7', '192.0.2.9'];
  const targets = [
    ['192.0.2.9', 80],
    ['127.0.0.1', 80],
    ['192.0.2.7', 80],
  ] as const;
  assert.deepEqual(modelled(targets, { options, addresses }).kept, ['192.0.2.9:80', '127.0.0.1:80']);
});

test('statistics and monitor are ports of the balancer too', () => {
  const options = { stats: { port: 8404 }, monitor: { port: 8405 } };
  const targets = [
    ['127.0.0.1', 8404],
    ['127.0.0.1', 8405],
  ] as const;
  assert.equal(modelled(targets, { options }).told.length, 2);
});

test('weir itself and its other balancers are no targets', () => {
  const listeners = new OwnListeners(
    ownHttp({
      api: { listen: 'localhost:8377', hosts: [] },
      metrics: { listen: '[::1]:8378', perService: 1 },
    }),
  );
  const { groups } = merge(
    [service('in/ner', [http([route(['i.test'], prefix('/'))], { port: 8081 })])],
    provider.capabilities,
  );
  listeners.listens('inner', ['0.0.0.0'], groups);
  listeners.listens('edge', ['0.0.0.0'], groups);
  const own = listeners.beside('edge');
  const targets = [
    ['127.0.0.1', 8377],
    ['::1', 8378],
    ['127.0.0.1', 8081],
  ] as const;
  const { problems, kept } = modelled(targets, { own });
  assert.deepEqual(kept, []);
  assert.deepEqual(
    problems.map(({ message }) => / where (.*) itself listens/.exec(message)?.[1]),
    ['weir', 'weir', 'balancer inner'],
  );
});
