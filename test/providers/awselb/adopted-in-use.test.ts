import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteTargetGroupCommand,
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ExportedService, Step } from '../../../src/model/index.ts';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertAnswers, assertApplied, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { httpService, keyOf, onPort, tcpService } from '../../conformance/services.ts';

const adopting = (service: ExportedService): ExportedService => ({
  ...service,
  settings: { awselb: { adopt: 'edge' } },
});

/** A load balancer made by hand whose listener 9000 sends to a target group of theirs with two healthy targets. */
async function opened(t: TestContext, type: 'network' | 'application') {
  const harness = awselbHarness(t.name, {}, () => ({ adopt: { tags: { owner: 'terraform' } } }));
  const rig = await Rig.open(harness);
  t.after(() => rig.close());
  const aws = harness.account();
  const elb = new ElasticLoadBalancingV2Client(aws.client());
  const subnets = [...aws.world.ec2.subnets.all()];
  const Subnets = subnets.flatMap(({ SubnetId, tags }) =>
    tags.has('kubernetes.io/role/internal-elb') ? [SubnetId] : [],
  );
  const Tags = [{ Key: 'owner', Value: 'terraform' }];
  const { LoadBalancers: [balancer] = [] } = await elb.send(
    new CreateLoadBalancerCommand({ Name: 'edge', Type: type, Scheme: 'internal', Subnets, Tags }),
  );
  const Protocol = type === 'network' ? 'TCP' : 'HTTP';
  const { TargetGroups: [theirs] = [] } = await elb.send(
    new CreateTargetGroupCommand({
      Name: 'legacy',
      Protocol,
      Port: 80,
      VpcId: subnets[0]?.VpcId,
      TargetType: 'ip',
      Tags,
    }),
  );
  const TargetGroupArn = theirs?.TargetGroupArn;
  const targets = await harness.targets(2);
  await elb.send(
    new RegisterTargetsCommand({
      TargetGroupArn,
      Targets: targets.map(({ address, port }) => ({ Id: address, Port: port })),
    }),
  );
  const DefaultActions = [{ Type: 'forward' as const, TargetGroupArn }];
  await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: balancer?.LoadBalancerArn,
      Port: 9000,
      Protocol,
      DefaultActions,
      Tags,
    }),
  );
  // What was made comes up.
  await harness.clock?.sleep(600_000);
  const steps = async () => (await rig.plan()).units.flatMap(({ steps: all }) => all);
  const edge = () => [...aws.world.elb.loadBalancers.all()][0];
  /** Target groups that requests of a host at 9000 reach. */
  const reached = (host?: string) => {
    const found = aws.traffic.reach({ loadBalancer: 'edge', port: 9000, ...(host === undefined ? {} : { host }) });
    return found.kind === 'forward' ? found.groups.flatMap(({ targets: keys }) => [...keys]) : [found.kind];
  };
  const groups = () => [...aws.world.elb.targetGroups.all()].map(({ name }) => name);
  return { harness, rig, elb, edge, steps, reached, groups, legacy: targets.map(keyOf), TargetGroupArn };
}

const isTarget = (key: string): boolean => /^[\d.]+:\d+$/.test(key);

/** A TCP service of one port, or an HTTP service whose backend answers where no rule holds. */
async function wholeListener(type: 'network' | 'application', harness: ReturnType<typeof awselbHarness>) {
  const tcp = tcpService('shop/web', 9000, await harness.targets(2));
  if (type === 'network') return adopting(tcp);
  return adopting({
    ...tcp,
    fronts: tcp.fronts.map((front) => ({ ...front, protocol: 'http' })),
    backends: Object.fromEntries(Object.entries(tcp.backends).map(([key, one]) => [key, { ...one, protocol: 'http' }])),
  });
}

describe('a listener of an adopted load balancer that serves already', () => {
  for (const type of ['network', 'application'] as const) {
    it(`turns to a service when that has ready targets (${type})`, async (t) => {
      const { harness, rig, steps, reached, legacy } = await opened(t, type);
      const service = await wholeListener(type, harness);
      assert.deepEqual(reached().toSorted(), legacy.toSorted());
      rig.set([service]);
      const plan = await steps();
      const place = (found: (step: Step) => boolean): number => plan.findIndex(found);
      const gate = place(({ op, until }) => op === 'wait' && until?.what === 'ready');
      const turn = place(({ op, kind, members }) => op === 'set' && kind === 'Listener' && members !== undefined);
      assert.ok(gate >= 0 && turn > gate, plan.map(({ op, kind, why }) => `${op} ${kind} ${why}`).join('; '));
      const dark: string[] = [];
      rig.interference = {
        after: (write) => {
          const now = reached();
          if (now.length === 0 || !now.every(isTarget)) dark.push(`after write ${write}: ${now.join()}`);
        },
      };
      assertApplied(await rig.apply());
      assert.deepEqual(dark, []);
      await assertAnswers(harness, service);
      assert.ok(!reached().some((key) => legacy.includes(key)));
      await assertQuiet(rig, harness);
    });
  }

  it('keeps its default action where a service asks for a host alone', async (t) => {
    const { harness, rig, reached, legacy } = await opened(t, 'application');
    const service = adopting(httpService('shop/web', 9000, await harness.targets(2)));
    rig.set([service]);
    assertApplied(await rig.apply());
    await assertAnswers(harness, service);
    assert.deepEqual(reached('other.test').toSorted(), legacy.toSorted());
    await assertQuiet(rig, harness);
  });
});

describe('a listener that was there, when no service asks for it any more', () => {
  for (const type of ['network', 'application'] as const) {
    it(`sends to its former target group again (${type})`, async (t) => {
      const { harness, rig, edge, steps, reached, legacy, groups } = await opened(t, type);
      rig.set([await wholeListener(type, harness)]);
      assertApplied(await rig.apply());
      rig.set([]);
      const told = (await steps()).map(({ op, kind, until }) => `${op} ${kind} ${until?.what ?? ''}`.trim());
      assert.ok(!told.includes('delete Listener') && !told.includes('delete LoadBalancer'), told.join());
      const [drained, gone] = ['wait Listener drained', 'delete TargetGroup'].map((one) => told.indexOf(one));
      assert.ok(drained !== undefined && gone !== undefined && drained >= 0 && drained < gone, told.join());
      const gate = told.indexOf('wait TargetGroup ready');
      assert.ok(gate >= 0 && gate < (drained ?? 0), told.join());
      const dark: string[] = [];
      rig.interference = {
        after: (write) => {
          const now = reached();
          if (now.length === 0 || !now.every(isTarget)) dark.push(`after write ${write}: ${now.join()}`);
        },
      };
      const { results } = await rig.apply();
      rig.interference = {};
      assert.deepEqual(dark, []);
      const done = results.map(({ step: { op, kind, borrowed } }) => `${op} ${kind}${borrowed ? ' lets go' : ''}`);
      assert.ok(done.indexOf('delete TargetGroup') < done.indexOf('delete Listener lets go'), done.join());
      assert.ok(done.includes('delete LoadBalancer lets go'), done.join());
      assertApplied(await rig.apply());
      await harness.clock?.sleep(600_000);
      assert.deepEqual(reached().toSorted(), legacy.toSorted());
      assert.deepEqual(
        [...(edge()?.listeners ?? [])].map(({ tags }) => [...tags.keys()]),
        [['owner']],
      );
      assert.deepEqual(groups(), ['legacy']);
      await assertQuiet(rig, harness);
    });
  }

  it('is given back with a GAP where its former target group has no targets', async (t) => {
    const { harness, rig, elb, steps, TargetGroupArn } = await opened(t, 'network');
    const service = await wholeListener('network', harness);
    rig.set([service]);
    assertApplied(await rig.apply());
    const { TargetHealthDescriptions = [] } = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
    const Targets = TargetHealthDescriptions.flatMap(({ Target }) => Target ?? []);
    await elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets }));
    await harness.clock?.sleep(600_000);
    await rig.restart();
    rig.set([]);
    const gaps = (await steps()).flatMap(({ kind, gap = [] }) => gap.map((id) => `${kind} ${id}`));
    assert.ok(gaps.includes(`Listener ${service.id}`), gaps.join());
    for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
    await assertQuiet(rig, harness);
  });

  it('is given back though the service stays at another port, also by a process that begins then', async (t) => {
    const { harness, rig, edge, reached, legacy, groups } = await opened(t, 'network');
    const service = await wholeListener('network', harness);
    rig.set([service]);
    assertApplied(await rig.apply());
    await rig.restart();
    rig.set([onPort(service, 9001)]);
    for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
    await harness.clock?.sleep(600_000);
    assert.deepEqual(reached().toSorted(), legacy.toSorted());
    assert.deepEqual([...(edge()?.listeners ?? [])].map(({ Port }) => Port).toSorted(), [9000, 9001]);
    assert.equal(groups().length, 2);
    await assertQuiet(rig, harness);
  });

  it('goes on sending to the target group that a service has filled', async (t) => {
    const { harness, rig, edge, groups } = await opened(t, 'network');
    const service = await wholeListener('network', harness);
    rig.set([{ ...service, settings: { awselb: { adopt: 'edge', backends: { main: { targetGroup: 'legacy' } } } } }]);
    assertApplied(await rig.apply());
    rig.set([]);
    for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
    assert.deepEqual([edge()?.listeners.size, groups()], [1, ['legacy']]);
    await assertQuiet(rig, harness);
  });

  it('keeps a default action that no service has asked for', async (t) => {
    const { harness, rig, reached, legacy } = await opened(t, 'application');
    rig.set([adopting(httpService('shop/web', 9000, await harness.targets(2)))]);
    assertApplied(await rig.apply());
    rig.set([]);
    for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
    assert.deepEqual(reached('shop.web.test').toSorted(), legacy.toSorted());
    await assertQuiet(rig, harness);
  });

  for (const type of ['network', 'application'] as const) {
    it(`whose former target group is gone ${type === 'network' ? 'goes' : 'answers 404'} (${type})`, async (t) => {
      const { harness, rig, elb, edge, steps, reached, groups, TargetGroupArn } = await opened(t, type);
      rig.set([await wholeListener(type, harness)]);
      assertApplied(await rig.apply());
      await elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }));
      await rig.restart();
      rig.set([]);
      const deletes = (await steps()).filter(({ op, kind }) => op === 'delete' && kind === 'Listener');
      // One that answers does so first, and is let go when nothing drains.
      assert.deepEqual(
        deletes.map(({ borrowed }) => borrowed),
        type === 'network' ? [undefined] : [],
      );
      for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
      assert.equal(edge()?.listeners.size, type === 'network' ? 0 : 1);
      assert.deepEqual(reached(), [type === 'network' ? 'refused' : 'fixed-response']);
      assert.deepEqual(groups(), []);
      await assertQuiet(rig, harness);
    });
  }
});
