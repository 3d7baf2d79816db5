import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { provider as memory } from '../../providers/memory/index.ts';
import { type Provider, WeirError } from '../../src/model/index.ts';
import { tcpService } from '../conformance/services.ts';
import { appStage, targets, until } from './stage.ts';

/** The memory provider as a cloud that cannot be reached while `away` says so. */
function cloud(away: () => boolean, scope: Provider['capabilities']['scope'] = 'shared'): Provider {
  const lost = () => {
    if (away()) throw new WeirError('E_CLOUD_UNREACHABLE', 'no way there');
  };
  return {
    ...memory,
    capabilities: { ...memory.capabilities, scope },
    async open(options, ctx) {
      const session = await memory.open(memory.options.parse(options), ctx);
      return {
        ...session,
        discover: async (...args) => {
          lost();
          return session.discover(...args);
        },
        observe: async (...args) => {
          lost();
          return session.observe(...args);
        },
      };
    },
  };
}

async function running(t: TestContext, away: () => boolean) {
  return begin(t, await appStage({}, { provider: async () => cloud(away) }));
}

async function begin(t: TestContext, stage: Awaited<ReturnType<typeof appStage>>) {
  const end = new AbortController();
  stage.script.set([tcpService('shop/db', 5432, targets)]);
  const app = await stage.open();
  const heard: string[] = [];
  const done = app.run(end.signal, { ready: () => heard.push('ready') });
  t.after(async () => {
    end.abort();
    await done;
    await stage.close();
  });
  return { app, heard };
}

test('a weir that never could read its account is neither in sync nor ready, and says nothing of what is there', async (t) => {
  let away = true;
  const { app, heard } = await running(t, () => away);
  await until(() => app.state().balancers[0]?.unread !== undefined);
  const [balancer] = app.state().balancers;
  const { never, code, message, hint } = balancer?.unread ?? {};
  assert.deepEqual(
    [never, code, message, (hint ?? '').length > 0],
    [true, 'E_CLOUD_UNREACHABLE', 'no way there', true],
  );
  assert.equal(app.state().inSync, false);
  const { planned, waitingFor, blind } = app.readiness();
  assert.deepEqual(
    [planned, waitingFor, blind?.map((one) => one.balancer)],
    [false, ['first reading of what balancer main drives'], ['main']],
  );
  const [service] = app.state().services;
  assert.deepEqual([service?.health, service?.reason], ['pending', 'main was not read yet: no way there']);
  assert.deepEqual(heard, []);
  away = false;
  await until(() => app.state().inSync);
  assert.equal(app.readiness().planned, true);
  assert.equal(app.state().balancers[0]?.unread, undefined);
  assert.deepEqual(heard, ['ready']);
});

test('one that loses its account later stays ready, and says since when it has not read', async (t) => {
  let away = false;
  const { app } = await running(t, () => away);
  await until(() => app.state().inSync);
  away = true;
  await until(() => app.state().balancers[0]?.unread?.never === false);
  assert.equal(app.state().inSync, false);
  const { planned, blind } = app.readiness();
  assert.deepEqual([planned, blind?.length], [true, 1]);
});

test('one whose only proxies could never be read is not ready; one of them that is read is enough, whatever a cloud does', async (t) => {
  const lost = new Set(['edge', 'inner', 'aws']);
  const balancers = [...lost].map((name) => ({ name, provider: name, options: { store: `unread ${name}` } }));
  const provider = async (name: string) => cloud(() => lost.has(name), name === 'aws' ? 'shared' : 'instance');
  const { app, heard } = await begin(t, await appStage({ balancers }, { provider }));
  await until(() => app.readiness().blind?.length === 3);
  const { planned, waitingFor } = app.readiness();
  const first = (name: string) => `first reading of what balancer ${name} drives`;
  assert.deepEqual([planned, waitingFor, heard], [false, [first('edge'), first('inner')], []]);
  lost.delete('edge');
  await until(() => heard.length > 0);
  assert.deepEqual(
    [app.readiness().planned, app.readiness().waitingFor, app.readiness().blind?.map((one) => one.balancer)],
    [true, [], ['inner', 'aws']],
  );
});
