/** Who may fill a target group of somebody else, and what a session sees of it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CreateTargetGroupCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { openSession } from '../../../providers/awselb/session.ts';
import type { ExportedService, Json, Plan } from '../../../src/model/index.ts';
import { resolveStep } from '../../../src/run/resolve-step.ts';
import type { TargetGroup } from '../../fakes/aws/elbv2/state.ts';
import { backend, http, route, service, target, tcp } from '../../front/make-service.ts';
import { Stage } from './apply-stage.ts';
import { type Desired, desire, planned, told } from './desire.ts';

const web = (address: string) =>
  service('shop/web', [tcp(80)], { backends: { web: backend({ protocol: 'tcp', targets: [target(address, 8080)] }) } });

/** The binding `namespace/name` of this target to a group. */
function binds(id: string, group: string, address: string, createdMs?: number): ExportedService {
  const bare = service(id, [tcp(80)], {
    backends: { web: backend({ protocol: 'tcp', targets: [target(address, 9090)] }) },
    settings: { awselb: { backends: { web: { targetGroup: group } } } },
  });
  const origin = { ...bare.origin, kind: 'TargetGroupBinding', ...(createdMs === undefined ? {} : { createdMs }) };
  return { ...bare, origin };
}

/** An account with weirs that come and go; each reads, plans, writes, and is gone. */
class Account {
  readonly stage = new Stage();
  readonly stateDir: string;
  problems: readonly string[] = [];

  private constructor(stateDir: string) {
    this.stateDir = stateDir;
  }

  static async open(t: TestContext): Promise<Account> {
    const account = new Account(await mkdtemp(join(tmpdir(), 'weir-bindings-')));
    t.after(async () => {
      account.stage.close();
      await rm(account.stateDir, { recursive: true });
    });
    return account;
  }

  async run(services: readonly ExportedService[]): Promise<Plan> {
    const { stage, stateDir } = this;
    const { requestHandler, credentials } = stage.aws.client();
    assert.ok(requestHandler !== undefined);
    const options = { ...stage.options, vpcId: stage.place.vpc, endpoint: 'http://aws.invalid' };
    const signal = new AbortController().signal;
    const session = await openSession(options, { ...stage.ctx, stateDir }, { requestHandler, credentials });
    try {
      const environment = await session.discover(services, signal);
      const present = await session.observe('all', signal);
      const desired: Desired = desire(services, { environment, options: { clusterName: 'test' }, present });
      this.problems = told(desired).map((one) => one.split(' ').slice(0, 3).join(' '));
      const plan = planned(desired.resources, present);
      const handles = new Map<number, string>();
      for (const step of plan.steps) {
        if (step.op === 'wait') continue;
        const made = await session.apply?.(resolveStep(step, handles), signal);
        if (made !== undefined) handles.set(step.n, made);
      }
      return plan;
    } finally {
      await session.close('leave');
    }
  }

  /** Rounds until nothing is to be done. */
  async settle(services: readonly ExportedService[]): Promise<void> {
    for (let round = 0; (await this.run(services)).steps.length > 0; round++)
      assert.ok(round < 4, 'there is always something to do');
  }

  /** A group that somebody else made. */
  async foreignGroup(Protocol: 'TCP' | 'HTTP'): Promise<TargetGroup> {
    const { stage } = this;
    const elb = new ElasticLoadBalancingV2Client(stage.aws.client());
    const place = { Port: 80, VpcId: stage.place.vpc, TargetType: 'ip' } as const;
    await elb.send(new CreateTargetGroupCommand({ Name: 'legacy', Protocol, ...place }));
    elb.destroy();
    // weir itself may not do that.
    stage.policy.denied.pop();
    const [group] = [...stage.aws.world.elb.targetGroups.all()];
    assert.ok(group !== undefined);
    return group;
  }
}

const registered = ({ targets }: TargetGroup) =>
  [...targets.values()]
    .filter(({ drainedMs }) => drainedMs === undefined)
    .map(({ id, port }) => `${id}:${port}`)
    .sort();

test('a binding that names a target group of weir is refused by name, and the group stays whose it is', async (t) => {
  const account = await Account.open(t);
  const [mine = '', other = ''] = account.stage.place.nodeAddresses;
  await account.settle([web(mine)]);
  const [group] = [...account.stage.aws.world.elb.targetGroups.all()];
  assert.ok(group !== undefined);
  const services = [web(mine), binds('team/grab', group.arn, other, 1)];
  const { steps } = await account.run(services);
  assert.deepEqual(steps, []);
  assert.deepEqual(account.problems, [`E_FIELD_VALUE team/grab settings.awselb.backends.web.targetGroup`]);
  assert.deepEqual(registered(group), [`${mine}:8080`]);
});

test('of two bindings of one group the older one fills it, whatever order they come in; the younger is refused by name', async (t) => {
  const account = await Account.open(t);
  const [mine = '', other = ''] = account.stage.place.nodeAddresses;
  const group = await account.foreignGroup('TCP');
  const older = binds('team-b/bind', group.arn, mine, 1_000);
  const younger = binds('team-a/bind', group.arn, other, 2_000);
  for (const services of [
    [older, younger],
    [younger, older],
  ]) {
    await account.settle(services);
    assert.deepEqual(registered(group), [`${mine}:9090`]);
    assert.deepEqual(account.problems, [`E_GROUP_CONFLICT team-a/bind settings.awselb.backends.web.targetGroup`]);
  }
  await account.settle([younger]);
  assert.deepEqual(account.problems, []);
  assert.deepEqual(registered(group), [`${other}:9090`]);
});

test('a group that a rule points at and a binding fills: nothing to do the second time, and our targets alone go with the binding', async (t) => {
  const account = await Account.open(t);
  const [mine = '', theirs = ''] = account.stage.place.nodeAddresses;
  const group = await account.foreignGroup('HTTP');
  const settings: Json = { rules: { shop: { targetGroups: [{ targetGroup: group.arn, weight: 1 }] } } };
  const alb = service(
    'shop/front',
    [http([route(['shop.test'], undefined, { rule: 'shop', action: { type: 'forward', to: [] } })])],
    {
      backends: { web: backend({ targets: [target(mine, 8080)] }) },
      settings: { awselb: settings },
    },
  );
  const binding = binds('shop/bind', group.arn, mine);
  await account.settle([alb, binding]);
  assert.deepEqual(account.problems, []);
  assert.deepEqual(registered(group), [`${mine}:9090`]);
  const [[key, ours] = []] = group.targets;
  assert.ok(key !== undefined && ours !== undefined);
  group.targets.set(key.replace(mine, theirs).replace('9090', '7070'), { ...ours, id: theirs, port: 7070 });
  const { steps } = await account.run([alb]);
  assert.deepEqual(
    steps.map(({ op, kind, members }) => [op, kind, members?.map(([key]) => key)]),
    [
      ['remove', 'TargetGroup', [`${mine}:9090`]],
      ['delete', 'TargetGroup', undefined],
    ],
  );
  assert.deepEqual(registered(group), [`${theirs}:7070`]);
  assert.deepEqual((await account.run([alb])).steps, []);
});
