import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseText } from '../../../src/sources/file/parse-text.ts';

function noticesOf(text: string) {
  const result = parseText(text, 'a.yaml');
  assert.ok(result.ok);
  return [...result.parsed.documents.values()].flatMap(({ notices = [] }) => notices);
}

const head = 'apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n';

test('words that YAML 1.1 takes for true or false are told in manifests of Kubernetes, each at its place', () => {
  const told = noticesOf(`a: 1\n---\n${head}spec:\n  autoAssign: No\n  s: [{ matchLabels: { x: y } }]\n`);
  assert.deepEqual(told.map(({ reason, line, column }) => [reason.replace(/;.*/, ''), line, column]).toSorted(), [
    ['No without quotes is false for kubectl', 6, 15],
    ['y without quotes is true for kubectl', 7, 27],
  ]);
  assert.match(told[0]?.reason ?? '', /; write "(?:y|No)" if a text is meant, else (?:true|false)$/);
});

test('nobody hears of what is a text for all, nor of what is no manifest', () => {
  assert.deepEqual(noticesOf(`${head}spec: { a: "y", b: 'no', c: !!str on, d: true, e: yEs, f: "off" }\n`), []);
  assert.deepEqual(noticesOf('name: shop/web\nlabels: { x: y }\n'), []);
});
