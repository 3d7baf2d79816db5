/** Two weirs by one name over one account that wish different values of one attribute of one load balancer: neither may go on in silence. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type App, openApp } from '../../../src/app.ts';
import { configSchema } from '../../../src/config/index.ts';
import type { Problem } from '../../../src/model/index.ts';
import { networkService } from '../../bench/awselb/manifests.ts';
import { providerOver } from '../../bench/awselb/provider-over.ts';
import { Stage } from '../../bench/awselb/stage.ts';

const minuteMs = 60_000;
const attribute = 'load_balancing.cross_zone.enabled';

const wishes = (value: string) => ({ attributes: { [attribute]: value } });

test('two weirs that wish different values both tell of it, write ever less often, and stop when one is gone', async (t) => {
  const toldFirst: Problem[] = [];
  const toldSecond: Problem[] = [];
  const stage = await Stage.open({
    options: wishes('true'),
    events: { problems: (appeared) => toldFirst.push(...appeared) },
  });
  t.after(() => stage.close());
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-two-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  const service = networkService({
    namespace: 'shop',
    name: 'db',
    ports: [5432],
    endpoints: [{ address: '10.0.135.10' }],
  });
  stage.cluster.put('db', service);
  stage.cluster.tell('test');
  await stage.start();
  assert.notEqual(await stage.settle(10 * minuteMs), undefined);

  const { provider } = providerOver(stage.aws, { maxAttempts: 3, twist: undefined });
  const { vpc: vpcId } = stage.seeded;
  const options = { clusterName: 'test', vpcId, region: stage.aws.world.region, ...wishes('false') };
  const second: App = await openApp(
    configSchema.parse({
      instance: 'bench',
      stateDir,
      sources: [{ type: 'file', paths: ['cluster'] }],
      balancers: [{ name: 'aws', provider: 'awselb', options }],
    }),
    { openSource: async () => stage.cluster, provider: async () => provider, clock: stage.clock, random: () => 0 },
  );
  const end = new AbortController();
  const done = second.run(end.signal, { problems: (appeared) => toldSecond.push(...appeared) });
  // Its lock and its journal are files: until they are read no virtual time passes.
  const calls = stage.aws.journal.total;
  for (let turns = 0; stage.aws.journal.total === calls && turns < 1_000; turns++)
    await new Promise((resolve) => setTimeout(resolve, 1));
  await stage.pass(10 * minuteMs);
  for (const [told, app, mine, theirs] of [
    [toldFirst, stage.app, 'true', 'false'],
    [toldSecond, second, 'false', 'true'],
  ] as const) {
    const text = new RegExp(`cross_zone\\.enabled was set to "${mine}" \\d times.*somebody else writes "${theirs}"`);
    const contested = (problems: readonly Problem[]) => problems.filter(({ code }) => code === 'W_CONTESTED');
    assert.match(contested(told)[0]?.message ?? '', text, 'the log tells it');
    assert.match(contested(app.state().problems)[0]?.message ?? '', text, 'the state tells it');
  }
  stage.aws.journal.clear();
  await stage.pass(60 * minuteMs);
  const writes = stage.aws.journal.of('ModifyLoadBalancerAttributes').length;
  assert.ok(writes >= 2 && writes <= 8, `${writes} writes by both in an hour`);
  end.abort();
  await stage.pass(minuteMs);
  await done;
  await second.close('leave');
  await stage.pass(120 * minuteMs);
  const [balancer] = stage.aws.world.elb.loadBalancers.all();
  assert.equal(balancer?.attributes.get(attribute), 'true');
  assert.deepEqual(stage.troubles(), [], 'who is left has its way, and peace');
});
