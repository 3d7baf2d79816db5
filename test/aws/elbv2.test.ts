/** ELBv2 of the fake beyond the known differences: life of load balancers and targets, and what traffic meets. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeNetworkInterfacesCommand,
} from '@aws-sdk/client-ec2';
import * as sdk from '@aws-sdk/client-elastic-load-balancing-v2';
import { FakeAws, type FakeAwsOptions } from '../fakes/aws/index.ts';
import { VirtualClock } from '../run/virtual-clock.ts';
import { forward, pathIs, refuses, Stage } from './stage.ts';

async function open(options: FakeAwsOptions = {}) {
  const aws = new FakeAws(options);
  const stage = await Stage.open(aws.client(), 'own');
  aws.journal.clear();
  return { aws, stage };
}

const targets = (...Ids: string[]) => Ids.map((Id) => ({ Id, Port: 8080 }));
const register = (stage: Stage, TargetGroupArn: string, ...ids: string[]) =>
  stage.elb.send(new sdk.RegisterTargetsCommand({ TargetGroupArn, Targets: targets(...ids) }));
const deregister = (stage: Stage, TargetGroupArn: string, ...ids: string[]) =>
  stage.elb.send(new sdk.DeregisterTargetsCommand({ TargetGroupArn, Targets: targets(...ids) }));
const [a, b] = ['10.0.128.10', '10.0.144.10'];

describe('life of things', () => {
  it('a load balancer is provisioned by time', async () => {
    const clock = new VirtualClock();
    const { stage } = await open({ clock, timings: { loadBalancer: { ms: 60_000 } } });
    const { LoadBalancerArn } = await stage.nlb();
    const state = async () =>
      (await stage.elb.send(new sdk.DescribeLoadBalancersCommand({ LoadBalancerArns: [LoadBalancerArn] })))
        .LoadBalancers?.[0]?.State?.Code;
    assert.equal(await state(), 'provisioning');
    await clock.pass(60_000);
    assert.equal(await state(), 'active');
  });

  it('a load balancer may fail', async () => {
    const { aws, stage } = await open();
    const { LoadBalancerArn, LoadBalancerName = '' } = await stage.nlb();
    aws.fail(LoadBalancerName, 'no capacity');
    const { LoadBalancers } = await stage.elb.send(
      new sdk.DescribeLoadBalancersCommand({ LoadBalancerArns: [LoadBalancerArn] }),
    );
    assert.deepEqual(LoadBalancers?.[0]?.State, { Code: 'failed', Reason: 'no capacity' });
  });

  it('a draining target goes after its delay, comes back when registered, and falls ill', async () => {
    const clock = new VirtualClock();
    const { aws, stage } = await open({ clock, timings: { target: { ms: 10_000 } } });
    const { group } = await stage.tcp();
    await register(stage, group, a, b);
    await clock.pass(10_000);
    aws.sicken(`${b}:8080`);
    assert.deepEqual(await stage.states(group), [`${a}:8080 healthy`, `${b}:8080 unhealthy`]);
    await deregister(stage, group, a, b);
    await clock.pass(299_000);
    assert.deepEqual(await stage.states(group), [`${a}:8080 draining`, `${b}:8080 draining`]);
    await register(stage, group, a);
    await clock.pass(2000);
    assert.deepEqual(await stage.states(group), [`${a}:8080 initial`]);
  });

  it('a target of a zone that the load balancer does not have is unused', async () => {
    const { stage } = await open();
    const { LoadBalancerArn } = await stage.nlb({ Subnets: stage.place.publicSubnets.slice(0, 1) });
    const group = await stage.group();
    await stage.listener(LoadBalancerArn, group);
    await register(stage, group, a, b);
    assert.deepEqual(await stage.states(group), [`${a}:8080 healthy`, `${b}:8080 unused`]);
  });

  it('a group may count as in use for some calls after its listener has gone', async () => {
    const { stage } = await open({ timings: { releaseCalls: 2 } });
    const { group, listener } = await stage.tcp();
    await stage.elb.send(new sdk.DeleteListenerCommand({ ListenerArn: listener }));
    const remove = () => stage.elb.send(new sdk.DeleteTargetGroupCommand({ TargetGroupArn: group }));
    await refuses(remove(), 'ResourceInUse');
    await refuses(remove(), 'ResourceInUse');
    await remove();
  });

  it('interfaces linger after their load balancer and hold its security group', async () => {
    const { stage } = await open({ timings: { interfaces: { describes: 2 } } });
    const made = await stage.ec2.send(groupCommand(stage));
    const GroupId = made.GroupId ?? '';
    const { LoadBalancerArn } = await stage.nlb({ SecurityGroups: [GroupId] });
    await stage.elb.send(new sdk.DeleteLoadBalancerCommand({ LoadBalancerArn }));
    const look = () =>
      stage.ec2.send(new DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'group-id', Values: [GroupId] }] }));
    const remove = () => stage.ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
    await refuses(remove(), 'DependencyViolation');
    assert.equal((await look()).NetworkInterfaces?.length, 3);
    assert.equal((await look()).NetworkInterfaces?.length, 0);
    await remove();
  });

  it('targets start to rise when their group comes into use, and none is used before', async () => {
    const clock = new VirtualClock();
    const { stage } = await open({ clock, timings: { target: { ms: 10_000 } } });
    const group = await stage.group();
    const Targets = [{ Id: '192.168.7.7', Port: 8080, AvailabilityZone: 'all' }];
    await stage.elb.send(new sdk.RegisterTargetsCommand({ TargetGroupArn: group, Targets }));
    await clock.pass(60_000);
    assert.deepEqual(await stage.states(group), ['192.168.7.7:8080 unused']);
    await stage.listener((await stage.nlb()).LoadBalancerArn, group);
    assert.deepEqual(await stage.states(group), ['192.168.7.7:8080 initial']);
    await clock.pass(10_000);
    assert.deepEqual(await stage.states(group), ['192.168.7.7:8080 healthy']);
  });

  it('priorities move all at once or not at all', async () => {
    const { stage } = await open();
    const { listener, group } = await stage.web();
    const [first, second, third] = [
      await stage.rule(listener, group, 1),
      await stage.rule(listener, group, 2),
      await stage.rule(listener, group, 3),
    ];
    const move = (...pairs: [string, number][]) =>
      stage.elb.send(
        new sdk.SetRulePrioritiesCommand({
          RulePriorities: pairs.map(([RuleArn, Priority]) => ({ RuleArn, Priority })),
        }),
      );
    const order = async () =>
      (await stage.elb.send(new sdk.DescribeRulesCommand({ ListenerArn: listener }))).Rules?.map(
        ({ RuleArn }) => RuleArn,
      ).slice(0, 3);
    await refuses(move([first, 9], [second, 3]), 'PriorityInUse');
    assert.deepEqual(await order(), [first, second, third]);
    await move([first, 3], [second, 1], [third, 2]);
    assert.deepEqual(await order(), [second, third, first]);
  });

  it('a refused change leaves everything as it was', async () => {
    const { stage } = await open();
    const { listener, group } = await stage.tcp();
    const other = await stage.group({ Protocol: 'UDP' });
    const call = stage.elb.send(
      new sdk.ModifyListenerCommand({ ListenerArn: listener, Port: 90, DefaultActions: forward(other) }),
    );
    await refuses(call, 'IncompatibleProtocols');
    const { Listeners } = await stage.elb.send(new sdk.DescribeListenersCommand({ ListenerArns: [listener] }));
    assert.equal(Listeners?.[0]?.Port, 80);
    assert.equal(Listeners?.[0]?.DefaultActions?.[0]?.TargetGroupArn, group);
  });
});

describe('traffic', () => {
  it('reaches healthy targets by rule, in the order of priorities', async () => {
    const { aws, stage } = await open();
    const { LoadBalancerArn, LoadBalancerName: loadBalancer = '' } = await stage.alb();
    const [site, api, beta] = [await stage.webGroup(), await stage.webGroup(), await stage.webGroup()];
    const listener = await stage.listener(LoadBalancerArn, site, { Protocol: 'HTTP' });
    await stage.rule(listener, api, 20, { Conditions: [pathIs('/api/*')] });
    await stage.rule(listener, beta, 10, {
      Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: ['*.Beta.example'] } }],
    });
    // Made last and asked last: neither order of making is the order of asking.
    await stage.rule(listener, site, 30, { Conditions: [pathIs('/api/x')] });
    await register(stage, site, '10.0.128.1');
    await register(stage, api, '10.0.128.2');
    await register(stage, beta, '10.0.128.3');
    const at = (host: string, path: string) => {
      const found = aws.traffic.reach({ loadBalancer, port: 80, host, path });
      return found.kind === 'forward' ? found.groups.flatMap(({ targets: each }) => each).join() : found.kind;
    };
    assert.equal(at('www.example', '/'), '10.0.128.1:8080');
    assert.equal(at('www.example', '/api/x'), '10.0.128.2:8080');
    assert.equal(at('www.example', '/API/x'), '10.0.128.1:8080');
    assert.equal(at('x.beta.example', '/api/x'), '10.0.128.3:8080');
    assert.deepEqual(aws.traffic.darkMoments, []);
  });

  it('says what share of a weighted forward is lost', async () => {
    const { aws, stage } = await open();
    const { group, listener, balancer } = await stage.tcp();
    const empty = await stage.group();
    await register(stage, group, a);
    const TargetGroups = [
      { TargetGroupArn: group, Weight: 3 },
      { TargetGroupArn: empty, Weight: 1 },
    ];
    await stage.elb.send(
      new sdk.ModifyListenerCommand({
        ListenerArn: listener,
        DefaultActions: [{ Type: 'forward', ForwardConfig: { TargetGroups } }],
      }),
    );
    const found = aws.traffic.reach({ loadBalancer: balancer, port: 80 });
    assert.ok(found.kind === 'forward');
    assert.equal(found.lost, 0.25);
    assert.deepEqual(
      aws.traffic.darkMoments.map(({ lost, kind, cause }) => [lost, kind, cause?.action]),
      [[0.25, 'empty', 'ModifyListener']],
    );
  });

  it('sees the dark moment of a swap that deregisters first, and none when it registers first', async () => {
    const { aws, stage } = await open({ timings: { target: { describes: 1 } } });
    const { group } = await stage.tcp();
    await register(stage, group, a);
    await stage.states(group);
    await register(stage, group, b);
    await stage.states(group);
    await deregister(stage, group, a);
    assert.equal(aws.traffic.darkMoments.length, 0);
    await deregister(stage, group, b);
    await register(stage, group, a);
    await stage.states(group);
    aws.traffic.tick();
    const [dark] = aws.traffic.darkMoments;
    assert.deepEqual(
      [aws.traffic.darkMoments.length, dark?.kind, dark?.cause?.action],
      [1, 'empty', 'DeregisterTargets'],
    );
    assert.ok(dark?.untilMs !== undefined);
  });

  it('counts health that came by describes alone', async () => {
    const { aws, stage } = await open({ timings: { target: { describes: 1 } } });
    const { group } = await stage.tcp();
    await register(stage, group, a);
    await stage.states(group);
    await deregister(stage, group, a);
    assert.equal(aws.traffic.darkMoments.length, 1);
  });

  it('sees a front that goes while it serves, and follows what a test watches', async () => {
    const { aws, stage } = await open();
    const { group, listener, balancer } = await stage.tcp();
    await register(stage, group, a);
    aws.traffic.watch('service', () => {
      const found = aws.traffic.reach({ loadBalancer: balancer, port: 80 });
      return found.kind === 'forward' ? found.lost : 1;
    });
    aws.traffic.tick();
    await stage.elb.send(new sdk.DeleteListenerCommand({ ListenerArn: listener }));
    assert.deepEqual(
      aws.traffic.darkMoments.map(({ front, kind }) => `${front.replace(/.*:/, '')} ${kind}`),
      ['80 gone', 'service empty'],
    );
  });

  it('is let in by security groups alone', async () => {
    const { aws, stage } = await open();
    const { balancer, group } = await stage.web();
    await register(stage, group, a);
    const sourceIp = '203.0.113.7';
    assert.equal(aws.traffic.reach({ loadBalancer: balancer, port: 80, sourceIp }).kind, 'refused');
    await stage.ec2.send(allowCommand(stage.place.nodeGroup));
    assert.equal(aws.traffic.reach({ loadBalancer: balancer, port: 80, sourceIp }).kind, 'forward');
  });
});

function groupCommand(stage: Stage) {
  return new CreateSecurityGroupCommand({ GroupName: stage.name(), Description: 'own', VpcId: stage.place.vpc });
}

function allowCommand(GroupId: string) {
  const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: '203.0.113.0/24' }] }];
  return new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions });
}
