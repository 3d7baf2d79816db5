import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CreateLoadBalancerCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { planReport } from '../../../src/app/preview.ts';
import { findUnwanted } from '../../../src/cli/fail-on.ts';
import type { ExportedService, Json } from '../../../src/model/index.ts';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertApplied } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { tcpService } from '../../conformance/services.ts';
import { backend, service, target, tcp } from '../../front/make-service.ts';
import { converge } from './converge.ts';
import { desire, environment, find, planned, told } from './desire.ts';

const one = (name: string, port: number, awselb: Json = {}, more: Partial<ExportedService> = {}): ExportedService =>
  service(`shop/${name}`, [tcp(port)], {
    backends: { web: backend({ protocol: 'tcp' }) },
    settings: { awselb },
    ...more,
  });

describe('a service that moves to another load balancer', () => {
  const alone = one('web', 80);
  const joined = one('web', 80, { group: 'edge' });
  const other = one('db', 5432, { group: 'edge' });

  it('changes its DNS name: into a group, out of it, and to one that is made for it', () => {
    for (const [before, after, moved] of [
      [[alone, other], [joined, other], ['shop/web']],
      [[joined, other], [alone, other], ['shop/web']],
      [
        [joined, other],
        [one('web', 80, { group: 'new' }), one('db', 5432, { group: 'new' })],
        ['shop/web', 'shop/db'],
      ],
    ] as const) {
      const { cloud } = converge([...before]);
      assert.deepEqual(told(desire(before, { present: cloud.observe() })), []);
      const desired = desire(after, { present: cloud.observe() });
      const codes = told(desired).map((line) => line.split(' ').slice(0, 3).join(' '));
      assert.deepEqual(codes.sort(), moved.map((id) => `W_NAME_CHANGES ${id} LoadBalancer`).sort());
      assert.ok(desired.problems.every(({ message }) => /moves from this load balancer to /.test(message)));
      assert.deepEqual(findUnwanted(planReport([], desired.problems, []), ['risk', 'delete']), ['risk']);
      // Once it is served there, that is how it is.
      const { cloud: later } = converge([...after], {}, { cloud });
      assert.deepEqual(told(desire(after, { present: later.observe() })), []);
    }
  });

  it('is served by the old one until the new one is set up and has somebody ready, and by its targets of now', () => {
    for (const [before, after, old] of [
      [[alone, other], [joined, other], 'service/shop/web'],
      [[joined, other], [alone, other], 'service/edge'],
    ] as const) {
      const { cloud } = converge([...before]);
      cloud.tick();
      const next = target('10.0.1.9', 80);
      const [web, db] = after;
      const moved = { ...web, backends: { web: backend({ protocol: 'tcp', targets: [next] }) } };
      const desired = () => desire([moved, db], { present: cloud.observe() });
      const holds = () =>
        desired().resources.flatMap(({ kind, id, sets }) =>
          kind === 'TargetGroup' && id.startsWith(`${old}|shop/web`) ? [[...(sets.Targets?.keys() ?? [])].join()] : [],
        );
      const ports = () =>
        find(desired().resources, 'SecurityGroup', `${old}|sg`).sets.IpPermissions?.has('tcp|80|80|0.0.0.0/0');
      assert.deepEqual([holds(), ports()], [['10.0.1.9:80'], true]);
      const handles = new Map<number, string>();
      for (const step of planned(desired().resources, cloud.observe()).steps) {
        assert.ok(
          step.op !== 'delete' && !(step.op === 'remove' && step.kind === 'SecurityGroup'),
          `${step.op} ${step.kind}`,
        );
        cloud.apply(step, handles);
      }
      // It is all there, and nobody is ready yet.
      assert.deepEqual(holds(), ['10.0.1.9:80']);
      cloud.tick();
      assert.deepEqual(holds(), []);
      const settled = converge([moved, db], {}, { cloud });
      assert.deepEqual(
        settled.cloud.observe().filter(({ id }) => id.startsWith(`${old}|shop/web`)),
        [],
      );
    }
  });

  it('stays where it was when it is refused where it shall be', () => {
    const { cloud } = converge([joined, other]);
    const present = cloud.observe();
    const desired = desire([alone, other], {
      present,
      environment: { ...environment, Limits: { 'network-load-balancers': 1 } },
    });
    assert.deepEqual(told(desired), ['E_QUOTA shop/web network-load-balancers 2']);
    assert.deepEqual(planned(desired.resources, present).steps, []);
  });

  it('is not told where it joins with a new port, or another service leaves', () => {
    const { cloud } = converge([joined, other]);
    const more = one('new', 81, { group: 'edge' });
    assert.deepEqual(told(desire([joined, other, more], { present: cloud.observe() })), []);
    assert.deepEqual(told(desire([joined], { present: cloud.observe() })), []);
  });
});

describe('a service that adopts a load balancer beside its own', () => {
  it('changes its DNS name', async (t) => {
    const harness = awselbHarness(t.name, {}, () => ({ adopt: { tags: { owner: 'terraform' } } }));
    const rig = await Rig.open(harness);
    t.after(() => rig.close());
    const aws = harness.account();
    const db = tcpService('shop/db', 80, await harness.targets(2));
    rig.set([db]);
    await rig.apply();
    const [own] = aws.world.elb.loadBalancers.all();
    const Subnets = [...aws.world.ec2.subnets.all()].flatMap(({ SubnetId, tags }) =>
      tags.has('kubernetes.io/role/internal-elb') ? [SubnetId] : [],
    );
    const Tags = [{ Key: 'owner', Value: 'terraform' }];
    await new ElasticLoadBalancingV2Client(aws.client()).send(
      new CreateLoadBalancerCommand({ Name: 'edge', Type: 'network', Scheme: 'internal', Subnets, Tags }),
    );
    await rig.restart();
    rig.set([{ ...db, settings: { awselb: { adopt: 'edge' } } }]);
    assert.deepEqual(
      (await rig.plan()).problems.map(({ code, value }) => [code, value]),
      [['W_NAME_CHANGES', own?.DNSName]],
    );
    assertApplied(await rig.apply());
    await rig.restart();
    assert.deepEqual((await rig.plan()).problems, []);
  });
});

describe('one name for two load balancers', () => {
  const born = (createdMs: number, made: ExportedService): ExportedService => ({
    ...made,
    origin: { ...made.origin, createdMs },
    settingsOrigin: { 'awselb.name': 'service.beta.kubernetes.io/aws-load-balancer-name' },
  });
  const old = born(1, one('web', 80, { name: 'edge' }));
  const young = born(2, one('db', 5432, { name: 'edge' }));

  it('goes to the older service; the younger one is refused by object, annotation, value and holder', () => {
    for (const services of [
      [old, young],
      [young, old],
    ]) {
      const desired = desire(services);
      const [problem] = desired.problems;
      assert.equal(desired.problems.length, 1);
      assert.deepEqual(
        [problem?.code, problem?.service, problem?.field, problem?.value],
        ['E_NAME_TAKEN', 'shop/db', 'service.beta.kubernetes.io/aws-load-balancer-name', 'edge'],
      );
      assert.match(problem?.message ?? '', /Service shop\/web asks for the same name/);
      assert.deepEqual(
        desired.resources.filter(({ kind }) => kind === 'LoadBalancer').map(({ id }) => id),
        ['service/shop/web'],
      );
    }
  });

  it('stays with the load balancer that has it, however old', () => {
    const { cloud } = converge([young]);
    const desired = desire([old, young], { present: cloud.observe() });
    assert.deepEqual(
      desired.problems.map(({ code, service: id }) => `${code} ${id}`),
      ['E_NAME_TAKEN shop/web'],
    );
    assert.match(desired.problems[0]?.message ?? '', /Service shop\/db has a load balancer of this name/);
  });

  it('leaves those in the group who did not choose it served', () => {
    const also = one('also', 81, { group: 'g' });
    const sayer = born(3, one('late', 82, { group: 'g', name: 'edge' }));
    const desired = desire([old, also, sayer]);
    assert.deepEqual(
      desired.problems.map(({ code, service: id }) => `${code} ${id}`),
      ['E_NAME_TAKEN shop/late'],
    );
    const shared = desired.resources.find(({ kind, id }) => kind === 'LoadBalancer' && id === 'service/g');
    assert.deepEqual(shared?.serves, ['shop/also']);
    assert.match(String(shared?.attrs.Name), /^k8s-g-/);
  });
});
