/** An expression that weir accepts is one that HAProxy compiles: one that it does not would freeze every service of the file. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { regexKey } from '../../providers/haproxy/route-regex.ts';
import { parseRegex } from '../../src/net/index.ts';

const plain = ['a', '-', '/', ':', '=', '!', '<', '>', '#', '%', ',', "'", '"', ' ', '.', '^', '$', '~', '@', '`', '_'];
const escaped = [
  '\\d',
  '\\W',
  '\\s',
  '\\b',
  '\\B',
  '\\.',
  '\\-',
  '\\ ',
  '\\/',
  '\\#',
  "\\'",
  '\\`',
  '\\}',
  '\\]',
  '\\\\',
];
const member = fc.constantFrom(
  'a',
  'z',
  '-',
  '.',
  ':',
  '=',
  '^',
  '#',
  '\\d',
  '\\w',
  '\\S',
  '\\-',
  '\\]',
  '\\[',
  '0-9',
  'a-z',
);
const set = fc.array(member, { minLength: 1, maxLength: 5 }).map((members) => `[${members.join('')}]`);
const atom = fc.oneof(fc.constantFrom(...plain), fc.constantFrom(...escaped), set);
const times = fc.constantFrom(
  '',
  '',
  '',
  '*',
  '+',
  '?',
  '*?',
  '??',
  '{2}',
  '{0}',
  '{2,}',
  '{2,3}?',
  '{1000}',
  '{7,900}',
);
const piece = fc.tuple(atom, times).map((parts) => parts.join(''));
const sequence = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''));
const group = fc
  .tuple(fc.constantFrom('(', '(?:'), sequence, fc.constantFrom('', '|', '|a'), times)
  .map(([open, inner, other, again]) => `${open}${inner}${other})${again}`);
const expression = fc
  .array(
    fc.oneof(
      sequence,
      group,
      group.map((inner) => `(${inner}){3}`),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => parts.join(''));

test('what is accepted compiles', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-regex-'));
  try {
    const accepted = new Set<string>();
    for (const text of fc.sample(expression, { numRuns: 4000, seed: Number(process.env.SEED ?? 1) })) {
      const parsed = parseRegex(text);
      if (parsed.ok) accepted.add(parsed.value);
    }
    assert.ok(accepted.size > 500, `only ${accepted.size} accepted`);
    const compile = (patterns: readonly string[]): string => {
      const map = join(folder, 'all.map');
      writeFileSync(map, patterns.map((pattern) => `${regexKey('a.test', pattern)} x\n`).join(''));
      const lines = ['defaults', 'mode http', 'timeout client 1s', 'timeout server 1s', 'timeout connect 1s'];
      const use = ['frontend f', 'bind 127.0.0.1:1', `http-request set-var(txn.r) path,map_reg(${map})`, ''];
      writeFileSync(join(folder, 'haproxy.cfg'), [...lines, ...use].join('\n'));
      const { status, stderr } = spawnSync('haproxy', ['-c', '-f', join(folder, 'haproxy.cfg')], { encoding: 'utf8' });
      return status === 0 ? '' : (/regex '.*/.exec(stderr)?.[0] ?? stderr);
    };
    assert.equal(compile([...accepted]), '');
    assert.match(compile(['[\\w-.]']), /invalid range/, 'the test sees what does not compile');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
