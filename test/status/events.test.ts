import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type JsonObject, KubeError } from '../../src/kube/index.ts';
import type { Problem } from '../../src/model/index.ts';
import { EventBook, type Notice } from '../../src/status/event-book.ts';
import { EventSender } from '../../src/status/event-sender.ts';
import { noticesOf } from '../../src/status/notices-of.ts';
import { VirtualClock } from '../run/virtual-clock.ts';
import { known } from './objects.ts';

const about = known();
const warning = (note: string): Notice => ({ type: 'Warning', reason: 'FIELD_VALUE', note });
const drain = (book: EventBook) => {
  const taken: string[] = [];
  for (let one = book.take(); one !== undefined; one = book.take()) taken.push(`${one.type} ${one.reason} ${one.note}`);
  return taken;
};

describe('the book of Events', () => {
  it('tells what is wrong once while it lasts, and its end', () => {
    const book = new EventBook();
    for (const atMs of [0, 1_000, 2_000]) book.lasting([[about, warning('a')]], atMs);
    assert.deepEqual(drain(book), ['Warning FIELD_VALUE a']);
    book.lasting([], 3_000);
    assert.deepEqual(drain(book), ['Normal Resolved solved: a']);
    book.lasting([], 4_000);
    assert.deepEqual(drain(book), []);
  });

  it('tells again what lasts longer than the server remembers', () => {
    const book = new EventBook();
    book.lasting([[about, warning('a')]], 0);
    drain(book);
    book.lasting([[about, warning('a')]], 1_700_000);
    assert.deepEqual(drain(book), []);
    book.lasting([[about, warning('a')]], 1_900_000);
    assert.equal(drain(book).length, 1);
  });

  it('says nothing of what ended before anybody could read of it', () => {
    const book = new EventBook();
    book.lasting([[about, warning('a')]], 0);
    book.lasting([], 1);
    assert.deepEqual(drain(book), []);
  });

  it('is bounded for each object, and lets the others be told', () => {
    const book = new EventBook();
    const other = known({ metadata: { name: 'other', uid: 'u2' } });
    for (let i = 0; i < 100; i++) book.tell(about, warning(`n${i}`), 0);
    book.tell(other, warning('x'), 0);
    assert.equal(drain(book).length, 11);
    assert.equal(book.dropped, 90);
    for (let i = 0; i < 100; i++) book.tell(about, warning(`m${i}`), 120_000);
    assert.equal(drain(book).length, 2);
  });

  it('is bounded in all', () => {
    const book = new EventBook();
    for (let i = 0; i < 3_000; i++) book.tell(known({ metadata: { name: `s${i}`, uid: `u${i}` } }), warning('a'), 0);
    assert.equal(book.waiting, 2_000);
  });

  it('has the same name for the same Event, and text that the API takes', () => {
    const nameOf = () => {
      const book = new EventBook();
      book.tell(known({ metadata: { name: 'x'.repeat(253) } }), { ...warning('é'.repeat(2_000)), reason: 'E_X' }, 0);
      return book.take();
    };
    const [first, second] = [nameOf(), nameOf()];
    assert.equal(first?.name, second?.name);
    assert.ok((first?.name.length ?? 999) <= 253);
    assert.ok(Buffer.byteLength(first?.note ?? '') <= 1_024);
    assert.equal(first?.reason, 'X');
  });
});

describe('Events', () => {
  const start = (fail: (namespace: string) => KubeError | undefined) => {
    const clock = new VirtualClock();
    const book = new EventBook();
    const calls: { method: string; path: string; body: JsonObject }[] = [];
    const refused: (string | undefined)[] = [];
    const sender = new EventSender({
      cluster: {
        async create(path, body) {
          calls.push({ method: 'create', path, body });
          const error = fail(path.split('/').at(-2) ?? '');
          if (error !== undefined) throw error;
          return {};
        },
        get: async () => ({ series: { count: 4 } }),
        async patch(path, body) {
          calls.push({ method: 'patch', path, body: Object(body) });
          return {};
        },
      },
      book,
      clock,
      random: () => 1,
      mayWrite: () => true,
      instance: 'weir-0',
      manager: 'weir',
      refused: (error) => refused.push(error?.reason),
    });
    const end = new AbortController();
    void sender.run(end.signal);
    return { clock, book, calls, refused, sender, end: () => end.abort() };
  };

  it('stand at their object, in its namespace', async () => {
    const { clock, book, calls, sender, end } = start(() => undefined);
    book.tell(about, warning('a'), 0);
    sender.hurry();
    await clock.pass(1_000);
    end();
    const { path, body } = Object(calls[0]);
    assert.equal(path, '/apis/events.k8s.io/v1/namespaces/shop/events');
    assert.deepEqual(body.regarding, { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web', uid: 'u1' });
    assert.match(String(body.eventTime), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  it('that are there already become a series', async () => {
    const { clock, book, calls, sender, end } = start(() => new KubeError(409, 'AlreadyExists', 'is there'));
    book.tell(about, warning('a'), 0);
    sender.hurry();
    await clock.pass(1_000);
    end();
    assert.equal(Object(calls[1]?.body.series).count, 5);
  });

  it('wait where they may not be written, which is told once', async () => {
    let denied = true;
    const stage = start(() => (denied ? new KubeError(403, 'Forbidden', 'no') : undefined));
    for (const note of ['a', 'b']) stage.book.tell(about, warning(note), 0);
    stage.sender.hurry();
    await stage.clock.pass(200_000);
    assert.ok(stage.calls.length <= 5, `${stage.calls.length} tries`);
    denied = false;
    await stage.clock.pass(120_000);
    stage.end();
    assert.deepEqual(stage.refused, ['Forbidden', undefined]);
    assert.equal(stage.book.waiting, 0);
  });

  it('of a namespace that is going, or gone, or where they may not be written keep no others waiting', async () => {
    const errors: Record<string, KubeError> = {
      going: new KubeError(403, 'Forbidden', 'unable to create in namespace going because it is being terminated'),
      gone: new KubeError(404, 'NotFound', 'namespaces "gone" not found'),
      barred: new KubeError(403, 'Forbidden', 'cannot create resource "events" in namespace "barred"'),
    };
    const stage = start((namespace) => errors[namespace]);
    for (const namespace of ['going', 'gone', 'barred', 'shop'])
      for (let i = 0; i < 50; i++)
        stage.book.tell(known({ metadata: { namespace, name: `s${i}`, uid: `${namespace}${i}` } }), warning('a'), 0);
    stage.sender.hurry();
    await stage.clock.pass(53 * 100);
    const posted = (namespace: string) => stage.calls.filter(({ path }) => path.includes(`/${namespace}/`)).length;
    assert.deepEqual(['going', 'gone', 'barred', 'shop'].map(posted), [1, 1, 1, 50]);
    assert.equal(stage.book.waiting, 50);
    assert.deepEqual(stage.refused, ['Forbidden']);
    stage.sender.forget('barred');
    stage.end();
    assert.deepEqual(stage.refused, ['Forbidden', undefined]);
    assert.equal(stage.book.waiting, 0);
  });

  it('do not hold up one another: what the server takes for wrong is left out', async () => {
    const errors = [new KubeError(422, 'Invalid', 'odd'), undefined];
    const stage = start(() => errors.shift());
    for (const note of ['a', 'b']) stage.book.tell(about, warning(note), 0);
    stage.sender.hurry();
    await stage.clock.pass(2_000);
    stage.end();
    assert.equal(stage.calls.length, 2);
  });
});

describe('notices', () => {
  const services = new Map([
    ['shop/web', { origin: { source: 'k', kind: 'Service', namespace: 'shop', name: 'web', labels: {} } }],
  ]);
  const notices = (problem: Partial<Problem>, idPrefix = '') =>
    noticesOf({
      problems: [{ code: 'E_FIELD_VALUE', severity: 'error', source: 'x', message: 'm', ...problem }],
      services,
      idPrefix,
      bySource: (source) => (source === 'Service/shop/web' ? about : undefined),
    });

  it('are about the object that a problem names, or whose service it names', () => {
    assert.equal(notices({ source: 'Service/shop/web' })[0]?.[0].uid, 'u1');
    assert.equal(notices({ service: 'shop/web' })[0]?.[0].uid, 'u1');
    assert.deepEqual(notices({ source: 'file.yaml#1' }), []);
  });

  it('are not about an object of the same name in another cluster', () => {
    assert.deepEqual(notices({ service: 'west:shop/web', source: 'Service/shop/web' }), []);
    assert.equal(notices({ service: 'east:shop/web', source: 'Service/shop/web' }, 'east:').length, 1);
  });

  it('name the code without its beginning, and the field', () => {
    assert.deepEqual(notices({ service: 'shop/web', field: 'spec.x' })[0]?.[1], {
      type: 'Warning',
      reason: 'FIELD_VALUE',
      note: 'spec.x: m',
    });
  });
});
