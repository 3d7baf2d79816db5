import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { provider } from '../../providers/memory/index.ts';
import type { Provider } from '../../src/model/index.ts';
import { httpService } from '../conformance/services.ts';
import { appStage, targets } from './stage.ts';

const signal = new AbortController().signal;
let stage: Awaited<ReturnType<typeof appStage>>;

beforeEach(async () => {
  stage = await appStage();
});
afterEach(() => stage.close());

describe('what is known offline', () => {
  it('contacts nothing and starts from nothing', async () => {
    const shut: Provider = { ...provider, open: () => Promise.reject(new Error('contacted')) } as Provider;
    stage.script.set([httpService('shop/web', 80, targets)]);
    const app = await stage.open({ provider: async () => shut, environments: { memory: {} } });
    const report = await app.plan(signal);
    assert.deepEqual(report.problems, []);
    const [unit] = report.units;
    assert.deepEqual(
      unit?.steps.map(({ op, kind }) => `${op} ${kind}`),
      ['create LoadBalancer', 'create TargetGroup', 'create Listener', 'add TargetGroup', 'create Rule'],
    );
    assert.equal(report.summary.create, 4);
  });

  it('validate without one tells what nobody looked for as a warning, with one as an error', async () => {
    const message = 'there is no such subnet';
    const blind: Provider = {
      ...provider,
      model: (input, options) => {
        const made = provider.model(input, provider.options.parse(options));
        return { ...made, problems: [{ code: 'E_DISCOVERY', severity: 'error', source: 'a', message }] };
      },
    } as Provider;
    stage.script.set([httpService('shop/web', 80, targets)]);
    const [unlooked] = await (await stage.open({ provider: async () => blind })).validate(signal);
    assert.equal(unlooked?.severity, 'warning');
    assert.match(unlooked?.message ?? '', /--environment/);
    const given = await stage.open({ provider: async () => blind, environments: { memory: {} } });
    const [looked] = await given.validate(signal);
    assert.deepEqual([looked?.severity, looked?.message], ['error', message]);
  });

  it('without one asks the balancer', async () => {
    const shut: Provider = { ...provider, open: () => Promise.reject(new Error('contacted')) } as Provider;
    const app = await stage.open({ provider: async () => shut });
    assert.match((await app.plan(signal)).problems[0]?.message ?? '', /contacted/);
  });
});
