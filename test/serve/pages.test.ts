import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ServiceState, State } from '../../src/model/index.ts';
import { explainService } from '../../src/serve/index.ts';
import { escapeHtml, html } from '../../src/serve/pages/html.ts';
import { servicePage } from '../../src/serve/pages/service-page.ts';
import { statePage } from '../../src/serve/pages/state-page.ts';
import { service, serviceState, state } from '../cli/fake-app.ts';
import { ask, listening } from './listening.ts';

const everything = { text: '', failing: false, page: 1 };

/** The page without what is text: tags and attribute names in order, attribute values dropped. */
function skeleton(page: string): readonly string[] {
  return [...page.matchAll(/<(\/?[a-z0-9!]+)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*>/gi)].map(
    ([, tag = '', attributes = '']) => `${tag} ${attributes.replace(/="[^"]*"/g, '').trim()}`,
  );
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    '"><script>alert(1)</script>',
    "' onmouseover='x",
    '</td>',
    '`x`',
    '&lt;',
    '\u202e<b>',
    '<!--',
    ']]>',
    '\u0000"',
  ),
);

test('escaped text has no character that HTML could read, and gives the text back', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const escaped = escapeHtml(text);
      assert.doesNotMatch(escaped, /[<>"'`\u0000-\u0008\u202e]|&(?!(amp|lt|gt|quot|#39|#96);)/);
      const back = escaped.replace(
        /&(amp|lt|gt|quot|#39|#96);/g,
        (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#96': '`' })[name] ?? '',
      );
      if (!/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e-\u202e\u2066-\ufeff]/u.test(text)) assert.equal(back, text);
    }),
    { numRuns: 2_000 },
  );
});

test('whatever stands in a state, the page has the tags of a harmless one', () => {
  const pageOf = (text: string, health: ServiceState['health']) => {
    const told: State = {
      ...state,
      instance: text,
      balancers: state.balancers.map((b) => ({
        ...b,
        name: text,
        units: b.units.map((u) => ({ ...u, unit: text, message: text })),
      })),
      services: [
        {
          ...serviceState,
          id: text,
          reason: text,
          health,
          reports: serviceState.reports.map((r) => ({ ...r, addresses: [{ host: text, ports: [1] }] })),
        },
      ],
      problems: [{ code: 'E_HOST', severity: 'error', source: text, field: text, message: text }],
      incomplete: [{ source: text, part: text, reason: text }],
      plans: [
        {
          id: text,
          balancer: text,
          unit: text,
          startedMs: 1,
          durationMs: 1,
          cause: text,
          steps: [],
          refused: [],
          result: 'failed',
          message: text,
        },
      ],
    };
    return statePage(told, { ...everything, text: '' }, 1);
  };
  const harmless = skeleton(pageOf('x', 'down'));
  assert.ok(harmless.length > 60);
  fc.assert(
    fc.property(hostile, (text) => assert.deepEqual(skeleton(pageOf(text, 'down')), harmless)),
    { numRuns: 300 },
  );
});

test('a service page with hostile settings and reasons keeps its tags', () => {
  const pageOf = (text: string) => {
    const told = explainService('shop/web', [{ ...service, settings: { haproxy: { [text || 'k']: text } } }], {
      ...state,
      services: [{ ...serviceState, reason: text, kind: text }],
    });
    return servicePage(told ?? assert.fail());
  };
  const harmless = skeleton(pageOf('x'));
  fc.assert(
    fc.property(hostile, (text) =>
      assert.deepEqual(skeleton(pageOf(text)), text === '' ? skeleton(pageOf('')) : harmless),
    ),
    { numRuns: 300 },
  );
});

test('the template escapes strings, numbers and lists, and leaves finished HTML', () => {
  assert.equal(
    html`<p title="${'"'}">${['<', html`<b>${'&'}</b>`, 1]}</p>`.text,
    '<p title="&quot;">&lt;<b>&amp;</b>1</p>',
  );
});

test('the page reads without script: failing first, state as glyph and word, tables with headers, no inline code', async (t) => {
  const { apiUrl } = await listening(t);
  const { body, headers } = await ask(`${apiUrl}/`);
  assert.match(String(headers['content-type']), /^text\/html/);
  assert.ok(body.indexOf('shop/web') < body.indexOf('a/ok'), 'what fails stands first');
  assert.match(body, /<span aria-hidden="true">◐<\/span> degraded/);
  assert.match(body, /<html lang="en">/);
  for (const [table] of body.matchAll(/<table>.*?<\/table>/gs)) {
    assert.match(table, /<caption>[^<]+<\/caption>/);
    assert.match(table, /<th scope="col">/);
  }
  assert.doesNotMatch(body, /<style|style=|<script>|\son[a-z]+=/);
  assert.deepEqual([...body.matchAll(/<script[^>]*>/g)].map(String), ['<script src="/page.js" defer>']);
  assert.equal((await ask(`${apiUrl}/services/shop%2Fweb`)).status, 200);
  assert.equal((await ask(`${apiUrl}/services/none`)).status, 404);
});

test('filter, failing only, and pages of 200', () => {
  const many = {
    ...state,
    services: Array.from({ length: 450 }, (_, i) => ({
      ...serviceState,
      id: `s/${i}`,
      health: i < 10 ? ('down' as const) : ('ok' as const),
    })),
  };
  const rows = (query: Partial<typeof everything>) =>
    statePage(many, { ...everything, ...query }, 1).split('data-id=').length - 1;
  assert.deepEqual(
    [rows({}), rows({ page: 3 }), rows({ page: 9 }), rows({ failing: true }), rows({ text: 'S/44' })],
    [200, 50, 50, 10, 11],
  );
});

test('what cannot be read at present stands first, with since when, why and what to do', () => {
  const unread = { sinceMs: 0, never: true, code: 'E_CLOUD_UNREACHABLE', message: 'no <way>', hint: 'Look there.' };
  const balancers = [{ name: 'aws', provider: 'awselb', objects: 0, units: [], unread }];
  const page = statePage({ ...state, inSync: false, balancers }, everything, 1);
  assert.match(
    page,
    /Not read at present.*never read since this weir started.*1970-01-01T00:00:00\.000Z.*no &lt;way&gt; Look there\./s,
  );
  assert.doesNotMatch(statePage(state, everything, 1), /Not read at present/);
});
