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

describe('a plan with an environment', () => {
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

  it('without one asks the balancer', async () => {
    const shut: Provider = { ...provider, open: () => Promise.reject(new Error('contacted')) } as Provider;
    const app = await stage.open({ provider: async () => shut });
    assert.match((await app.plan(signal)).problems[0]?.message ?? '', /contacted/);
  });
});
