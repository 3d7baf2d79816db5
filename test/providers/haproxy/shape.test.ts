import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Layout } from '../../../providers/haproxy/layout.ts';
import { checkShape, parseShape } from '../../../providers/haproxy/shape.ts';
import { splitLine } from '../../../providers/haproxy/shape-words.ts';
import { textOf } from '../../../providers/haproxy/text.ts';
import { WeirError } from '../../../src/model/index.ts';
import { http, route, service } from '../../front/make-service.ts';
import { build } from './build.ts';

const place = { instance: 'test', balancer: 'default', socket: '/run/test.sock' };
const { layout } = build([service('a/a', [http([route(['x.example'])])])]);
const text = textOf(layout, place);

function refuses(changed: string, pattern: RegExp, of: Layout = layout): void {
  assert.throws(
    () => checkShape(changed, of),
    (error) => error instanceof WeirError && error.code === 'E_BUG' && pattern.test(error.message),
  );
}

describe('words', () => {
  test('quotes and escapes as HAProxy reads them', () => {
    assert.deepEqual(splitLine("  a 'b c' 'd'\\''e' \\x41\\x20"), ['a', 'b c', "d'e", 'A ']);
    assert.deepEqual(splitLine(''), []);
    assert.deepEqual(splitLine("a ''"), ['a', '']);
  });

  test('what is never written is not read', () => {
    for (const line of ['a "b"', 'a $HOME', 'a # b', "a 'b", 'a \\n', 'a \\x00', 'a \\ b', 'a\\']) {
      assert.equal(splitLine(line), undefined, line);
    }
  });
});

describe('shape', () => {
  test('what was rendered is accepted', () => {
    checkShape(text, layout);
    assert.equal(parseShape(text)[0]?.head[0], 'global');
  });

  test('a line, a section, a keyword or a server that the layout has not', () => {
    const first = 'default_backend a_404';
    refuses(text.replace(first, `${first}\n  http-request allow`), /was to have \d+ lines/);
    refuses(text.replace(first, `${first}\nbackend evil`), /sections/);
    refuses(text.replace('balance roundrobin', 'external-check path'), /external-check/);
    refuses(text.replace('server v4-10.0.0.1_80', 'server evil'), /evil/);
    refuses(text.replace('\nbackend a_404', '\nbackend a_405'), /a_405/);
  });

  test('what passed once is read again where it is another text, and nothing else', () => {
    checkShape(text, layout);
    const [head = ''] = layout.sections.flatMap((section) =>
      section.head.startsWith('backend b_') ? [section.head] : [],
    );
    refuses(text.replace(`\n${head}\n`, `\n${head}\n  external-check path\n`), /was to have \d+ lines/);
    refuses(text.replace(`\n${head}\n`, `\n# x\n${head}\n`), /comment/);
    refuses(`${text}\nbackend evil\n`, /sections/);
    refuses(text.slice(text.indexOf('global')), /header/);
    const cut = { ...layout, sections: layout.sections.slice(0, -1) };
    refuses(text, /sections/, cut);
    refuses(textOf(cut, place), /begin a section/);
  });

  test('a missing line', () => {
    refuses(text.replace('  mode http\n', ''), /was to have/);
  });

  test('control characters, comments and open quotes', () => {
    refuses(text.replace('mode http', 'mode\thttp'), /control character/);
    refuses(text.replace('  mode http', '# mode http'), /comment/);
    refuses(text.replace('mode http', "mode 'http"), /never written/);
    refuses(`  mode http\n${text}`, /before the first section/);
  });
});
