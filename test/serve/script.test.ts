import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import { script } from '../../src/serve/pages/script.ts';

/** As much of a document as the script touches; anything else it would reach for throws. */
class Element {
  readonly dataset: Record<string, string>;
  readonly cells: readonly Element[];
  textContent = '';
  className = '';
  children: readonly unknown[] = [];
  removed = false;
  constructor(id = '', cells = 0) {
    this.dataset = { id };
    this.cells = Array.from({ length: cells }, () => new Element());
  }
  setAttribute() {}
  append(...parts: unknown[]) {
    this.children = [...this.children, ...parts];
  }
  replaceChildren(...parts: unknown[]) {
    this.children = parts;
  }
  remove() {
    this.removed = true;
  }
}

function play() {
  const live = new Element();
  const rows = ['shop/web', 'a/ok'].map((id) => new Element(id, 6));
  const listeners = new Map<string, (event: { data: string }) => void>();
  const source = {
    readyState: 1,
    onerror: () => {},
    addEventListener: (name: string, listener: (event: { data: string }) => void) => listeners.set(name, listener),
  };
  const context = createContext({
    document: {
      getElementById: (id: string) => (id === 'live' ? live : { rows }),
      createElement: () => new Element(),
    },
    EventSource: function EventSource() {
      return source;
    },
  });
  runInContext(script, context);
  const send = (name: string, data: object) => listeners.get(name)?.({ data: JSON.stringify(data) });
  return { live, rows, source, send };
}

const web = { id: 'shop/web', address: '<b>', targets: '1 of 2', traffic: '3.0/s', health: 'down', reason: '<script>' };

test('a patch changes the cells of its row as text, and no other row', () => {
  const { live, rows, send } = play();
  send('patch', { inSync: false, problems: 2, changed: [web], gone: [] });
  const [row, other] = rows;
  assert.deepEqual(
    row?.cells.map(({ textContent }) => textContent),
    ['', '<b>', '1 of 2', '3.0/s', '', '<script>'],
  );
  assert.equal(JSON.stringify(row?.cells[4]?.children).includes(' down'), true);
  assert.deepEqual(
    other?.cells.map(({ textContent }) => textContent),
    ['', '', '', '', '', ''],
  );
  assert.equal(live.textContent, 'live: not in sync, 2 problems');
});

test('a snapshot fills what the page shows; a service that has gone leaves; a new one is announced', () => {
  const { live, rows, send } = play();
  send('snapshot', { inSync: true, problems: 0, services: [web, { ...web, id: 'other/page' }] });
  assert.equal(live.textContent, 'live: in sync, 0 problems');
  send('patch', { inSync: true, problems: 0, changed: [{ ...web, id: 'new/one' }], gone: ['a/ok'] });
  assert.deepEqual(
    rows.map(({ removed }) => removed),
    [false, true],
  );
  assert.equal(live.textContent, 'live: in sync, 0 problems; 1 not on this page: reload');
});

test('a broken stream says that what is shown may be old', () => {
  const { live, source } = play();
  source.onerror();
  assert.match(live.textContent, /^reconnecting/);
  source.readyState = 2;
  source.onerror();
  assert.match(live.textContent, /^stale/);
});
