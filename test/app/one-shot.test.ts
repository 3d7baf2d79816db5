import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { provider as memory } from '../../providers/memory/index.ts';
import type { AppDeps } from '../../src/app.ts';
import { type Problem, type Provider, WeirError } from '../../src/model/index.ts';
import { httpService, tcpService } from '../conformance/services.ts';
import { appStage, targets } from './stage.ts';

const signal = new AbortController().signal;
const web = httpService('shop/web', 80, targets);
const db = tcpService('shop/db', 5432, targets);
let stage: Awaited<ReturnType<typeof appStage>>;

beforeEach(async () => {
  stage = await appStage();
});
afterEach(() => stage.close());

describe('one-shot commands', () => {
  it('open nothing before they are called', async () => {
    await stage.open();
    assert.deepEqual(await readdir(stage.stateDir), []);
    await assert.rejects(stage.open({ provider: async () => undefined }), { code: 'E_PROVIDER_UNKNOWN' });
  });

  it('render contacts nothing', async () => {
    stage.script.set([web]);
    const app = await stage.open();
    const report = await app.render(signal);
    assert.deepEqual(report.services, [{ id: 'shop/web', balancers: ['main'], addresses: [], problems: 0 }]);
    const [balancer] = report.balancers;
    assert.deepEqual(
      balancer?.resources.map(({ kind }) => kind),
      ['LoadBalancer', 'Listener', 'TargetGroup', 'Rule'],
    );
    assert.deepEqual(balancer?.resources[2]?.sets.targets, { '10.0.0.1:80': { attrs: { weight: 1 } } });
    assert.deepEqual(await readdir(stage.stateDir), []);
  });

  it('plan makes no directory, and goes by last good state only where it is asked to', async () => {
    const seen: string[] = [];
    const openSource: NonNullable<AppDeps['openSource']> = async (_config, { memory }) => {
      const read = async () => {
        seen.push(memory());
        return { services: [web], nodes: [], problems: [], incomplete: [] };
      };
      return { name: 'script', read, watch: async () => {}, secret: async () => undefined };
    };
    const config = { stateDir: join(stage.stateDir, 'not', 'there') };
    const other = await appStage(config);
    try {
      await (await other.open({ openSource })).plan(signal);
      await (await other.open({ openSource, recall: false })).plan(signal);
      await (await other.open({ openSource })).validate(signal);
    } finally {
      await other.close();
    }
    assert.deepEqual(seen, ['read', 'none', 'none']);
    assert.deepEqual(await readdir(stage.stateDir), []);
  });

  it('destroy does not ask what is wrong with the input', async () => {
    const wrong: Problem = { code: 'E_PORT', severity: 'error', source: 'a.yaml#1', message: 'wrong' };
    stage.script.set([web], { problems: [wrong] });
    const app = await stage.open();
    assert.equal((await app.plan(signal)).problems.length, 1);
    await app.apply(signal, () => {});
    await app.close('leave');
    const report = await (await stage.open()).destroy(signal, () => {});
    assert.deepEqual([report.failed, report.plan.problems, report.plan.summary.delete > 0], [[], [], true]);
  });

  it('plan writes nothing and needs no lock', async () => {
    stage.script.set([web]);
    const first = await stage.open();
    const second = await stage.open();
    await first.apply(signal, () => {});
    stage.script.set([web, db]);
    const { length } = stage.system().writes;
    const plan = await second.plan(signal);
    assert.deepEqual(
      plan.units.filter(({ steps }) => steps.length > 0).map(({ unit }) => unit),
      ['main/shop/db'],
    );
    assert.equal(plan.summary.create, 3);
    assert.equal(plan.summary.unchanged, 4);
    assert.equal(stage.system().writes.length, length);
    await assert.rejects(
      second.apply(signal, () => {}),
      { code: 'E_LOCKED' },
    );
  });

  it('apply tells its plan first, then each step, and keeps a journal', async () => {
    stage.script.set([db]);
    const app = await stage.open();
    const told: string[] = [];
    const report = await app.apply(
      signal,
      ({ step, result }) => told.push(`${result} ${step.op} ${step.kind}`),
      (plan) => told.push(`plan of ${plan.summary.create}`),
    );
    assert.equal(told[0], 'plan of 3');
    assert.deepEqual(told.slice(1).sort(), [
      'done add TargetGroup',
      'done create Listener',
      'done create LoadBalancer',
      'done create TargetGroup',
    ]);
    assert.deepEqual(report.failed, []);
    assert.equal(report.results.length, 4);
    await app.close('leave');
    const journal = (await readFile(join(stage.stateDir, 'plans.jsonl'), 'utf8')).trim().split('\n');
    assert.equal(JSON.parse(journal[0] ?? '').unit, 'main/shop/db');
  });

  it('one unit that fails is told, tried a few times, and stops nothing else', async () => {
    stage.script.set([web, db]);
    const app = await stage.open();
    stage.system().faults.push({
      kind: 'Listener',
      op: 'create',
      id: 'shop/db|5432/tcp',
      error: () => new WeirError('E_APPLY', 'no answer'),
      times: 99,
    });
    const report = await app.apply(signal, () => {});
    assert.deepEqual(
      report.failed.map(({ unit, code }) => [unit, code]),
      [['main/shop/db', 'E_APPLY']],
    );
    assert.ok(
      stage
        .system()
        .all()
        .some(({ tags }) => tags?.id === 'shop/web|80/tcp'),
    );
    stage.system().faults.length = 0;
    assert.deepEqual((await app.apply(signal, () => {})).failed, []);
  });

  it('a system that is not there is a problem of the plan and a failure of apply', async () => {
    stage.script.set([web]);
    const { provider } = await import('../../providers/memory/index.ts');
    const broken = {
      ...provider,
      open: async () => Promise.reject(new WeirError('E_HAPROXY_MISSING', 'haproxy is not installed')),
    };
    const app = await stage.open({ provider: async () => broken });
    const plan = await app.plan(signal);
    assert.equal(plan.problems[0]?.code, 'E_HAPROXY_MISSING');
    assert.equal(plan.problems[0]?.source, 'balancer/main');
    const report = await app.apply(signal, () => {});
    assert.deepEqual(
      report.failed.map(({ code }) => code),
      ['E_HAPROXY_MISSING'],
    );
  });

  it('ends soon when it is interrupted, between two steps', async () => {
    stage.script.set([web, db]);
    const app = await stage.open();
    const end = new AbortController();
    const report = await app.apply(end.signal, () => end.abort());
    assert.ok(report.results.length >= 1 && report.results.length < 8, `${report.results.length} steps`);
    assert.equal(stage.system().writes.length, report.results.filter(({ result }) => result === 'done').length);
  });

  it('destroy does not begin under a policy by which nothing is deleted', async () => {
    for (const policy of ['upsert-only', 'create-only']) {
      await stage.close();
      stage = await appStage({ policy });
      stage.script.set([web, db]);
      const app = await stage.open();
      await app.apply(signal, () => {});
      const before = stage.system().all().length;
      const refused = { code: 'E_USAGE', message: new RegExp(`policy is ${policy}, .*--policy sync`) };
      await assert.rejects(app.planDestroy(signal), refused);
      await assert.rejects(
        app.destroy(signal, () => {}),
        refused,
      );
      assert.equal(stage.system().all().length, before);
      // What was asked for is still wanted.
      assert.deepEqual((await app.plan(signal)).summary.delete, 0);
    }
  });

  it('destroy takes away what is ours, however incomplete the sources', async () => {
    stage.script.set([web, db]);
    const first = await stage.open();
    await first.apply(signal, () => {});
    await first.close('leave');
    stage.system().create({ kind: 'LoadBalancer', attrs: { name: 'theirs' }, refs: {}, sets: {} }, 0);
    stage.script.set([], { incomplete: [{ source: 'script', part: 'all', reason: 'gone' }] });
    const app = await stage.open();
    assert.equal((await app.planDestroy(signal)).summary.delete, 7);
    assert.deepEqual((await app.destroy(signal, () => {})).failed, []);
    assert.deepEqual(
      stage
        .system()
        .all()
        .map(({ attrs }) => attrs.name),
      ['theirs'],
    );
  });

  it('a destroy that was only shown, or failed, leaves proxies serving', async () => {
    const closed: string[] = [];
    const watched: Provider = {
      ...memory,
      open: async (options, context) => {
        const session = await memory.open(memory.options.parse(options), context);
        return { ...session, close: async (how) => void closed.push(how) };
      },
    };
    stage.script.set([web]);
    for (const how of ['leave', 'withdraw'] as const) {
      const app = await stage.open({ provider: async () => watched });
      await app.planDestroy(signal);
      await app.close(how);
    }
    assert.deepEqual(closed, ['leave', 'withdraw']);
  });

  it('destroy forgets what the sources wrote down, for it holds keys; not while other balancers may serve', async () => {
    stage.script.set([web]);
    const kept = join(stage.stateDir, 'sources', 'files', 'x.json');
    const keep = async () => {
      await mkdir(dirname(kept), { recursive: true });
      await writeFile(kept, 'PRIVATE KEY');
    };
    await keep();
    const app = await stage.open();
    const { left } = await app.destroy(signal, () => {});
    assert.deepEqual(left, { stateDir: stage.stateDir, secrets: false, others: [] });
    await assert.rejects(readFile(kept));
    await app.close('leave');
    await keep();
    await mkdir(join(stage.stateDir, 'balancers', 'other'));
    const again = await (await stage.open()).destroy(signal, () => {});
    assert.deepEqual(again.left, { stateDir: stage.stateDir, secrets: true, others: ['other'] });
    assert.equal(await readFile(kept, 'utf8'), 'PRIVATE KEY');
  });

  it('a source that cannot be read takes nothing away, and says so', async () => {
    stage.script.set([web, db]);
    const app = await stage.open();
    await app.apply(signal, () => {});
    await app.close('leave');
    stage.script.failure = new WeirError('E_FILE_READ', 'denied');
    const again = await stage.open();
    const plan = await again.plan(signal);
    assert.deepEqual(
      plan.units.flatMap(({ steps }) => steps),
      [],
    );
    assert.ok(
      plan.units.flatMap(({ refused }) => refused).every(({ why }) => why === 'incomplete' || why === 'blocked'),
    );
    assert.equal(plan.problems[0]?.code, 'E_FILE_READ');
    assert.equal(plan.incomplete[0]?.reason, 'denied');
  });
});
