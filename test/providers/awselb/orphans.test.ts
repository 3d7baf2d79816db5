/** What carries the cluster's tags and was never asked for: whose it is nobody knows, so nobody touches it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { z } from 'zod';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertAnswers, assertApplied, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { httpService, tcpService } from '../../conformance/services.ts';

/** An account that serves an NLB and an ALB of `test`, and a weir that knows nothing of them. */
async function trial(t: TestContext, options: Readonly<Record<string, unknown>> = {}) {
  const harness = awselbHarness(t.name, {}, () => options);
  const rig = await Rig.open(harness);
  t.after(() => rig.close());
  const { world, journal } = harness.account();
  const db = tcpService('shop/db', 81, await harness.targets(2));
  const web = httpService('shop/web', 80, await harness.targets(2));
  rig.set([db, web]);
  assertApplied(await rig.apply());
  await rig.forget();
  const things = () => [
    ...[...world.elb.loadBalancers.all()].map(({ arn }) => arn),
    ...[...world.elb.targetGroups.all()].map(({ arn }) => arn),
    ...[...world.ec2.securityGroups.all()].map(({ GroupId, rules }) => `${GroupId} ${[...rules.values()].length}`),
  ];
  const balancers = () => [...world.elb.loadBalancers.all()].map(({ name }) => name);
  const memory = join(rig.stateDir, 'balancers', 'main', 'wanted-stacks.json');
  const settle = async () => {
    for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
  };
  return { harness, rig, world, journal, db, web, things, balancers, memory, settle };
}

const told = (problems: readonly { readonly code: string; readonly message: string }[]) =>
  problems.filter(({ code }) => code === 'W_ORPHAN').map(({ message }) => message);

const file = z.object({ places: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** Stacks that are remembered, by place. */
const stacksIn = (text: string) => Object.values(file.parse(JSON.parse(text)).places).map((all) => Object.keys(all));

describe('a weir with a part of the cluster', () => {
  it('touches nothing of the rest, and tells each stack once', async (t) => {
    const { harness, rig, db, web, things, settle } = await trial(t);
    const before = things();
    rig.set([db]);
    const plan = await rig.plan();
    assert.deepEqual(
      plan.units.flatMap(({ steps }) => steps),
      [],
    );
    const [orphan = '', ...more] = told(plan.problems);
    assert.deepEqual(more, []);
    assert.match(
      orphan,
      /^stack ingress\/shop\/web .*load balancer k8s-shop-web-\w+, target group .*Ingress shop\/web/,
    );
    await settle();
    assert.deepEqual(things(), before);
    await assertAnswers(harness, web);
    await assertQuiet(rig, harness);
  });

  it('with no service at all it touches nothing', async (t) => {
    const { rig, things, settle } = await trial(t);
    const before = things();
    rig.set([]);
    assert.equal(told((await rig.plan()).problems).length, 2);
    await settle();
    assert.deepEqual(things(), before);
  });

  it('deletes what it was asked for earlier: by the same process, and by another one', async (t) => {
    for (const between of [async () => {}, (rig: Rig) => rig.restart()]) {
      const { harness, rig, db, web, balancers, settle } = await trial(t);
      rig.set([db, web]);
      const { writes } = rig;
      await settle();
      // That they are wanted is remembered, though there was nothing to write.
      assert.equal(rig.writes, writes);
      await between(rig);
      rig.set([web]);
      await settle();
      assert.equal(balancers().length, 1);
      assert.deepEqual(told((await rig.plan()).problems), []);
      await assertAnswers(harness, web);
      await rig.close();
    }
  });

  it('plans without writing anything down', async (t) => {
    const { rig, db, web, memory } = await trial(t);
    rig.set([db, web]);
    await rig.plan();
    assert.equal(existsSync(memory), false);
    await rig.apply();
    assert.deepEqual(stacksIn(await readFile(memory, 'utf8')), [['service shop/db', 'ingress shop/web']]);
  });

  it('adopts, without a write, what it is asked for later', async (t) => {
    const { harness, rig, db, web, things, settle } = await trial(t);
    rig.set([db]);
    await settle();
    const before = things();
    const { writes } = rig;
    rig.set([db, web]);
    await settle();
    assert.deepEqual([things(), rig.writes], [before, writes]);
    await assertAnswers(harness, web);
  });

  it('deletes all of it where `orphans: delete` says so', async (t) => {
    const { rig, db, balancers, settle } = await trial(t, { orphans: 'delete' });
    rig.set([db]);
    assert.deepEqual(told((await rig.plan()).problems), []);
    await settle();
    assert.equal(balancers().length, 1);
  });
});

describe('an orphan', () => {
  it('is not told while a source cannot be read: it may be asked for there', async (t) => {
    const { rig, db } = await trial(t);
    rig.set([db], [{ source: 'script', part: 'all', reason: 'not there' }]);
    assert.deepEqual(told((await rig.plan()).problems), []);
  });

  it('that has a name keeps it: who asks for that is refused by name, and nothing is tried', async (t) => {
    const { rig, db, world, things, balancers } = await trial(t);
    const taken = balancers().find((name) => name.startsWith('k8s-shop-web-')) ?? '';
    const before = things();
    rig.set([{ ...db, settings: { awselb: { name: taken } }, id: 'shop/new', origin: { ...db.origin, name: 'new' } }]);
    const { problems } = await rig.plan();
    const [held] = problems.filter(({ code }) => code === 'E_HELD');
    assert.equal(held?.value, taken);
    assert.match(held?.message ?? '', /belongs to somebody else \(ingress\.k8s\.aws\/stack=shop\/web/);
    const { failed } = await rig.apply();
    assert.deepEqual(
      failed.map(({ code }) => code),
      ['E_HELD'],
    );
    assert.deepEqual(balancers().length, 2);
    assert.deepEqual(
      things().filter((one) => before.includes(one)),
      before,
    );
    assert.equal(world.elb.loadBalancers.size, 2);
  });
});

describe('destroy', () => {
  it('from an empty state directory takes away what the services at hand want, and nothing else', async (t) => {
    const { harness, rig, world, db, web, balancers } = await trial(t);
    rig.set([db]);
    const report = await rig.destroy();
    assertApplied(report);
    assert.equal(told(report.plan.problems).length, 1);
    assert.deepEqual(
      balancers().map((name) => name.slice(0, 12)),
      ['k8s-shop-web'],
    );
    await assertAnswers(harness, web);
    // What all of them share goes with the last.
    const shared = () =>
      [...world.ec2.securityGroups.all()].filter(({ GroupName }) => GroupName.startsWith('k8s-traffic'));
    assert.equal(shared().length, 1);
    await rig.forget();
    rig.set([web]);
    for (let run = 0; run < 2; run++) assertApplied(await rig.destroy());
    assert.deepEqual([balancers(), shared()], [[], []]);
  });

  it('with its state directory takes away what was wanted earlier, too', async (t) => {
    const { rig, db, web, balancers, settle } = await trial(t);
    rig.set([db, web]);
    await settle();
    await rig.restart();
    rig.set([]);
    assertApplied(await rig.destroy());
    assert.deepEqual(balancers(), []);
  });
});

describe('a memory that is damaged', () => {
  it('deletes nothing on doubt, is told, put aside and begun anew', async (t) => {
    const { rig, db, web, memory, things, settle } = await trial(t);
    rig.set([db, web]);
    await settle();
    await rig.restart();
    const whole = await readFile(memory, 'utf8');
    await writeFile(memory, whole.slice(0, -9));
    const before = things();
    rig.set([db]);
    const plan = await rig.plan();
    assert.ok(plan.problems.some(({ code, message }) => code === 'W_STACKS_UNKNOWN' && message.includes(memory)));
    assert.equal(await readFile(memory, 'utf8'), whole.slice(0, -9));
    await settle();
    assert.deepEqual(things(), before);
    assert.equal(await readFile(`${memory}.damaged`, 'utf8'), whole.slice(0, -9));
    assert.deepEqual(stacksIn(await readFile(memory, 'utf8')), [['service shop/db']]);
  });
});
