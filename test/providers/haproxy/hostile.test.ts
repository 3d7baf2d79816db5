/** Any text in any field is refused as that service's problem, or the file says the same as with a harmless text. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Layout } from '../../../providers/haproxy/layout.ts';
import { checkShape, parseShape } from '../../../providers/haproxy/shape.ts';
import { crtListText, mapText, textOf } from '../../../providers/haproxy/text.ts';
import { http, prefix, route, service } from '../../front/make-service.ts';
import { build } from './build.ts';
import { hostileText, type TextField, textFields } from './hostile.ts';

const place = { instance: 'test', balancer: 'default', socket: '/run/test.sock' };
/** Has hosts of every kind, so that no host of another service needs rules that are not there already. */
const hosts = [route(['calm.example', '*.calm.example']), route([], prefix('/calm'))];
const neighbour = service('calm/neighbour', [http(hosts)], { createdMs: 0 });

/** Kinds of sections with, for each line, its keyword and how many words it has: what no value may change. */
function skeleton(layout: Layout): readonly string[] {
  const text = textOf(layout, place);
  checkShape(text, layout);
  return parseShape(text).flatMap(({ head, lines }) => [
    `${head[0]} ${head.length}`,
    ...lines.map(([first, ...rest]) => `  ${first} ${rest.length}`),
  ]);
}

/** The side files: two words a map line, a path and names in a crt-list. */
function checkSideFiles(layout: Layout): void {
  for (const map of layout.maps.values()) {
    for (const line of lines(mapText(map))) assert.match(line, /^[!-~]+ [A-Za-z0-9_|-]+$/);
  }
  for (const entries of layout.crtLists.values()) {
    for (const line of lines(crtListText(entries))) assert.match(line, /^certs\/[\w.-]+\.pem( [a-z0-9*._-]+)+$/);
  }
  for (const path of [...layout.maps.keys(), ...layout.certs.keys(), ...layout.crtLists.keys()]) {
    assert.match(path, /^(maps|certs|crt)\/[\w.-]+$/);
    assert.doesNotMatch(path, /\.\./);
  }
}

function lines(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function checkField(field: TextField, text: string): 'refused' | 'carried' {
  const { layout, problems } = build([neighbour, field.put('x/hostile', text)]);
  const found = skeleton(layout);
  checkSideFiles(layout);
  const errors = problems.filter((problem) => problem.severity === 'error');
  for (const problem of problems) {
    assert.notEqual(problem.service, neighbour.id);
    assert.ok(problem.field !== undefined && problem.value !== undefined);
    assert.doesNotMatch(`${problem.source}${problem.field}${problem.value}`, /[\0-\x1f\x7f-\x9f\u2028\u202e]/);
  }
  assert.ok(
    [...layout.maps.values()].some((map) => map.entries.has('calm.example/')),
    'the neighbour is served',
  );
  if (errors.length > 0) return 'refused';
  // An answer without a body has no content type either.
  if (field.name === 'body' && text === '') return 'carried';
  // Every origin is another rule than one.
  if (field.name === 'CORS origins' && text === '*') return 'carried';
  const calm = build([neighbour, field.put('x/hostile', field.harmless)]);
  assert.deepEqual(calm.problems, []);
  assert.deepEqual(found, skeleton(calm.layout));
  return 'carried';
}

describe('hostile text', () => {
  for (const field of textFields) {
    test(`in ${field.name}`, () => {
      fc.assert(
        fc.property(hostileText, (text) => {
          checkField(field, text);
        }),
        { numRuns: 150 },
      );
    });
  }

  test('some of it is carried, some refused', () => {
    const counts = { refused: 0, carried: 0 };
    for (const field of textFields) {
      for (const text of fc.sample(hostileText, { numRuns: 20, seed: 7 })) counts[checkField(field, text)]++;
    }
    assert.ok(counts.refused > 100 && counts.carried > 50, JSON.stringify(counts));
  });
});
