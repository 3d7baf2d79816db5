import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type JsonObject, KubeError } from '../../src/kube/index.ts';
import { knownObject } from '../../src/status/known-object.ts';
import { KnownObjects, keyOf } from '../../src/status/known-objects.ts';
import { statusIntent } from '../../src/status/status-intent.ts';
import { type Refused, WriteQueue } from '../../src/status/write-queue.ts';
import { reasonOf } from '../../src/status/write-trouble.ts';
import { VirtualClock } from '../run/virtual-clock.ts';
import { facts, known, manager, owned, rawService, serviceKind } from './objects.ts';

/** A server of Services whose status is what was applied last, but for what it leaves out. */
class Stage {
  readonly clock = new VirtualClock();
  readonly objects = new KnownObjects();
  readonly calls: string[] = [];
  readonly refused: [Refused, string | undefined][] = [];
  readonly tried: string[] = [];
  answer: (name: string, status: JsonObject) => JsonObject | KubeError = (_, status) => status;
  message = 'a';
  leads = true;
  readonly queue: WriteQueue;
  version = 10;

  constructor(t: TestContext) {
    this.queue = new WriteQueue({
      cluster: {
        patch: async (path, body) => {
          const name = path.split('/').at(-2) ?? '';
          this.calls.push(`${name} ${Object(body).status.conditions[0].message}`);
          const answer = this.answer(name, Object(body).status);
          if (answer instanceof KubeError) throw answer;
          return { ...this.raw(name, answer, ++this.version), spec: { type: 'LoadBalancer' } };
        },
      },
      manager,
      clock: this.clock,
      random: () => 1,
      mayWrite: () => this.leads,
      next: (key) => {
        const object = this.objects.get(key);
        const programmed = { status: true, reason: 'Programmed', message: this.message };
        const intent = object && statusIntent(object, { ...facts(), programmed }, () => '2026-01-01T00:00:00Z');
        return object === undefined || intent === undefined ? undefined : { object, intent };
      },
      answered: (_, answer) => {
        const object = knownObject(Object(answer), serviceKind, owned, manager);
        if (object !== undefined) this.objects.put(object);
      },
      refused: (what, error) => this.refused.push([what, error?.reason]),
      tried: (_, error) => this.tried.push(error === undefined ? 'written' : `failed ${reasonOf(error)}`),
    });
    const end = new AbortController();
    t.after(() => end.abort());
    void this.queue.run(end.signal);
  }

  raw(name: string, status: JsonObject, version: number) {
    return rawService({ metadata: { name, uid: name, resourceVersion: String(version) }, status });
  }

  mark(...names: readonly string[]): void {
    for (const name of names) {
      const object = known({ metadata: { name, uid: name, resourceVersion: '1' } });
      this.objects.put(object);
      this.queue.mark(keyOf(object));
    }
  }
}

const error = (code: number, reason: string, retryAfterMs?: number) =>
  new KubeError(code, reason, reason, { retryAfterMs });
const starting = new KubeError(503, 'Starting', 'no roles yet', { retryAfterMs: 250 });
/** What servers before 1.30 say of `ipMode`, as of their own failure. */
const undeclared = new KubeError(
  500,
  'InternalError',
  'failed to create typed patch object: .status.loadBalancer.ingress[0].ipMode: field not declared in schema',
);
const unreached = new KubeError(
  500,
  'InternalError',
  'Internal error occurred: failed calling webhook "a.test": refused',
);
const denied = new KubeError(403, 'Forbidden', 'admission webhook "a.test" denied the request: no');

describe('writes', () => {
  it('are made once, and of what is wanted when their turn comes', async (t) => {
    const stage = new Stage(t);
    stage.mark('one', 'two');
    stage.message = 'b';
    await stage.clock.pass(60_000);
    assert.deepEqual(stage.calls, ['one b', 'two b']);
    stage.mark('one');
    await stage.clock.pass(60_000);
    assert.equal(stage.calls.length, 2);
  });

  it('wait while the server is away, as many as there are objects, and say the latest then', async (t) => {
    const stage = new Stage(t);
    stage.answer = () => error(0, 'Unreachable');
    stage.mark('one', 'two');
    for (const message of ['b', 'c', 'd']) {
      stage.message = message;
      stage.mark('one', 'two');
      await stage.clock.pass(20_000);
    }
    const tries = stage.calls.length;
    assert.ok(tries < 20, `${tries} tries in a minute`);
    assert.equal(stage.queue.waiting, 2);
    stage.answer = (_, status) => status;
    await stage.clock.pass(40_000);
    assert.deepEqual(stage.calls.slice(tries).sort(), ['one d', 'two d']);
  });

  it('go on at once when a server that was away for long is back and has read its roles', async (t) => {
    const stage = new Stage(t);
    stage.answer = () => error(0, 'Unreachable');
    stage.mark('one', 'two');
    await stage.clock.pass(120_000);
    stage.answer = () => starting;
    await stage.clock.pass(30_000);
    stage.answer = (_, status) => status;
    await stage.clock.pass(300);
    assert.deepEqual(stage.calls.slice(-2).sort(), ['one a', 'two a']);
    assert.deepEqual(stage.refused, []);
  });

  it('stay away for as long as the server asks', async (t) => {
    const stage = new Stage(t);
    stage.answer = () => error(429, 'TooManyRequests', 5_000);
    stage.mark('one');
    await stage.clock.pass(4_900);
    assert.equal(stage.calls.length, 1);
    stage.answer = (_, status) => status;
    await stage.clock.pass(200);
    assert.equal(stage.calls.length, 2);
  });

  it('that may not be are told once and tried now and then by one, not by each object', async (t) => {
    const stage = new Stage(t);
    stage.answer = () => error(403, 'Forbidden');
    stage.mark(...Array.from({ length: 50 }, (_, i) => `s${i}`));
    await stage.clock.pass(29_000);
    assert.ok(stage.calls.length <= 4, `${stage.calls.length} calls`);
    assert.equal(new Set(stage.refused.map(([what]) => JSON.stringify(what))).size, 1);
    stage.answer = (_, status) => status;
    await stage.clock.pass(60_000);
    assert.equal(new Set(stage.calls.slice(4)).size, 50);
    assert.equal(stage.refused.at(-1)?.[1], undefined);
  });

  for (const wrong of [error(422, 'Invalid'), undeclared])
    it(`that the server takes for wrong (${wrong.code}) stop one object, and are told`, async (t) => {
      const stage = new Stage(t);
      stage.answer = (name, status) => (name === 'odd' ? wrong : status);
      stage.mark('odd', 'good');
      await stage.clock.pass(30_000);
      assert.deepEqual(stage.calls, ['odd a', 'good a']);
      assert.equal(stage.refused[0]?.[0].object, 'odd');
    });

  for (const trouble of [unreached, denied])
    it(`that a webhook stops (${trouble.code}) keep nothing else waiting, and are tried ever more seldom`, async (t) => {
      const stage = new Stage(t);
      stage.answer = (name, status) => (name === 'odd' ? trouble : status);
      stage.mark('odd', 'good');
      await stage.clock.pass(10);
      stage.mark('later');
      await stage.clock.pass(10);
      assert.deepEqual(stage.calls, ['odd a', 'good a', 'later a']);
      assert.equal(stage.refused[0]?.[0].object, 'odd');
      await stage.clock.pass(600_000);
      const tries = stage.calls.filter((call) => call === 'odd a').length;
      assert.ok(tries > 10 && tries < 20, `${tries} tries in ten minutes`);
      stage.answer = (_, status) => status;
      await stage.clock.pass(60_000);
      assert.equal(stage.refused.at(-1)?.[1], undefined);
      assert.deepEqual([...stage.tried].sort(), [
        ...Array(tries).fill('failed Admission'),
        ...Array(3).fill('written'),
      ]);
    });

  it('of what is gone, or has changed, end or are computed anew', async (t) => {
    const stage = new Stage(t);
    stage.answer = () => error(404, 'NotFound');
    stage.mark('gone');
    await stage.clock.pass(60_000);
    assert.deepEqual([stage.calls.length, stage.queue.waiting], [1, 0]);
    // There is no such subresource: many looks, and one try a minute.
    for (let i = 0; i < 120; i++) {
      stage.mark('gone');
      await stage.clock.pass(1_000);
    }
    assert.equal(stage.calls.length, 3);
    stage.answer = () => error(409, 'Conflict');
    stage.mark('changed');
    await stage.clock.pass(50);
    stage.answer = (_, status) => status;
    stage.message = 'b';
    stage.mark('changed');
    await stage.clock.pass(10);
    assert.equal(stage.calls.at(-1), 'changed b');
  });

  it('are no quarrel: neither with a server that leaves something out, nor with somebody who writes otherwise', async (t) => {
    const stage = new Stage(t);
    stage.answer = (_, { loadBalancer: _left, ...status }) => status;
    stage.mark('one');
    await stage.clock.pass(600_000);
    assert.equal(stage.calls.length, 1);
    const quarrel = new Stage(t);
    quarrel.mark('two');
    for (let i = 0; i < 600; i++) {
      await quarrel.clock.pass(1_000);
      quarrel.objects.put(known({ metadata: { name: 'two', uid: 'two', resourceVersion: String(1_000 + i) } }));
      quarrel.queue.mark('Service\nshop/two');
    }
    assert.ok(quarrel.calls.length > 5 && quarrel.calls.length < 15, `${quarrel.calls.length} calls in ten minutes`);
    const what = { resource: 'services', subresource: 'status', namespace: 'shop', object: 'two' };
    assert.deepEqual(quarrel.refused, [[what, 'Conflict']], 'told once');
    quarrel.version = 10_000;
    await quarrel.clock.pass(700_000);
    assert.deepEqual(quarrel.refused.slice(1), [[what, undefined]], 'nobody writes otherwise any more');
    assert.deepEqual(stage.refused, []);
  });

  it('are made by who leads alone', async (t) => {
    const stage = new Stage(t);
    stage.leads = false;
    stage.mark('one');
    await stage.clock.pass(60_000);
    assert.deepEqual(stage.calls, []);
    stage.leads = true;
    await stage.clock.pass(1_000);
    assert.deepEqual(stage.calls, ['one a']);
  });
});

describe('what is known of objects', () => {
  it('is not taken back by a watch that lags behind', () => {
    const objects = new KnownObjects();
    const version = (resourceVersion: string, uid = 'u1') => known({ metadata: { resourceVersion, uid } });
    assert.ok(objects.put(version('99')));
    assert.ok(objects.put(version('100')));
    assert.ok(!objects.put(version('99')));
    assert.equal(objects.get('Service\nshop/web')?.resourceVersion, '100');
    assert.ok(objects.put(version('50', 'u2')), 'another one of the same name');
  });
});
