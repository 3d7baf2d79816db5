import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Candidacy, type CandidateQuestion, candidatesOf } from '../../../providers/l2/candidates.ts';
import type { AnnounceRule, ExportedService, Node, Pool, Target } from '../../../src/model/index.ts';

const address = '192.0.2.10';
const pool: Pool = { name: 'lan', ranges: ['192.0.2.0/24'], byRule: true };
const own: Pool = { name: 'own', ranges: ['192.0.2.0/24'] };

function rule(more: Partial<AnnounceRule> = {}): AnnounceRule {
  return { name: 'all', preferences: [], source: 'L2Advertisement/metallb-system/all', ...more };
}

function node(name: string, more: Partial<Node> = {}): Node {
  return { name, addresses: [], labels: { name }, ready: true, ...more };
}

interface Wish {
  readonly id?: string;
  readonly labels?: Record<string, string>;
  readonly shareKey?: string;
  readonly local?: boolean;
  /** Node → state of its endpoint. */
  readonly on?: Readonly<Record<string, Target['state']>>;
}

function service({ id = 'shop/web', labels = {}, shareKey, local, on = { a: 'ready' } }: Wish = {}): ExportedService {
  const targets = Object.entries(on).map(
    ([at, state], i): Target => ({ address: `10.0.0.${i + 1}`, port: 80, node: at, weight: 1, state }),
  );
  return {
    id,
    origin: { source: 'k', kind: 'Service', namespace: 'shop', name: 'web', labels },
    groups: [],
    ...(shareKey === undefined ? {} : { address: { families: ['ipv4'], held: [], shareKey } }),
    fronts: [],
    backends: {
      web: {
        targets,
        targetKind: 'ip',
        protocol: 'tcp',
        balance: 'roundrobin',
        ...(local === true ? { localOnly: true } : {}),
      },
    },
    settings: {},
    settingsOrigin: {},
  };
}

function ask(services: readonly ExportedService[], more: Partial<CandidateQuestion> = {}): Candidacy {
  const [only, ...rest] = candidatesOf({
    addresses: new Map([[address, services]]),
    speakers: ['a', 'b', 'c'],
    nodes: ['a', 'b', 'c'].map((name) => node(name)),
    pools: [pool],
    rules: [rule()],
    forwarding: 'nodes',
    ...more,
  });
  assert.ok(only !== undefined && rest.length === 0);
  return only;
}

const namesOf = ({ candidates }: Candidacy) => candidates.map(({ node: name }) => name);
const reasonOf = ({ others }: Candidacy, name: string) => others.find((one) => one.node === name)?.reason ?? '';

describe('who may announce an address', () => {
  it('is everybody where nothing says otherwise, on all interfaces', () => {
    assert.deepEqual(ask([service()]), {
      address,
      candidates: ['a', 'b', 'c'].map((name) => ({ node: name, score: 0 })),
      others: [],
      pool: { name: 'lan', byRule: true },
    });
  });

  const cases: readonly (readonly [
    what: string,
    wish: Wish,
    more: Partial<CandidateQuestion>,
    names: readonly string[],
    reason?: readonly [node: string, RegExp],
  ])[] = [
    [
      'a pool of MetalLB without rules: nobody',
      {},
      { rules: [] },
      [],
      ['a', /pool lan, which no L2Advertisement announces/],
    ],
    ['a pool of the configuration without rules: everybody', {}, { rules: [], pools: [own] }, ['a', 'b', 'c']],
    [
      'a pool of the configuration with a rule about it',
      {},
      { pools: [own], rules: [rule({ pools: ['own'], nodeSelectors: ['name=b'] })] },
      ['b'],
      ['a', /nodeSelectors of no L2Advertisement of pool own: all/],
    ],
    ['a rule about another pool', {}, { rules: [rule({ pools: ['other'] })] }, [], ['c', /which no L2Advertisement/]],
    ['any of several selectors', {}, { rules: [rule({ nodeSelectors: ['name=a', 'name=c'] })] }, ['a', 'c']],
    [
      'several rules add up',
      {},
      { rules: [rule({ nodeSelectors: ['name=a'] }), rule({ name: 'two', nodeSelectors: ['name=b'] })] },
      ['a', 'b'],
      ['c', /pool lan: all, two$/],
    ],
    [
      'a service that is selected',
      { labels: { tier: 'web' } },
      { rules: [rule({ serviceSelectors: ['tier=web'] })] },
      ['a', 'b', 'c'],
    ],
    [
      'one that is not',
      {},
      { rules: [rule({ serviceSelectors: ['tier=web'] })] },
      [],
      ['a', /select none of its services/],
    ],
    [
      'one that shares its address is never selected',
      { labels: { tier: 'web' }, shareKey: 'k' },
      { rules: [rule({ serviceSelectors: ['tier=web'] })] },
      [],
      ['a', /share an address/],
    ],
    ['no endpoint at all', { on: {} }, {}, [], ['a', /no endpoint that serves/]],
    ['an endpoint that ends and still serves', { on: { a: 'draining' } }, {}, ['a', 'b', 'c']],
    ['endpoints that are gone', { on: { a: 'gone' } }, {}, [], ['a', /no endpoint that serves/]],
    [
      'traffic that stays on the node',
      { local: true, on: { b: 'ready', c: 'draining' } },
      {},
      ['b'],
      ['c', /no ready endpoint of shop\/web \(externalTrafficPolicy Local\)/],
    ],
    ['a proxy on the node: endpoints do not count', { local: true, on: {} }, { forwarding: 'proxy' }, ['a', 'b', 'c']],
    [
      'the label that excludes, whatever its value',
      {},
      { nodes: [node('a', { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } }), node('b')] },
      ['b', 'c'],
      ['a', /has the label node\.kubernetes\.io.*ignoreExcludeLabel/],
    ],
    [
      'that label, ignored',
      {},
      {
        nodes: [node('a', { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } })],
        ignoreExcludeLabel: true,
      },
      ['a', 'b', 'c'],
    ],
    [
      'a node without a network',
      {},
      { nodes: [node('b', { networkUnavailable: true })] },
      ['a', 'c'],
      ['b', /NetworkUnavailable/],
    ],
    ['a node that is not Ready and lives', {}, { nodes: [node('b', { ready: false })] }, ['a', 'b', 'c']],
    [
      'a node that is being deleted',
      {},
      { nodes: [node('b', { leaving: true, excluded: true })] },
      ['a', 'c'],
      ['b', /about to be deleted/],
    ],
    [
      'a selector that cannot be read selects nobody',
      {},
      { rules: [rule({ nodeSelectors: ['= ='] })] },
      [],
      ['a', /nodeSelectors/],
    ],
    ['only who speaks', {}, { speakers: ['b'] }, ['b']],
  ];
  for (const [what, wish, more, names, reason] of cases)
    it(what, () => {
      const candidacy = ask([service(wish)], more);
      assert.deepEqual(namesOf(candidacy), names);
      if (reason !== undefined) assert.match(reasonOf(candidacy, reason[0]), reason[1]);
      assert.equal(candidacy.nobody === undefined, names.length > 0);
    });

  it('ranks by the sum of the preferences that select a node, and takes the interfaces of all rules', () => {
    const rules = [
      rule({ interfaces: ['eth1'], preferences: [{ weight: 10, selector: 'name in (b,c)' }] }),
      rule({
        name: 'two',
        interfaces: ['eth0'],
        nodeSelectors: ['name=c'],
        preferences: [{ weight: 5, selector: '' }],
      }),
    ];
    assert.deepEqual(ask([service()], { rules }).candidates, [
      { node: 'c', score: 15, interfaces: ['eth0', 'eth1'] },
      { node: 'b', score: 10, interfaces: ['eth1'] },
      { node: 'a', score: 0, interfaces: ['eth1'] },
    ]);
    const all = [...rules, rule({ name: 'three', nodeSelectors: ['name=c'] })];
    assert.deepEqual(ask([service()], { rules: all }).candidates[0], { node: 'c', score: 15 });
  });

  it('takes an address for one that may be announced as soon as one of its services may', () => {
    const two = [service({ on: {} }), service({ id: 'shop/api', local: true, on: { b: 'ready' } })];
    assert.deepEqual(namesOf(ask(two)), ['b']);
  });

  it('says why there is nobody, reasons put together', () => {
    const nodes = [
      node('a', { networkUnavailable: true }),
      node('b', { networkUnavailable: true }),
      node('c', { leaving: true }),
    ];
    assert.equal(
      ask([service()], { nodes }).nobody,
      'has 0 candidates: a, b has no network yet (condition NetworkUnavailable); c is about to be deleted',
    );
    assert.match(ask([service()], { speakers: [] }).nobody ?? '', /no weir announces/);
  });

  it('gives every speaker one place, whatever the order of what is known', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const label = fc.constantFrom('x', 'y', 'z');
    const state = fc.constantFrom<Target['state']>('ready', 'draining', 'gone');
    const rules = fc.array(
      fc.record({
        name: fc.constantFrom('one', 'two', 'three'),
        nodeSelectors: fc.option(
          fc.array(
            label.map((text) => `l=${text}`),
            { minLength: 1 },
          ),
          { nil: undefined },
        ),
        pools: fc.option(fc.constantFrom(['lan'], ['other']), { nil: undefined }),
        preferences: fc.array(
          fc.record({ weight: fc.integer({ min: 1, max: 100 }), selector: label.map((text) => `l=${text}`) }),
        ),
      }),
      { maxLength: 4 },
    );
    const world = fc.record({
      labels: fc.array(label, { minLength: 5, maxLength: 5 }),
      on: fc.dictionary(fc.constantFrom(...names), state),
      local: fc.boolean(),
      rules,
      order: fc.shuffledSubarray(names, { minLength: 5 }),
    });
    fc.assert(
      fc.property(world, ({ labels, on, local, rules: made, order }) => {
        const written = made.map(({ nodeSelectors, pools, ...one }) =>
          rule({
            ...one,
            ...(nodeSelectors === undefined ? {} : { nodeSelectors }),
            ...(pools === undefined ? {} : { pools }),
          }),
        );
        const nodes = names.map((name, i) => node(name, { labels: { l: labels[i] ?? 'x' } }));
        const asked = { speakers: names, nodes, rules: written };
        const candidacy = ask([service({ on, local })], asked);
        const turned = { speakers: order, nodes: nodes.toReversed(), rules: written.toReversed() };
        assert.deepEqual(namesOf(ask([service({ on, local })], turned)), namesOf(candidacy));
        const placed = [...namesOf(candidacy), ...candidacy.others.map((one) => one.node)];
        assert.deepEqual(placed.sort(), names);
        assert.equal(candidacy.nobody === undefined, candidacy.candidates.length > 0);
        for (const { node: name } of candidacy.candidates) {
          if (local) assert.equal(on[name], 'ready');
          const about = written.filter(({ pools }) => pools?.includes('lan') ?? true);
          const l = labels[names.indexOf(name)];
          assert.ok(about.some(({ nodeSelectors }) => nodeSelectors?.includes(`l=${l}`) ?? true));
        }
        for (const { reason } of candidacy.others) assert.notEqual(reason, '');
      }),
      { numRuns: 300 },
    );
  });
});
