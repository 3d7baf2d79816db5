/** What services have left while no weir was running. */
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { networkService } from '../../bench/awselb/manifests.ts';
import { Stage } from '../../bench/awselb/stage.ts';

const endpoints = [{ address: '10.0.135.10' }, { address: '10.0.151.10' }];
const [db, web] = ['db', 'web'].map((name) => networkService({ namespace: 'shop', name, ports: [5432], endpoints }));

async function settled(t: TestContext): Promise<Stage> {
  const stage = await Stage.open();
  t.after(() => stage.close());
  stage.cluster.put('db', db ?? []);
  stage.cluster.put('web', web ?? []);
  await stage.start();
  assert.notEqual(await stage.settle(1_200_000), undefined);
  await stage.stop();
  return stage;
}

it('a service that was removed meanwhile is taken away at once, and nothing is said to be held off', async (t) => {
  const stage = await settled(t);
  stage.cluster.remove('web');
  stage.cluster.tell('less');
  await stage.start();
  const held = new Set<string>();
  await stage.until(() => {
    for (const { units } of stage.app.state().balancers)
      for (const { code, message } of units) if (code === 'E_HELD') held.add(message);
    return stage.aws.world.elb.loadBalancers.size === 1;
  }, 10_000);
  assert.deepEqual([...held], []);
});

it('deletion protection that was switched on meanwhile is seen', async (t) => {
  const stage = await settled(t);
  stage.cluster.remove('web');
  stage.cluster.tell('less');
  for (const { attributes } of stage.aws.world.elb.loadBalancers.all())
    attributes.set('deletion_protection.enabled', 'true');
  await stage.start();
  await stage.until(() => stage.troubles().some((one) => one.includes('its deletion protection is on')), 10_000);
  await stage.pass(60_000);
  assert.equal(stage.aws.world.elb.loadBalancers.size, 2);
});
