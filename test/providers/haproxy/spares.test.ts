/** Which backend is which spare: decided from resources and what runs, for ever the same, never two on one. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import fc from 'fast-check';
import { diffLayouts, phaseOf } from '../../../providers/haproxy/diff.ts';
import type { Layout } from '../../../providers/haproxy/layout.ts';
import { layoutOf } from '../../../providers/haproxy/layout-of.ts';
import {
  freshLayout,
  isScarce,
  placedLayout,
  sparesOf,
  standingSpares,
} from '../../../providers/haproxy/layout-placed.ts';
import { optionsSchema } from '../../../providers/haproxy/options.ts';
import { parseConfig } from '../../../providers/haproxy/process-layout.ts';
import { sparePaths, spareShapes } from '../../../providers/haproxy/spare-shape.ts';
import { textOf } from '../../../providers/haproxy/text.ts';
import type { Json, Resource } from '../../../src/model/index.ts';
import { backend, frontend, route } from '../../e2e/haproxy-rig.ts';
import { checkConfig, writeLayout } from './build.ts';

const options = optionsSchema.parse({ spares: 8, addresses: ['127.0.0.1'] });
const none: ReadonlySet<string> = new Set();
const front = frontend(8_080);

/** A service with a host of its own, and its backend. */
function service(id: string, attrs: Readonly<Record<string, Json>> = {}, port = 1): readonly Resource[] {
  return [route(8_080, `${id}.test`, '/', id), backend(id, { [port]: 1 }, attrs)];
}

const start = freshLayout([front, ...service('first')], options, undefined);
const place = (running: Layout, resources: readonly Resource[], busy = none) =>
  placedLayout([front, ...resources], options, running, { busy, makes: false });
const spareOf = (layout: Layout, id: string) => [...sparesOf(layout)].find(([own]) => own.startsWith(`b_${id}_`))?.[1];

function reloads(running: Layout, wanted: Layout): readonly string[] {
  return diffLayouts(running, wanted).reload;
}

test('backends without wishes of their own refer to settings that they share; HAProxy and a restart read the same lines', async () => {
  const resources = [
    front,
    ...service('first'),
    ...service('slow', { serverMs: 500 }),
    ...service('hashed', { balance: 'uri' }),
  ];
  const layout = freshLayout(resources, options, undefined);
  const bare = layoutOf(resources, options);
  const own = ({ sections }: Layout) => sections.filter(({ head }) => head.startsWith('backend b_'));
  assert.deepEqual(
    own(layout).map(({ from }) => from),
    ['own_http-roundrobin', undefined, 'own_http-uri'],
  );
  assert.deepEqual(
    own(layout).map(({ lines }) => lines),
    own(bare).map(({ lines }) => lines),
    'a section says the same however the file has it',
  );
  assert.ok(own(bare).every(({ from }) => from === undefined));
  assert.equal(
    own(layout)[0],
    own(freshLayout(resources, options, layout))[0],
    'the same object while nothing changes',
  );
  const read = parseConfig(textOf(layout, { instance: 'n', balancer: 'b', socket: '/s' }));
  assert.deepEqual(
    read.filter(({ head }) => head.startsWith('backend b_')).map(({ head, lines }) => ({ head, lines })),
    own(layout).map(({ head, lines }) => ({ head, lines })),
  );
  const folder = mkdtempSync(`${tmpdir()}/weir-plain-`);
  try {
    await checkConfig(writeLayout(layout, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('at a start every backend has a section of its own, and spares of every shape stand ready', () => {
  assert.equal(sparesOf(start).size, 0);
  const standing = standingSpares(start);
  assert.equal(standing.filter((name) => /^sp_http-roundrobin_\d+$/.test(name)).length, 8);
  assert.equal(standing.filter((name) => name.startsWith('sp_tcp-source_')).length, 2);
  assert.deepEqual(standingSpares(layoutOf([front], options)), [], 'who asks for no places gets no spares');
});

test('a new backend takes a spare of its shape without a reload; its servers before what leads there', () => {
  const next = place(start, [...service('first'), ...service('second')]);
  assert.match(spareOf(next, 'second') ?? '', /^sp_http-roundrobin_\d+$/);
  const { reload, steps } = diffLayouts(start, next);
  assert.deepEqual(reload, []);
  assert.deepEqual(
    steps.map((step) =>
      `${step.do} ${'map' in step ? step.map.replace(/f_.*\./, 'f.').replace(/routes/, 'routes') : ''}`.trim(),
    ),
    ['add keys maps/spares.map', 'add server', 'add keys maps/f.map'],
  );
});

test('the map of routes, shares included, names the spare', () => {
  const [shared, bare] = [route(8_080, 'w.test', '/', 'x'), backend('second', { 2: 1 })];
  const forward = new Map([
    ['first', { attrs: { weight: 1 } }],
    ['second', { attrs: { weight: 3 } }],
  ]);
  const weighted: Resource = { ...shared, refs: { frontend: shared.refs.frontend ?? '' }, sets: { forward } };
  const running = freshLayout([front, ...service('first'), weighted], options, undefined);
  const next = place(running, [...service('first'), weighted, bare]);
  assert.deepEqual(reloads(running, next), []);
  const values = [...next.maps]
    .filter(([path]) => path.endsWith('.shares.map'))
    .flatMap(([, { entries }]) => [...entries.values()]);
  assert.ok(values.includes(spareOf(next, 'second') ?? 'nothing'));
});

test('what a spare cannot say takes a section of its own and a reload', () => {
  const cases: readonly Readonly<Record<string, Json>>[] = [
    { connectMs: 100 },
    { retries: 1 },
    { queueMs: 10 },
    { check: { type: 'tcp', intervalMs: 1_000, rise: 1, fall: 1, timeoutMs: 500 } },
    { check: { type: 'http', intervalMs: 1_000, rise: 1, fall: 1, method: 'HEAD' } },
    { check: { type: 'http', intervalMs: 1_000, rise: 1, fall: 1, expect: [{ from: 200, to: 200 }] } },
    { check: { type: 'http', intervalMs: 1_000, rise: 1, fall: 1, path: "/a'b" } },
    { tls: { verify: true, ca: 'a'.repeat(64) } },
    { mode: 'tcp', serverMs: 100 },
  ];
  for (const attrs of cases) {
    const next = place(start, [...service('first'), ...service('odd', attrs)]);
    assert.equal(reloads(start, next)[0], 'backend', JSON.stringify(attrs));
    assert.equal(sparesOf(next).size, 0);
  }
  const [plain, target] = service('treated');
  assert.ok(plain !== undefined && target !== undefined);
  const treated = { ...plain, attrs: { ...plain.attrs, filters: [{ type: 'host', value: 'x.test' }] } };
  assert.ok(reloads(start, place(start, [...service('first'), treated, target])).includes('backend'));
});

test('timeouts, path and Host of checks stand in maps, and change there', () => {
  const check = { type: 'http', intervalMs: 1_000, rise: 2, fall: 3, path: '/health', host: 'x.test' };
  const next = place(start, [...service('first'), ...service('second', { check, serverMs: 500, tunnelMs: 900 })]);
  const spare = spareOf(next, 'second') ?? '';
  assert.match(spare, /^sp_http-roundrobin-check_/);
  const said = (layout: Layout) =>
    [sparePaths.server, sparePaths.tunnel, sparePaths.uri, sparePaths.host].map((path) =>
      layout.maps.get(path)?.entries.get(spare),
    );
  assert.deepEqual(said(next), ['500', '900', '/health', 'x.test']);
  const slower = place(next, [...service('first'), ...service('second', { check, serverMs: 800 })]);
  assert.deepEqual(said(slower), ['800', undefined, '/health', 'x.test']);
  assert.deepEqual(reloads(next, slower), []);
});

test('a backend that changes its kind moves to a spare, the new one filled before the old one is emptied', () => {
  const next = place(start, service('first', { balance: 'leastconn' }));
  assert.match(spareOf(next, 'first') ?? '', /^sp_http-leastconn_/);
  const { reload, steps } = diffLayouts(start, next);
  assert.deepEqual(reload, []);
  assert.deepEqual(
    steps.map((step) => step.do),
    ['add keys', 'add server', 'set keys', 'remove server'],
  );
  const again = place(next, service('first', { balance: 'source' }));
  assert.match(spareOf(again, 'first') ?? '', /^sp_http-source_/);
  assert.deepEqual(reloads(next, again), []);
});

test('what goes: its routes, its servers, then what its spare worked by; its own section stays empty until a reload', () => {
  const two = place(start, [...service('first'), ...service('second')]);
  const gone = place(two, service('first'));
  const { reload, steps } = diffLayouts(two, gone);
  assert.deepEqual(reload, []);
  assert.deepEqual(
    steps.map((step) => step.do),
    ['remove keys', 'remove server', 'remove keys'],
  );
  assert.deepEqual(
    steps.map(phaseOf),
    [...steps.map(phaseOf)].sort((a, b) => a - b),
  );
  const empty = place(start, service('other'));
  assert.deepEqual(reloads(start, empty), []);
  const left = empty.sections.find(({ head }) => head.startsWith('backend b_first_'));
  assert.equal(left?.servers?.size, 0);
  const fresh = freshLayout([front, ...service('other')], options, empty);
  assert.ok(!fresh.sections.some(({ head }) => head.startsWith('backend b_first_')));
  assert.equal(spareOf(fresh, 'other'), spareOf(empty, 'other'), 'a spare that is taken stays taken over a reload');
});

test('no spare is taken that has servers, is named by a map, is said to be busy, or is given up in the same change', () => {
  const one = place(start, [...service('first'), ...service('second')]);
  const old = spareOf(one, 'second') ?? '';
  const swapped = place(one, [...service('first'), ...service('third')]);
  assert.notEqual(spareOf(swapped, 'third'), old);
  const free = place(one, service('first'));
  assert.equal(spareOf(place(free, [...service('first'), ...service('third')]), 'third'), old);
  const busy = place(free, [...service('first'), ...service('third')], new Set([old]));
  assert.notEqual(spareOf(busy, 'third'), old);
  // A process that lost the map but not the servers.
  const maps = new Map(
    [...one.maps].map(([path, map]) => [path, path === sparePaths.owner ? { ...map, entries: new Map() } : map]),
  );
  assert.notEqual(spareOf(place({ ...one, maps }, [...service('first'), ...service('third')]), 'third'), old);
});

test('spares run out: a reload brings as many again', () => {
  const many = Array.from({ length: 8 }, (_, i) => service(`s${i}`)).flat();
  const full = place(start, many);
  assert.equal(sparesOf(full).size, 8);
  assert.ok(isScarce(full, options));
  assert.ok(!isScarce(start, options));
  const more = [...many, ...service('last')];
  assert.deepEqual(reloads(full, place(full, more)), ['backend']);
  const fresh = freshLayout([front, ...more], options, full);
  assert.equal(spareOf(fresh, 'last'), undefined);
  assert.equal(sparesOf(fresh).size, 8);
  assert.ok(!isScarce(fresh, options));
  assert.deepEqual(sparesOf(freshLayout([front, ...more], { ...options, spares: 0 }, full)).size, 0);
});

for (const makes of [false, true])
  test(`property: never two on one spare, nobody moves without a reason, none is reused before it is empty (made at run time: ${makes})`, () => {
    const kinds = [{}, { balance: 'leastconn' }, { balance: 'source' }, { serverMs: 70 }, { connectMs: 9 }] as const;
    const states = fc.array(
      fc.dictionary(
        fc.constantFrom(...'abcdefghij'),
        fc.tuple(fc.nat(kinds.length - 1), fc.integer({ min: 1, max: 9 })),
      ),
      { minLength: 2, maxLength: 12 },
    );
    let moves = 0;
    fc.assert(
      fc.property(states, (list) => {
        let running = start;
        for (const state of list) {
          const resources = Object.entries(state).flatMap(([id, [kind, port]]) => service(id, kinds[kind], port));
          const wanted = placedLayout([front, ...resources], options, running, { busy: none, makes });
          const { reload, steps } = diffLayouts(running, wanted);
          // Each is made once, of those that the process does not have, and what is deleted is gone.
          for (const step of steps) {
            if (step.do !== 'add backend' && step.do !== 'remove backend') continue;
            assert.ok(makes);
            const [has, had] = [wanted, running].map((layout) => standingSpares(layout).includes(step.backend));
            assert.deepEqual([has, had], step.do === 'add backend' ? [true, false] : [false, true]);
          }
          const next = reload.length === 0 ? wanted : freshLayout([front, ...resources], options, running);
          const spares = [...sparesOf(next).values()];
          assert.equal(new Set(spares).size, spares.length);
          assert.ok(spares.every((spare) => standingSpares(next).includes(spare)));
          for (const [own, spare] of sparesOf(next)) {
            const before = sparesOf(running).get(own);
            if (before === spare) continue;
            moves++;
            const section = running.sections.find(({ head }) => head === `backend ${spare}`);
            if (section !== undefined || !makes) assert.equal(section?.servers?.size, 0, `${spare} was not empty`);
            assert.ok(![...sparesOf(running).values()].includes(spare));
          }
          // Every backend has exactly one section with its servers.
          for (const [id, [, port]] of Object.entries(state)) {
            const sections = next.sections.filter(
              ({ head, servers }) =>
                (servers?.size ?? 0) > 0 &&
                (head.startsWith(`backend b_${id}_`) || head === `backend ${spareOf(next, id)}`),
            );
            assert.deepEqual(
              sections.map(({ servers }) => [...(servers?.values() ?? [])][0]?.port),
              [port],
            );
          }
          running = next;
        }
      }),
      { numRuns: 200 },
    );
    assert.ok(moves > 200, `only ${moves} spares were taken`);
  });

test('what is made from the settings of a shape has the lines of its spares, and HAProxy takes it', async () => {
  const dir = mkdtempSync(`${tmpdir()}/weir-`);
  try {
    const config = writeLayout(start, dir);
    const sections = start.sections.filter(({ head }) => head.startsWith('defaults sp_'));
    assert.equal(sections.length, spareShapes.length);
    for (const { head, lines } of sections) {
      const [, name = ''] = head.split(' ');
      const spare = start.sections.find((section) => section.head === `backend ${name}_1`);
      assert.ok(spare !== undefined && spare.lines.length > 0);
      assert.deepEqual(lines.slice(-spare.lines.length), spare.lines);
      // In a file it is written so; later versions take the same as a command.
      appendFileSync(config, `\nbackend made-${name} from ${name}\n`);
    }
    await checkConfig(config);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('HAProxy takes all shapes, and what lies in them, without a warning', async () => {
  const check = { type: 'http', intervalMs: 1_000, rise: 2, fall: 3, path: '/health?a=b', host: 'x.test' };
  const next = place(start, [
    ...service('first'),
    ...service('second', { check, serverMs: 500 }),
    ...service('third', { balance: 'uri', tunnelMs: 60_000 }),
  ]);
  assert.equal(sparesOf(next).size, 2);
  const dir = mkdtempSync(`${tmpdir()}/weir-`);
  try {
    await checkConfig(writeLayout(next, dir));
  } finally {
    rmSync(dir, { recursive: true });
  }
});
