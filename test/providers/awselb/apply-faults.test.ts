import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type ExportedService, type Step, WeirError } from '../../../src/model/index.ts';
import type { FakeAwsOptions } from '../../fakes/aws/index.ts';
import { backend, http, prefix, route, service, target, tcp } from '../../front/make-service.ts';
import { Stage } from './apply-stage.ts';

function staged(t: TestContext, options: FakeAwsOptions = {}): Stage {
  const stage = new Stage(options);
  t.after(() => stage.close());
  return stage;
}

function web(stage: Stage, count = 2): ExportedService {
  const targets = stage.place.nodeAddresses.slice(0, count).map((address) => target(address, 8080));
  return service('shop/web', [tcp(80)], { backends: { web: backend({ protocol: 'tcp', targets }) } });
}

function app(stage: Stage): ExportedService {
  const targets = stage.place.nodeAddresses.map((address) => target(address, 8080));
  return service('shop/app', [http([route(['a.test'], prefix('/'))])], { backends: { web: backend({ targets }) } });
}

/** Of each kind: what exists and is tagged as ours. */
function counts({ aws: { world } }: Stage): Readonly<Record<string, number>> {
  const groups = [...world.ec2.securityGroups.all()].filter(({ tags }) => tags.has('elbv2.k8s.aws/cluster'));
  const rules = [...world.elb.rules.all()].filter(({ rule }) => rule.priority !== undefined);
  return {
    LoadBalancer: world.elb.loadBalancers.size,
    TargetGroup: world.elb.targetGroups.size,
    Listener: [...world.elb.listeners.all()].length,
    Rule: rules.length,
    SecurityGroup: groups.length,
  };
}

const all = { LoadBalancer: 2, TargetGroup: 2, Listener: 2, Rule: 1, SecurityGroup: 3 };

async function refused(work: Promise<unknown>): Promise<WeirError> {
  const error = await work.then(
    () => assert.fail('it was done'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof WeirError, String(error));
  return error;
}

describe('apply: what goes wrong on the way', () => {
  for (const kind of ['lose reply', 'lose request'] as const) {
    it(`${kind}: every call is repeated, nothing is made twice`, async (t) => {
      const stage = staged(t);
      stage.aws.faults.add({ effect: { kind }, when: ({ index }) => index % 2 === 1 });
      await stage.converge([web(stage), app(stage)]);
      assert.deepEqual(counts(stage), all);
      await stage.converge([]);
      assert.deepEqual(counts(stage), { LoadBalancer: 0, TargetGroup: 0, Listener: 0, Rule: 0, SecurityGroup: 0 });
    });
  }

  it('a create that was answered to nobody is found by the next process, changed settings and all', async (t) => {
    const stage = staged(t);
    const services = [web(stage), app(stage)];
    const steps = await stage.converge(services);
    const before = counts(stage);
    // Another process knows nothing, and AWS does not show it yet: every create is made again, with other settings.
    for (const step of steps) if (step.op === 'create') await again(stage, step);
    assert.deepEqual(counts(stage), before);
  });

  it('what is not seen yet after its create is asked for again, on the clock', async (t) => {
    const stage = staged(t);
    stage.aws.lag({ loadBalancers: 3, targetGroups: 3, listeners: 3, rules: 3, securityGroups: 3 });
    const startMs = stage.clock.now();
    await stage.converge([web(stage), app(stage)], { counted: false });
    assert.deepEqual(counts(stage), all);
    assert.ok(stage.clock.now() - startMs >= 500);
  });

  it('what is gone is not waited for', async (t) => {
    const stage = staged(t);
    await stage.converge([web(stage)]);
    await stage.clock.sleep(120_000);
    const group = stage.known.all().find(({ kind }) => kind === 'TargetGroup');
    assert.ok(group !== undefined);
    const step: Step = {
      ...bare(group),
      op: 'add',
      handle: group.handle,
      set: 'Targets',
      members: [['10.0.128.9:80', { attrs: {} }]],
    };
    stage.aws.world.elb.targetGroups.delete(group.handle);
    const startMs = stage.clock.now();
    assert.equal((await refused(stage.run(step))).code, 'E_APPLY');
    assert.equal(stage.clock.now(), startMs);
    await stage.run({ ...bare(group), op: 'delete', handle: group.handle });
  });

  it('one bad target does not keep the others out, and is named', async (t) => {
    const stage = staged(t);
    await stage.converge([web(stage, 1)]);
    const group = stage.known.all().find(({ kind }) => kind === 'TargetGroup');
    assert.ok(group !== undefined);
    const members = ['10.0.128.7:80', '10.0.128.8:80', '8.8.8.8:80', '10.0.128.9:80'].map(
      (key) => [key, { attrs: {} }] as const,
    );
    const error = await refused(
      stage.run({ ...bare(group), op: 'add', handle: group.handle, set: 'Targets', members }),
    );
    assert.equal(error.code, 'E_CLOUD_REFUSED');
    assert.match(error.message, /8\.8\.8\.8/);
    const ids = [...(stage.aws.world.elb.targetGroups.truly(group.handle)?.targets.values() ?? [])].map(({ id }) => id);
    assert.deepEqual(ids.slice(1), ['10.0.128.7', '10.0.128.8', '10.0.128.9']);
  });

  it('rules that are there already, or gone already, hold nothing up', async (t) => {
    const stage = staged(t);
    await stage.converge([web(stage)]);
    const group = stage.known.all().find(({ id }) => id.endsWith('|sg'));
    assert.ok(group !== undefined);
    const rules = ['tcp|80|80|0.0.0.0/0', 'tcp|81|81|10.0.0.0/8'].map((key) => [key, { attrs: {} }] as const);
    const step = { ...bare(group), handle: group.handle, set: 'IpPermissions' };
    await stage.run({ ...step, op: 'add', members: rules });
    const ingress = () =>
      [...(stage.aws.world.ec2.securityGroups.truly(group.handle)?.rules.values() ?? [])].filter(
        ({ IsEgress }) => !IsEgress,
      ).length;
    assert.equal(ingress(), 2);
    const gone = ['tcp|99|99|10.0.0.0/8', 'tcp|81|81|10.0.0.0/8'].map((key) => [key, null] as const);
    await stage.run({ ...step, op: 'remove', members: gone });
    assert.equal(ingress(), 1);
  });

  it('a name that somebody else has is told with its owner, and left alone', async (t) => {
    const stage = staged(t);
    const steps = await stage.converge([web(stage)]);
    const create = steps.find(({ op, kind }) => op === 'create' && kind === 'TargetGroup');
    const [group] = [...stage.aws.world.elb.targetGroups.all()];
    assert.ok(create !== undefined && group !== undefined);
    group.tags.clear();
    const error = await refused(stage.run({ ...create, attrs: { ...create.attrs, HealthCheckIntervalSeconds: 30 } }));
    assert.equal(error.code, 'E_HELD');
    assert.ok(error.message.includes(group.arn), error.message);
    assert.equal(group.check.HealthCheckIntervalSeconds, 10);
  });

  it('a security group waits for the interfaces of its load balancer, and says which', async (t) => {
    const stage = staged(t, { timings: { interfaces: { ms: 60_000 } } });
    await stage.converge([web(stage)]);
    const group = stage.known.all().find(({ id }) => id.endsWith('|sg'));
    const lb = stage.known.all().find(({ kind }) => kind === 'LoadBalancer');
    assert.ok(group !== undefined && lb !== undefined);
    await stage.run({ ...bare(lb), op: 'delete', handle: lb.handle });
    const remove: Step = { ...bare(group), op: 'delete', handle: group.handle };
    const startMs = stage.clock.now();
    const error = await refused(stage.run(remove));
    assert.equal(error.code, 'E_APPLY');
    assert.match(error.message, /still used by network interface eni-/);
    assert.ok(stage.clock.now() - startMs <= 20_000);
    await stage.clock.sleep(60_000);
    await stage.run(remove);
    assert.equal(stage.aws.world.ec2.securityGroups.truly(group.handle), undefined);
  });

  it('a target group in use names who uses it', async (t) => {
    const stage = staged(t);
    await stage.converge([web(stage)]);
    const group = stage.known.all().find(({ kind }) => kind === 'TargetGroup');
    const listener = stage.known.all().find(({ kind }) => kind === 'Listener');
    assert.ok(group !== undefined && listener !== undefined);
    const error = await refused(stage.run({ ...bare(group), op: 'delete', handle: group.handle }));
    assert.ok(error.message.includes(listener.handle), error.message);
  });

  it('deletion protection is told and never switched off', async (t) => {
    const stage = staged(t);
    await stage.converge([web(stage)]);
    const [balancer] = [...stage.aws.world.elb.loadBalancers.all()];
    const lb = stage.known.all().find(({ kind }) => kind === 'LoadBalancer');
    assert.ok(balancer !== undefined && lb !== undefined);
    balancer.attributes.set('deletion_protection.enabled', 'true');
    const error = await refused(stage.run({ ...bare(lb), op: 'delete', handle: lb.handle }));
    assert.equal(error.code, 'E_HELD');
    assert.equal(balancer.attributes.get('deletion_protection.enabled'), 'true');
    assert.equal(stage.aws.journal.of('ModifyLoadBalancerAttributes').length, 0);
  });

  it('a missing permission names action and policy line', async (t) => {
    const stage = staged(t);
    stage.aws.faults.add({ effect: { kind: 'deny' }, action: 'CreateTargetGroup' });
    const error = await refused(stage.converge([web(stage)]));
    assert.equal(error.code, 'E_CLOUD_PERMISSION');
    assert.match(error.message, /elasticloadbalancing:CreateTargetGroup/);
  });

  it('two steps on one object at once do not undo each other', async (t) => {
    const stage = staged(t);
    await stage.converge([app(stage)]);
    const rule = stage.known.all().find(({ kind }) => kind === 'Rule');
    const group = stage.known.all().find(({ kind }) => kind === 'TargetGroup');
    const steps = await stage.converge([app(stage), web(stage)]);
    const create = steps.find(({ op, kind }) => op === 'create' && kind === 'TargetGroup');
    assert.ok(rule !== undefined && group !== undefined && create !== undefined);
    const second = await stage.run({
      ...create,
      id: 'other',
      attrs: { ...group.attrs, Name: 'other' },
    });
    const step = { ...bare(rule), handle: rule.handle };
    await Promise.all([
      stage.run({ ...step, op: 'add', set: 'TargetGroups', members: [[second ?? '', { attrs: { Weight: 0 } }]] }),
      stage.run({
        ...step,
        op: 'update',
        attrs: { TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 60 } },
      }),
    ]);
    const { actions = [] } =
      [...stage.aws.world.elb.rules.all()].find(({ rule: one }) => one.arn === rule.handle)?.rule ?? {};
    const { TargetGroups = [], TargetGroupStickinessConfig } = actions[0]?.ForwardConfig ?? {};
    assert.equal(TargetGroups.length, 2);
    assert.equal(TargetGroupStickinessConfig?.Enabled, true);
  });
});

function bare({ kind, id, unit, serves }: Pick<Step, 'kind' | 'id' | 'unit' | 'serves'>) {
  return { n: 1, kind, id, unit, serves, why: 'test', after: [] };
}

/** The same create as another process would send it, with something else changed. */
async function again(stage: Stage, step: Step): Promise<void> {
  const other: Readonly<Record<string, object>> = {
    TargetGroup: { HealthCheckIntervalSeconds: 30 },
    Listener: {},
    Rule: {},
    LoadBalancer: { SubnetMappings: stage.place.privateSubnets.slice(0, 2).map((SubnetId) => ({ SubnetId })) },
  };
  const find = (kind: string, id: string) => stage.known.all().find((one) => one.kind === kind && one.id === id);
  const was = find(step.kind, step.id);
  assert.ok(was !== undefined);
  const refs = Object.fromEntries(Object.entries(was.refs));
  const sets = Object.fromEntries(Object.entries(step.sets ?? {}).map(([name]) => [name, [...(was.sets[name] ?? [])]]));
  const made = await stage.run({ ...step, attrs: { ...step.attrs, ...other[step.kind] }, refs, sets });
  assert.equal(made, was.handle, `${step.kind} ${step.id}`);
}
