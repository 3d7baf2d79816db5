import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Answered, type CandidateQuestion, candidatesOf } from '../../../providers/l2/candidates.ts';
import type { AnnounceRule, Backend, ExportedService, Node, Pool, Target } from '../../../src/model/index.ts';
import { service } from './make-input.ts';

const names = ['a', 'b', 'c'];
const addresses = ['10.0.0.1', '10.0.0.2', '10.0.1.1', '10.9.0.1'];

function backend(on: readonly string[], state: Target['state'], localOnly: boolean): Backend {
  const targets = on.map((node, at) => ({ address: `10.2.0.${at + 1}`, port: 80, node, weight: 1, state }));
  const plain = { targets, targetKind: 'ip', protocol: 'tcp', balance: 'roundrobin' } as const;
  return localOnly ? { ...plain, localOnly } : plain;
}

/** Every kind that is judged differently, each once: so that a world has many that are alike, and keeps some of them as they are. */
const services: readonly ExportedService[] = ['web', 'api'].flatMap((id) =>
  [
    backend(['a'], 'ready', false),
    backend(['b', 'c'], 'ready', false),
    backend(['a', 'b'], 'ready', true),
    backend(['a'], 'gone', false),
  ].flatMap((web) => {
    const one = service(`shop/${id}`, { backends: { web } });
    const labelled = { ...one, origin: { ...one.origin, labels: { tier: 'front' } } };
    return [one, labelled, { ...one, address: { families: ['ipv4' as const], held: [], shareKey: 'k' } }];
  }),
);

const rule = (more: Partial<AnnounceRule>): AnnounceRule => ({ name: 'all', preferences: [], source: 'test', ...more });
const rules = fc.subarray([
  rule({ pools: ['lan'] }),
  rule({ name: 'racks', nodeSelectors: ['rack=1'], preferences: [{ weight: 5, selector: 'rack=1' }] }),
  rule({ name: 'front', serviceSelectors: ['tier=front'], interfaces: ['eth1'] }),
]);
const node = fc.constantFrom<Partial<Node>>(
  { labels: { rack: '1' } },
  { labels: { rack: '2' } },
  { networkUnavailable: true },
  { leaving: true },
  { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } },
);
const nodes = fc
  .tuple(node, node, node)
  .map((list) =>
    list.map((more, at): Node => ({ name: names[at] ?? '', addresses: [], labels: {}, ready: true, ...more })),
  );
const lan: Pool = { name: 'lan', ranges: ['10.0.0.0/24'], byRule: true };
const pools = fc.constantFrom<readonly Pool[]>(
  [lan],
  [lan, { name: 'own', ranges: ['10.0.1.0/24'] }],
  [{ ...lan, ranges: ['10.0.0.2/32'] }],
);
const world: fc.Arbitrary<CandidateQuestion> = fc.record({
  addresses: fc
    .tuple(...addresses.map(() => fc.array(fc.constantFrom(...services), { maxLength: 2 })))
    .map((lists) => new Map(lists.map((list, at) => [addresses[at] ?? '', list]))),
  speakers: fc.subarray(names),
  nodes,
  pools,
  rules,
  forwarding: fc.constantFrom<CandidateQuestion['forwarding']>('nodes', 'proxy'),
  ignoreExcludeLabel: fc.boolean(),
});

/** What one address is told when nothing else is asked about and nothing was before. */
const alone = (question: CandidateQuestion) =>
  [...question.addresses].flatMap((one) => candidatesOf({ ...question, addresses: new Map([one]) }));

describe('who may announce addresses, while things change', () => {
  it('is what a question about each alone would say, whatever was asked before', () => {
    // One part of the world changes at a time, as in life: what was said of the rest is taken from before.
    const step = fc.tuple(fc.constantFrom('addresses', 'speakers', 'nodes', 'pools', 'rules', 'forwarding'), world);
    fc.assert(
      fc.property(world, fc.array(step, { maxLength: 6 }), (first, steps) => {
        const last = new Answered();
        let now = first;
        assert.deepEqual(candidatesOf(now, last), alone(now));
        for (const [part, next] of steps) {
          now = { ...now, [part]: next[part] };
          assert.deepEqual(candidatesOf(now, last), alone(now));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is worked out once for all that are alike, and not again for those that stay', () => {
    const asked = (ids: readonly string[]): CandidateQuestion => ({
      addresses: new Map(ids.map((id, at) => [`10.0.0.${at}`, kept(id)])),
      speakers: names,
      nodes: names.map((name) => ({ name, addresses: [], labels: {}, ready: true })),
      pools: [lan],
      rules: [rule({})],
      forwarding: 'nodes',
    });
    const made = new Map<string, readonly ExportedService[]>();
    const kept = (id: string) => {
      const list = made.get(id) ?? [service(id, { backends: { web: backend(['a'], 'ready', false) } })];
      made.set(id, list);
      return list;
    };
    const last = new Answered();
    const before = candidatesOf(asked(['shop/a', 'shop/b', 'shop/c']), last);
    assert.deepEqual(new Set(before.map(({ candidates }) => candidates)).size, 1);
    const after = candidatesOf(asked(['shop/a', 'shop/new', 'shop/c']), last);
    assert.deepEqual(
      after.map((one) => before.includes(one)),
      [true, false, true],
    );
  });
});
