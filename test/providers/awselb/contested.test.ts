/** Somebody else, another weir or a person, who wants another attribute and another tag of the same load balancer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkService } from '../../bench/awselb/manifests.ts';
import { Stage } from '../../bench/awselb/stage.ts';

const minuteMs = 60_000;

test('is told by name after three times, and left in peace for longer and longer', async (t) => {
  const stage = await Stage.open({
    options: { tags: { team: 'edge' }, attributes: { 'load_balancing.cross_zone.enabled': 'true' } },
  });
  t.after(() => stage.close());
  stage.cluster.put(
    'db',
    networkService({ namespace: 'shop', name: 'db', ports: [5432], endpoints: [{ address: '10.0.135.10' }] }),
  );
  stage.cluster.tell('test');
  await stage.start();
  assert.notEqual(await stage.settle(600_000), undefined);
  await stage.pass(10 * minuteMs);
  const [balancer] = stage.aws.world.elb.loadBalancers.all();
  assert.ok(balancer !== undefined);
  /** Whenever it is not there, the other one writes his own; answers how often weir has written until then. */
  const fight = async (minutes: number) => {
    stage.aws.journal.clear();
    for (let at = 0; at < minutes; at++) {
      balancer.attributes.set('load_balancing.cross_zone.enabled', 'false');
      balancer.tags.set('team', 'other');
      await stage.pass(minuteMs);
    }
    const count = (name: string) => stage.aws.journal.entries.filter(({ action }) => action === name).length;
    return [count('ModifyLoadBalancerAttributes'), count('AddTags')];
  };
  const [attributes = 0, tags = 0] = await fight(60);
  assert.ok(attributes >= 3 && attributes <= 8, `${attributes} writes of the attribute in an hour`);
  assert.ok(tags >= 3 && tags <= 8, `${tags} writes of the tag in an hour`);
  const told = () =>
    stage.app
      .state()
      .problems.filter(({ code }) => code === 'W_CONTESTED')
      .map(({ message }) => message);
  assert.match(told().join('\n'), /load_balancing\.cross_zone\.enabled was set to "true" \d times/);
  assert.match(told().join('\n'), /Tags team was set to .*edge.* \d times.*somebody else writes .*other/);
  const [later = 0, laterTags = 0] = await fight(180);
  assert.ok(later + laterTags <= 10, `${later} and ${laterTags} writes in three hours`);
  await stage.pass(180 * minuteMs);
  assert.equal(balancer.attributes.get('load_balancing.cross_zone.enabled'), 'true');
  assert.equal(balancer.tags.get('team'), 'edge');
  assert.deepEqual(told(), []);
});
