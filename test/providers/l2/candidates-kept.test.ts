import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnnounceRule, Json, Node, Observed, Pool } from '../../../src/model/index.ts';
import { group, input, modelled, service } from './make-input.ts';

const address = '10.0.0.5';
const web = service('shop/web', {
  backends: {
    web: {
      targets: [{ address: '10.9.0.1', port: 80, weight: 1, state: 'ready' }],
      ...{ targetKind: 'ip', protocol: 'tcp', balance: 'roundrobin' },
    },
  },
});
const nodes = ['a', 'b', 'c'].map((name): Node => ({ name, addresses: [], labels: { name }, ready: true }));
const pool = (name: string, ranges: readonly string[], more: Partial<Pool> = { byRule: true }): Pool => ({
  name,
  ranges,
  ...more,
});
const rule = (more: Partial<AnnounceRule> = {}): AnnounceRule => ({
  name: 'only-b',
  preferences: [],
  source: 'rule',
  ...more,
});
const onlyB = rule({ pools: ['team-a'], nodeSelectors: ['name=b'] });

/** What is told of the address, while the pool has it and when it has it no more. */
function kept(announcements: readonly AnnounceRule[], was: Pool, then: readonly Pool[], remembers = true) {
  const all = { groups: [group(address, [web])], nodes, announcements };
  const first = modelled(input({ ...all, pools: [was] }));
  const present = first.resources.map((one): Observed => ({ ...one, handle: one.id, owned: true, facts: {} }));
  const second = modelled(input({ ...all, pools: then, present: remembers ? present : [] }));
  const by = ({ of }: typeof first): Json | undefined => of.get(`Announcement ${address}`)?.candidates;
  return { before: by(first), after: by(second), problems: second.problems.map(({ message }) => message) };
}

describe('an address that is kept after its pool has it no more', () => {
  const team = pool('team-a', ['10.0.0.0/28']);

  it('is announced by those alone that the rules of that pool select, whether it shrinks or goes', () => {
    for (const then of [[pool('team-a', ['10.0.0.0/30'])], []])
      assert.deepEqual(kept([onlyB], team, then), { before: [['b']], after: [['b']], problems: [] });
  });

  it('stays silent where no rule was about it', () => {
    const { before, after, problems } = kept([onlyB], pool('buggy', ['10.0.0.0/28']), []);
    assert.deepEqual([before, after], [[], []]);
    assert.match(
      problems[0] ?? '',
      /10\.0\.0\.5 came out of pool buggy, which has it no more, and no L2Advertisement announces it: put it back/,
    );
  });

  it('goes by rules about every pool where nobody knows any more out of which it came, else nobody announces it', () => {
    assert.deepEqual(kept([rule()], team, [], false).after, [['a', 'b', 'c']]);
    const { after, problems } = kept([onlyB], team, [], false);
    assert.deepEqual(after, []);
    assert.match(problems[0] ?? '', /lies in no pool, and no L2Advertisement announces it/);
  });

  it('is announced everywhere as before where its pool needed no rule', () => {
    assert.deepEqual(kept([onlyB], pool('own', ['10.0.0.0/28'], {}), []).after, [['a', 'b', 'c']]);
    assert.deepEqual(kept([], pool('own', ['10.0.0.0/28'], {}), [], false).after, [['a', 'b', 'c']]);
  });

  it('goes by the rules of the pool that has it now', () => {
    assert.deepEqual(kept([onlyB], pool('buggy', ['10.0.0.0/28']), [team]).after, [['b']]);
  });
});
