import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Layout } from '../../../providers/haproxy/layout.ts';
import { checkShape, parseShape, ShapeCheck } from '../../../providers/haproxy/shape.ts';
import { splitLine } from '../../../providers/haproxy/shape-words.ts';
import { textOf } from '../../../providers/haproxy/text.ts';
import { atOnce, WeirError } from '../../../src/model/index.ts';
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

test('one text after the other is judged as each alone', () => {
  const ids = ['a/a', 'a/b', 'a/c', 'a/d', 'a/e'];
  const made = new Map(ids.map((id) => [id, service(id, [http([route([`${id.slice(2)}.example`])])])]));
  const chosen = fc
    .subarray(ids, { minLength: 1 })
    .map((some) => build(some.flatMap((id) => made.get(id) ?? [])).layout);
  const damage = fc.option(
    fc.record({
      at: fc.nat(10_000),
      cut: fc.nat(40),
      put: fc.constantFrom('', '\n', '\n\n', '  http-request allow\n', 'backend x\n', '# x\n'),
    }),
    { freq: 3 },
  );
  const verdict = (check: () => void): string => {
    try {
      check();
      return 'accepted';
    } catch (error) {
      return error instanceof WeirError ? 'refused' : String(error);
    }
  };
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(fc.tuple(chosen, damage), { minLength: 2, maxLength: 6 }), (turns) => {
      const memory = new ShapeCheck();
      for (const [one, hurt] of turns) {
        const whole = textOf(one, place);
        const at = hurt === null ? 0 : hurt.at % whole.length;
        const now = hurt === null ? whole : `${whole.slice(0, at)}${hurt.put}${whole.slice(at + hurt.cut)}`;
        const alone = verdict(() => checkShape(now, one));
        seen.add(alone);
        assert.equal(
          verdict(() => atOnce(memory.check(now, one))),
          alone,
        );
      }
    }),
    { numRuns: 300 },
  );
  assert.deepEqual([...seen].sort(), ['accepted', 'refused']);
});
