import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { RouteAttrs } from '../../../providers/haproxy/attrs.ts';
import { compareStrength, pathRank } from '../../../providers/haproxy/route-rank.ts';
import { regexKey } from '../../../providers/haproxy/route-regex.ts';
import { nowhere, routeTable } from '../../../providers/haproxy/route-table.ts';
import { prefixes, shareEntries } from '../../../providers/haproxy/shares.ts';

type Path = NonNullable<RouteAttrs['path']>;

/** What the documentation promises, written without any trick. */
function fits({ type, value }: Path, path: string): boolean {
  if (type === 'exact') return path === value;
  if (type === 'stringPrefix') return path.startsWith(value);
  if (type === 'regex') return new RegExp(value).test(path);
  return value === '/' || path === value || path.startsWith(`${value}/`);
}

/** What HAProxy does with a tree of prefixes. */
function longest(entries: ReadonlyMap<string, string>, text: string): string | undefined {
  for (let length = text.length; length >= 0; length--) {
    const found = entries.get(text.slice(0, length));
    if (found !== undefined) return found;
  }
  return undefined;
}

const element = fc.constantFrom('a', 'b', 'ab', 'aa', '');
const text = fc.array(element, { maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
const trimmed = text.map((value) => value.replace(/\/+/g, '/').replace(/(.)\/$/, '$1'));
const anyPath: fc.Arbitrary<Path> = fc.oneof(
  text.map((value) => ({ type: 'exact' as const, value })),
  trimmed.map((value) => ({ type: 'prefix' as const, value })),
  text.map((value) => ({ type: 'stringPrefix' as const, value })),
);
const anyPaths = fc.uniqueArray(anyPath, { maxLength: 8, selector: ({ type, value }) => `${type} ${value}` });

function leading(host: string, path: Path | undefined, lead: string) {
  return { attrs: { key: '', host, ...(path === undefined ? {} : { path }) }, lead };
}

describe('route table', () => {
  test('one lookup finds what the documentation promises', () => {
    let found = 0;
    fc.assert(
      fc.property(anyPaths, text, (paths, asked) => {
        const { tree } = routeTable(paths.map((path, i) => leading('h', path, `b_${i}`)));
        const best = paths
          .map((path, i) => ({ path, lead: `b_${i}` }))
          .filter(({ path }) => fits(path, asked))
          .sort((a, b) => pathRank(b.path) - pathRank(a.path))[0];
        if (best !== undefined) found++;
        const expected = paths.length === 0 ? undefined : (best?.lead ?? nowhere);
        assert.equal(longest(tree, `h${asked}/?`), expected);
      }),
      { numRuns: 5_000 },
    );
    assert.ok(found > 1_000);
  });

  test('a host without the path leads nowhere, or to its rest', () => {
    const { tree } = routeTable([leading('a', { type: 'exact', value: '/x' }, 'b_1'), leading('b', undefined, 'b_2')]);
    assert.equal(longest(tree, 'a/y/?'), nowhere);
    assert.equal(longest(tree, 'b/y/?'), 'b_2');
    assert.equal(longest(tree, 'c/y/?'), undefined);
  });

  test('ranks stand only at hosts that mix kinds', () => {
    const routes = [
      leading('plain', { type: 'prefix', value: '/' }, 'b_1'),
      leading('mixed', { type: 'prefix', value: '/' }, 'b_2|p'),
      leading('mixed', { type: 'regex', value: '^/x' }, 'b_3'),
    ];
    const { tree, regex } = routeTable(routes);
    assert.equal(tree.get('plain/'), 'b_1');
    assert.equal(tree.get('mixed/'), 'b_2|p|5');
    assert.deepEqual([...regex.values()], ['b_3||14']);
  });

  test('conditional routes go weakest first, of equals the younger', () => {
    const get = { methods: ['GET'], path: { type: 'prefix', value: '/' } as const };
    const one = (host: string, more: Partial<RouteAttrs>) => ({
      attrs: { key: '', host, ...get, ...more },
      lead: 'b_1',
    });
    const { conditional } = routeTable([
      one('deep', { path: { type: 'prefix', value: '/deep' } }),
      one('old', { tie: '1' }),
      one('young', { tie: '2' }),
      one('header', { headers: [{ name: 'a', type: 'present' }] }),
    ]);
    assert.deepEqual(
      conditional.map(({ attrs }) => attrs.host),
      ['young', 'old', 'header', 'deep'],
    );
  });

  test('strength is a total order', () => {
    const attrs = anyPath.map((path): RouteAttrs => ({ key: '', host: '', path }));
    fc.assert(
      fc.property(attrs, attrs, (a, b) => {
        assert.equal(Math.sign(compareStrength(a, b)), -Math.sign(compareStrength(b, a)) || 0);
      }),
    );
  });
});

describe('expressions', () => {
  const match = (host: string, pattern: string, asked: string): boolean =>
    // JavaScript has no (?s:…) in every version that runs this; `.` meets no line break here.
    new RegExp(regexKey(host, pattern).replace('(?s:.*?)', '.*?')).test(asked);

  test('are tied to their host, anchors mean the path', () => {
    assert.ok(match('x.example', '^/a$', 'x.example/a'));
    assert.ok(!match('x.example', '^/a$', 'y.example/a'));
    assert.ok(!match('x.example', '^/a$', 'xxexample/a'));
    assert.ok(!match('x.example', '^/a$', 'x.example/b/a'));
    assert.ok(match('x.example', '/a', 'x.example/b/a'));
    assert.ok(match('x.example', '^/a|^/b', 'x.example/b'));
    assert.ok(!match('x.example', '^/a|^/b', 'x.example/c/b'));
    assert.ok(match('*.x.example', '^/[^a] \\^$', '*.x.example/b ^'));
    assert.ok(match('', '^/a$', '/a'));
    assert.ok(!match('', '/a$', 'x.example/a'));
  });
});

describe('shares', () => {
  test('prefixes cover exactly their range, in few pieces', () => {
    const bound = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(bound, bound, (a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        const covered = prefixes(from, to).reduce((sum, prefix) => sum + 10 ** (5 - prefix.length), 0);
        assert.equal(covered, to - from);
        assert.ok(prefixes(from, to).length <= 72);
        for (const prefix of prefixes(from, to)) {
          const low = Number(prefix.padEnd(5, '0')) - 10_000;
          assert.ok(low >= from && low + 10 ** (5 - prefix.length) <= to);
        }
      }),
    );
  });

  test('each backend gets its share, weight 0 nothing, every number leads somewhere', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 256 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, (list) => {
        const total = list.reduce((sum, weight) => sum + weight, 0);
        const entries = new Map(
          shareEntries(
            'w:',
            list.map((weight, i) => ({ backend: `b_${i}`, weight })),
          ),
        );
        if (total === 0) return assert.equal(entries.size, 0);
        const counts = new Map<string, number>();
        for (let number = 10_000; number < 20_000; number++) {
          const to = longest(entries, `w:${number}`) ?? '';
          counts.set(to, (counts.get(to) ?? 0) + 1);
        }
        list.forEach((weight, i) => {
          const share = (weight / total) * 10_000;
          assert.ok(Math.abs((counts.get(`b_${i}`) ?? 0) - share) <= 1);
        });
      }),
      { numRuns: 30 },
    );
  });
});
