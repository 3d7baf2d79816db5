import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { App } from '../../src/app.ts';
import { WeirError } from '../../src/model/index.ts';
import { httpService, tcpService } from '../conformance/services.ts';
import { appStage, targets, until } from './stage.ts';

const web = httpService('shop/web', 80, targets);
const db = tcpService('shop/db', 5432, targets);
let stage: Awaited<ReturnType<typeof appStage>>;
let end: AbortController;
let app: App;
let done: Promise<void>;
const heard: string[] = [];

beforeEach(async () => {
  stage = await appStage();
  stage.script.set([web]);
  end = new AbortController();
  heard.length = 0;
  app = await stage.open();
  done = app.run(end.signal, {
    ready: () => heard.push('ready'),
    applied: ({ unit, result, cause }) => heard.push(`${result} ${unit} (${cause})`),
    problems: (appeared, gone) =>
      heard.push(...appeared.map(({ code }) => `+${code}`), ...gone.map(({ code }) => `-${code}`)),
  });
});
afterEach(async () => {
  end.abort();
  await done;
  await stage.close();
});

describe('the controller', () => {
  it('serves what is there, says that it is ready, and follows changes', async () => {
    assert.equal(app.readiness().planned, false);
    await until(() => heard.includes('ready'));
    assert.deepEqual(heard, ['done main/shop/web (script: first reading)', 'ready']);
    assert.deepEqual(app.readiness().waitingFor, []);
    stage.script.set([web, db]);
    await until(() => heard.includes('done main/shop/db (script: a test)'));
    stage.script.set([db]);
    await until(
      () =>
        !stage
          .system()
          .all()
          .some(({ tags }) => tags?.unit === 'main/shop/web'),
    );
    assert.deepEqual(app.services(), [db]);
  });

  it('its state tells every service, unit and plan', async () => {
    stage.script.set([web, db]);
    await until(() => app.state().inSync && app.state().services.filter(({ health }) => health === 'ok').length === 2);
    const state = app.state();
    assert.equal(state.instance, 'test');
    assert.deepEqual(
      state.sources.map(({ name, synced, services }) => [name, synced, services]),
      [['script', true, 2]],
    );
    assert.deepEqual(
      state.balancers[0]?.units.map(({ unit, state }) => [unit, state]),
      [
        ['main/shop/web', 'in sync'],
        ['main/shop/db', 'in sync'],
      ],
    );
    const service = state.services.find(({ id }) => id === 'shop/db');
    assert.equal(service?.health, 'ok');
    assert.deepEqual(service?.targets, { ready: 1, total: 1 });
    assert.deepEqual(service?.reports[0]?.addresses[0]?.ports, [5432]);
    assert.equal(state.plans[0]?.unit, 'main/shop/db');
  });

  it('a failure shows at the unit and its service, and goes when it is over', async () => {
    await until(() => heard.includes('ready'));
    let broken = true;
    stage.system().faults.push({
      kind: 'Listener',
      id: 'shop/db|5432/tcp',
      error: () => new WeirError('E_APPLY', 'no answer'),
      get times() {
        return broken ? 1 : 0;
      },
      set times(_) {},
    });
    const states: string[] = [];
    const stop = app.onChange(() =>
      states.push(app.state().services.find(({ id }) => id === 'shop/db')?.reason ?? '-'),
    );
    stage.script.set([web, db]);
    await until(() => states.some((reason) => reason.includes('no answer')));
    assert.equal(app.state().inSync, false);
    broken = false;
    await until(() => app.state().inSync);
    stop();
    assert.equal(app.state().services.find(({ id }) => id === 'shop/web')?.health, 'ok');
  });

  it('tells problems once when they come and once when they go', async () => {
    await until(() => heard.includes('ready'));
    heard.length = 0;
    stage.script.set([web, { ...db, settings: { memory: { nonsense: 1 } } }]);
    await until(() => heard.length > 0);
    stage.script.set([web]);
    await until(() => heard.length > 1);
    assert.deepEqual(heard, ['+E_FIELD_UNKNOWN', '-E_FIELD_UNKNOWN']);
  });

  it('while a source cannot be read what was served goes on', async () => {
    await until(() => heard.includes('ready'));
    stage.script.failure = new WeirError('E_FILE_READ', 'denied');
    stage.script.set([]);
    await until(() => heard.includes('+E_FILE_READ'));
    assert.equal(stage.system().all().length, 4);
    assert.equal(app.state().services[0]?.id, 'shop/web');
  });

  it('another weir on the same state directory is refused', async () => {
    await until(() => heard.includes('ready'));
    await assert.rejects((await stage.open()).run(new AbortController().signal), { code: 'E_LOCKED' });
  });

  it('puts right what others change', async () => {
    await until(() => heard.includes('ready'));
    const group = stage
      .system()
      .all()
      .find(({ kind }) => kind === 'TargetGroup');
    assert.ok(group !== undefined);
    stage.system().setMembers('remove', group.handle, 'targets', [['10.0.0.1:80', null]], 0);
    await until(() => stage.system().get(group.handle)?.sets.targets?.size === 1);
    assert.ok(heard.some((line) => line.endsWith('(drift)')));
  });
});
