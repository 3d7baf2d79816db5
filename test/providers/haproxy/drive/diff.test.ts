import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diffLayouts, phaseOf, type RuntimeStep, withServersOf } from '../../../../providers/haproxy/diff.ts';
import type { Layout } from '../../../../providers/haproxy/layout.ts';
import { backend, layout, map, server } from './layouts.ts';

const a = server('10.0.0.1', 80);
const b = server('10.0.0.2', 80);
const of = (...sections: Parameters<typeof backend>[]) =>
  layout({ sections: sections.map((section) => backend(...section)) });

test('nothing to do between equal layouts, by reference or by value', () => {
  const one = of(['b', [a, b]]);
  assert.deepEqual(diffLayouts(one, one), { reload: [], steps: [] });
  assert.deepEqual(diffLayouts(one, of(['b', [server('10.0.0.1', 80), server('10.0.0.2', 80)]])), {
    reload: [],
    steps: [],
  });
});

test('servers come before they go, and weights rise before they fall', () => {
  const heavy = (weight: number) => server('10.0.0.3', 80, weight);
  const light = (weight: number) => server('10.0.0.4', 80, weight);
  const { reload, steps } = diffLayouts(of(['b', [a, light(9), heavy(0)]]), of(['b', [b, light(0), heavy(9)]]));
  assert.deepEqual(reload, []);
  assert.deepEqual(steps, [
    { do: 'add server', backend: 'b', server: b },
    { do: 'set weight', backend: 'b', name: heavy(9).name, weight: 9 },
    { do: 'set weight', backend: 'b', name: light(0).name, weight: 0 },
    { do: 'remove server', backend: 'b', server: a },
  ] satisfies RuntimeStep[]);
});

test('a server with other options needs a reload: HAProxy takes no second one of its name', () => {
  assert.deepEqual(diffLayouts(of(['b', [a]]), of(['b', [server('10.0.0.1', 80, 1, 'maxconn 5')]])).reload, ['server']);
});

test('a backend that takes no servers at run time reloads for every change of them', () => {
  const fixed = (servers: Parameters<typeof backend>[1]) =>
    layout({ sections: [backend('b', servers, ['balance source'], false)] });
  assert.deepEqual(diffLayouts(fixed([a]), fixed([a, b])).reload, ['server']);
  assert.deepEqual(diffLayouts(fixed([a, b]), fixed([a])).reload, ['server']);
  assert.deepEqual(diffLayouts(fixed([a]), fixed([server('10.0.0.1', 80, 5)])).reload, ['server']);
});

test('sections reload when they come, go or change, with the reason by their kind', () => {
  const front = (line: string): Layout => layout({ sections: [{ head: 'frontend f', lines: [line] }] });
  assert.deepEqual(diffLayouts(of(), of(['b', [a]])).reload, ['backend']);
  assert.deepEqual(diffLayouts(of(['b', [a]]), of()).reload, ['backend']);
  assert.deepEqual(diffLayouts(of(['b', [a]]), of(['b', [a], ['balance leastconn']])).reload, ['backend']);
  assert.deepEqual(diffLayouts(front('bind :80'), front('bind :81')).reload, ['frontend']);
  assert.deepEqual(
    diffLayouts(layout({}), { ...layout({}), sections: [{ head: 'global', lines: ['maxconn 200'] }] }).reload,
    ['settings'],
  );
});

test('keys of maps: added, set, removed; in that order over all maps', () => {
  const before = layout({
    maps: { 'maps/x': map({ keep: 'b1', change: 'b1', go: 'b1' }), 'maps/y': map({ old: 'b1' }) },
  });
  const after = layout({
    maps: { 'maps/x': map({ keep: 'b1', change: 'b2', come: 'b2' }), 'maps/y': map({ new: 'b1' }) },
  });
  assert.deepEqual(diffLayouts(before, after), {
    reload: [],
    steps: [
      { do: 'add keys', map: 'maps/x', entries: [['come', 'b2']] },
      { do: 'add keys', map: 'maps/y', entries: [['new', 'b1']] },
      { do: 'set keys', map: 'maps/x', entries: [['change', 'b2']] },
      { do: 'remove keys', map: 'maps/x', keys: ['go'] },
      { do: 'remove keys', map: 'maps/y', keys: ['old'] },
    ],
  });
});

test('regular expressions are ordered: the whole map is exchanged, also when only the order differs', () => {
  const before = layout({ maps: { 'maps/r': map({ '^/a': 'b1', '^/b': 'b2' }, 'reg') } });
  const after = layout({ maps: { 'maps/r': map({ '^/b': 'b2', '^/a': 'b1' }, 'reg') } });
  assert.deepEqual(diffLayouts(before, after).steps, [
    {
      do: 'replace map',
      map: 'maps/r',
      entries: [
        ['^/b', 'b2'],
        ['^/a', 'b1'],
      ],
    },
  ]);
  assert.deepEqual(
    diffLayouts(before, layout({ maps: { 'maps/r': map({ '^/a': 'b1', '^/b': 'b2' }, 'reg') } })).steps,
    [],
  );
});

test('a map or list that the process never read needs a reload; one that goes needs nothing', () => {
  assert.deepEqual(diffLayouts(layout({}), layout({ maps: { 'maps/x': map({}) } })).reload, ['map']);
  assert.deepEqual(diffLayouts(layout({}), layout({ lists: { 'crt/f': [] } })).reload, ['list']);
  assert.deepEqual(diffLayouts(layout({ maps: { 'maps/x': map({}) }, lists: { 'crt/f': [] } }), layout({})), {
    reload: [],
    steps: [],
  });
});

const first = { cert: 'certs/default.pem', hosts: [] };
const entry = (cert: string, ...hosts: string[]) => ({ cert, hosts, options: 'alpn h2' });

test('certificates: loaded before they are listed, listed before the old line goes, dropped last', () => {
  const before = layout({
    certs: { 'certs/default.pem': 'd1', 'certs/o.pem': 'o' },
    lists: { 'crt/f': [first, entry('certs/o.pem', 'o.test')] },
  });
  const after = layout({
    certs: { 'certs/default.pem': 'd2', 'certs/n.pem': 'n' },
    lists: { 'crt/f': [first, entry('certs/n.pem', 'o.test')] },
  });
  const { reload, steps } = diffLayouts(before, after);
  assert.deepEqual(reload, []);
  assert.deepEqual(steps, [
    { do: 'load certificate', path: 'certs/default.pem', fresh: false },
    { do: 'load certificate', path: 'certs/n.pem', fresh: true },
    { do: 'add to list', list: 'crt/f', entries: [entry('certs/n.pem', 'o.test')] },
    { do: 'remove from list', list: 'crt/f', entries: [entry('certs/o.pem', 'o.test')] },
    { do: 'drop certificate', path: 'certs/o.pem' },
  ] satisfies RuntimeStep[]);
});

test('the first line of a list is fixed for the life of a process', () => {
  const one = layout({ certs: { 'certs/a.pem': 'a' }, lists: { 'crt/f': [entry('certs/a.pem', 'a.test')] } });
  const other = layout({ certs: { 'certs/a.pem': 'a' }, lists: { 'crt/f': [entry('certs/a.pem', 'b.test')] } });
  assert.deepEqual(diffLayouts(one, other).reload, ['list']);
});

test('an authority, which no list names, is read at start only', () => {
  assert.deepEqual(
    diffLayouts(layout({ certs: { 'certs/ca.pem': '1' } }), layout({ certs: { 'certs/ca.pem': '2' } })).reload,
    ['certificate'],
  );
  assert.deepEqual(diffLayouts(layout({ certs: { 'certs/ca.pem': '1' } }), layout({})), { reload: [], steps: [] });
});

test('while a reload waits, servers change where sections are the same', () => {
  const running = of(['b', [a]], ['c', [a]]);
  const wanted = of(['b', [a, b]], ['c', [b], ['balance leastconn']], ['d', [b]]);
  const part = withServersOf(running, wanted);
  assert.deepEqual(diffLayouts(running, part), { reload: [], steps: [{ do: 'add server', backend: 'b', server: b }] });
});

// What the process would serve after the steps, by a model of its own.
function play(
  start: Layout,
  steps: readonly RuntimeStep[],
  each: (servers: Map<string, Map<string, number>>, maps: Map<string, Map<string, string>>) => void,
): [Map<string, Map<string, number>>, Map<string, Map<string, string>>] {
  const servers = new Map(
    start.sections
      .filter(({ servers: s }) => s !== undefined)
      .map(({ head, servers: s }) => [
        head.slice(8),
        new Map([...(s ?? [])].map(([name, { weight }]) => [name, weight])),
      ]),
  );
  const maps = new Map([...start.maps].map(([path, { entries }]) => [path, new Map(entries)]));
  for (const step of steps) {
    if (step.do === 'add server') servers.get(step.backend)?.set(step.server.name, step.server.weight);
    if (step.do === 'set weight') servers.get(step.backend)?.set(step.name, step.weight);
    if (step.do === 'remove server') servers.get(step.backend)?.delete(step.server.name);
    if (step.do === 'add keys' || step.do === 'set keys')
      for (const [key, value] of step.entries) maps.get(step.map)?.set(key, value);
    if (step.do === 'remove keys') for (const key of step.keys) maps.get(step.map)?.delete(key);
    if (step.do === 'replace map') maps.set(step.map, new Map(step.entries));
    each(servers, maps);
  }
  return [servers, maps];
}

const anyLayout = fc
  .record({
    backends: fc.array(
      fc.dictionary(fc.constantFrom('1', '2', '3', '4'), fc.constantFrom(0, 1, 5), { noNullPrototype: true }),
      { minLength: 2, maxLength: 2 },
    ),
    keys: fc.dictionary(fc.constantFrom('h1', 'h2', 'h3'), fc.constantFrom('b0', 'b1'), { noNullPrototype: true }),
    ordered: fc.uniqueArray(fc.constantFrom('^/x', '^/y', '^/z')),
  })
  .map(({ backends, keys, ordered }) =>
    layout({
      sections: backends.map((servers, i) =>
        backend(
          `b${i}`,
          Object.entries(servers).map(([n, weight]) => server(`10.0.${i}.${n}`, 80, weight)),
        ),
      ),
      maps: { 'maps/x': map(keys), 'maps/r': map(Object.fromEntries(ordered.map((key) => [key, 'b0'])), 'reg') },
    }),
  );

test('property: the steps lead from any layout to any other, and no point between takes the last weight of a backend that keeps some', () => {
  fc.assert(
    fc.property(anyLayout, anyLayout, (from, to) => {
      const { reload, steps } = diffLayouts(from, to);
      assert.deepEqual(reload, []);
      const phases = steps.map(phaseOf);
      assert.deepEqual(
        phases,
        [...phases].sort((x, y) => x - y),
      );
      const weightOf = (servers: Map<string, Map<string, number>>, name: string) =>
        [...(servers.get(name)?.values() ?? [])].reduce((sum, weight) => sum + weight, 0);
      const target = play(to, [], () => undefined);
      const [ends] = target;
      const [starts] = play(from, [], () => undefined);
      const kept = [...starts.keys()].filter((name) => weightOf(starts, name) > 0 && weightOf(ends, name) > 0);
      const end = play(from, steps, (servers) => {
        for (const name of kept) assert.ok(weightOf(servers, name) > 0, name);
      });
      assert.deepEqual(end, target);
    }),
    { numRuns: 1_000 },
  );
});
