import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Layout, ServerLine } from '../../../providers/haproxy/layout.ts';
import { parseRetiring, retiringText } from '../../../providers/haproxy/retiring-text.ts';

const server = (name: string, options = ''): ServerLine => ({
  name,
  address: name.startsWith('v6') ? '2001:db8::7' : '10.0.0.7',
  port: 80,
  weight: 1,
  options,
  checked: options.startsWith('check'),
});
const layout = (backends: Readonly<Record<string, readonly ServerLine[]>>): Layout => ({
  sections: Object.entries(backends).map(([name, servers]) => ({
    head: `backend ${name}`,
    lines: [],
    servers: new Map(servers.map((one) => [one.name, one])),
  })),
  maps: new Map(),
  certs: new Map(),
  crtLists: new Map(),
  binds: [],
  descriptors: 0,
});
const [a, b, v6] = [
  server('a', 'check inter 2000 rise 2 fall 3'),
  server('b'),
  server('v6', 'ssl verify none sni str(x.y)'),
];

test('who leaves waits, with who does already; who is back does not; read again as it was written', () => {
  const before = layout({ one: [a, b, v6], two: [b] });
  const now = layout({ one: [b], two: [b, a] });
  const waiting = new Map([
    ['two/a', a],
    ['gone/b', b],
  ]);
  const text = retiringText(waiting, before, now);
  assert.deepEqual(
    parseRetiring(text),
    new Map([
      ['gone/b', b],
      ['one/a', a],
      ['one/v6', v6],
    ]),
  );
  assert.equal(retiringText(new Map(), undefined, now), '');
  assert.equal(retiringText(new Map(), before, before), '');
});

test('what is no such line is nobody', () => {
  assert.deepEqual(parseRetiring(''), new Map());
  assert.deepEqual(parseRetiring('\0\0\none\none server a\none use-server a 10.0.0.7:80 weight 1\n'), new Map());
});
