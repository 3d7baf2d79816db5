import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  AddListenerCertificatesCommand,
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ExportedService } from '../../../src/model/index.ts';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertAnswers, assertApplied, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { httpService } from '../../conformance/services.ts';

const answer = [{ Type: 'fixed-response' as const, FixedResponseConfig: { StatusCode: '503' } }];

/** A load balancer as Terraform and hands have made it: listeners 80 and 8080, rules, a target group, more than one certificate. */
async function opened(t: TestContext) {
  const harness = awselbHarness(t.name, {}, () => ({ adopt: { tags: { owner: 'terraform' } } }));
  const rig = await Rig.open(harness);
  t.after(() => rig.close());
  const aws = harness.account();
  const elb = new ElasticLoadBalancingV2Client(aws.client());
  const Subnets = [...aws.world.ec2.subnets.all()].flatMap(({ SubnetId, tags }) =>
    tags.has('kubernetes.io/role/internal-elb') ? [SubnetId] : [],
  );
  const [VpcId] = [...aws.world.ec2.subnets.all()].map((subnet) => subnet.VpcId);
  const Tags = [{ Key: 'owner', Value: 'terraform' }];
  const { LoadBalancers = [] } = await elb.send(
    new CreateLoadBalancerCommand({ Name: 'edge', Scheme: 'internal', Subnets, Tags }),
  );
  const LoadBalancerArn = LoadBalancers[0]?.LoadBalancerArn;
  const listener = async (Port: number, certificate?: string) => {
    const secure = certificate === undefined ? {} : { Certificates: [{ CertificateArn: certificate }] };
    const Protocol = certificate === undefined ? 'HTTP' : 'HTTPS';
    const { Listeners = [] } = await elb.send(
      new CreateListenerCommand({ LoadBalancerArn, Port, Protocol, DefaultActions: answer, Tags, ...secure }),
    );
    return Listeners[0]?.ListenerArn ?? '';
  };
  const { TargetGroups = [] } = await elb.send(
    new CreateTargetGroupCommand({ Name: 'legacy', Protocol: 'HTTP', Port: 80, VpcId, TargetType: 'ip', Tags }),
  );
  const legacy = TargetGroups[0]?.TargetGroupArn;
  const rule = async (ListenerArn: string, Priority: number, host: string) => {
    const Conditions = [{ Field: 'host-header', HostHeaderConfig: { Values: [host] } }];
    const Actions = [{ Type: 'forward' as const, TargetGroupArn: legacy }];
    await elb.send(new CreateRuleCommand({ ListenerArn, Priority, Conditions, Actions, Tags }));
  };
  const first = await listener(80);
  await rule(first, 7, 'legacy.test');
  await rule(await listener(8080), 1, 'admin.test');
  const edge = () => [...aws.world.elb.loadBalancers.all()][0];
  /** Hosts of the rules of each port, in their order. */
  const hosts = () =>
    Object.fromEntries(
      [...(edge()?.listeners ?? [])].map(({ Port, rules }) => [
        Port,
        [...rules]
          .sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0))
          .map(({ conditions }) => conditions.flatMap(({ HostHeaderConfig }) => HostHeaderConfig?.Values ?? []).join()),
      ]),
    );
  return { harness, rig, aws, elb, edge, hosts, listener, legacy };
}

const adopting = (service: ExportedService): ExportedService => ({
  ...service,
  settings: { awselb: { adopt: 'edge' } },
});

describe('what hands have made at an adopted load balancer', () => {
  it('stays while a service is served there, and after it has gone', async (t) => {
    const { harness, rig, aws, edge, hosts } = await opened(t);
    const web = adopting(httpService('shop/web', 80, await harness.targets(2)));
    rig.set([web]);
    const plan = await rig.plan();
    const deletes = plan.units.flatMap(({ steps }) => steps.filter(({ op }) => op === 'delete' || op === 'remove'));
    assert.deepEqual(deletes, []);
    assertApplied(await rig.apply());
    assert.deepEqual([hosts()[8080], hosts()[80]?.toSorted()], [['admin.test'], ['legacy.test', 'shop.web.test']]);
    await assertAnswers(harness, web);
    await assertQuiet(rig, harness);
    rig.set([]);
    const { units } = await rig.plan();
    const told = units.flatMap(({ steps }) =>
      steps.map(({ op, kind, borrowed }) => `${op} ${kind}${borrowed ? ' lets go' : ''}`),
    );
    assert.ok(
      told.includes('delete Listener lets go') && told.includes('delete LoadBalancer lets go'),
      told.join(', '),
    );
    for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
    await assertQuiet(rig, harness);
    assert.deepEqual(hosts(), { 80: ['legacy.test'], 8080: ['admin.test'] });
    assert.deepEqual([...(edge()?.tags.keys() ?? [])], ['owner']);
    assert.deepEqual(
      [...(edge()?.listeners ?? [])].map(({ tags }) => [...tags.keys()]),
      [['owner'], ['owner']],
    );
    assert.deepEqual(
      [...aws.world.elb.targetGroups.all()].map(({ name }) => name),
      ['legacy'],
    );
  });

  it('comes before what services ask for, and the service that it hides is told of; nothing is planned that is not done', async (t) => {
    const { harness, rig, elb, edge, hosts, legacy } = await opened(t);
    const ListenerArn = [...(edge()?.listeners ?? [])].find(({ Port }) => Port === 80)?.arn;
    const make = (Priority: number, host: string) =>
      elb.send(
        new CreateRuleCommand({
          ListenerArn,
          Priority,
          Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [host] } }],
          Actions: [{ Type: 'forward', TargetGroupArn: legacy }],
        }),
      );
    await make(1, 'shop.web.test');
    await make(2, '*.web.test');
    const web = adopting(httpService('shop/web', 80, await harness.targets(2)));
    rig.set([web]);
    const before = await rig.plan();
    const planned = before.units.flatMap(({ steps }) => steps);
    assert.deepEqual(
      planned.filter(({ op }) => op === 'order'),
      [],
    );
    const { results } = await rig.apply();
    assert.equal(results.length, planned.length);
    assert.deepEqual(hosts()[80], ['shop.web.test', '*.web.test', 'legacy.test', 'shop.web.test']);
    for (const { problems } of [before, await rig.plan()]) {
      const found = problems.filter(({ code }) => code === 'W_SHADOWED');
      assert.deepEqual(
        found.map(({ service, severity }) => [service, severity]),
        [[web.id, 'warning']],
      );
      assert.match(
        found[0]?.message ?? '',
        /rule 1 of port 80, which somebody else made, .* takes all requests for shop\.web\.test.*so with 1 more/,
      );
    }
    await assertQuiet(rig, harness);
  });

  for (const [name, actions] of [
    ['a target group', 'forward'],
    [
      'nobody and answered',
      [
        {
          Type: 'fixed-response' as const,
          FixedResponseConfig: { StatusCode: '200', ContentType: 'text/plain', MessageBody: 'Grüße' },
        },
      ],
    ],
    [
      'another host',
      [
        {
          Type: 'redirect' as const,
          RedirectConfig: {
            StatusCode: 'HTTP_302' as const,
            Host: 'old.test',
            Path: '/#{path}',
            Query: '#{query}',
            Port: '#{port}',
            Protocol: '#{protocol}',
          },
        },
      ],
    ],
  ] as const) {
    it(`a rule that a service takes over is given back as it was: it sent to ${name}`, async (t) => {
      const { harness, rig, elb, edge, legacy } = await opened(t);
      const web = adopting(httpService('shop/web', 80, await harness.targets(2)));
      const ListenerArn = [...(edge()?.listeners ?? [])].find(({ Port }) => Port === 80)?.arn;
      const Conditions = [
        { Field: 'host-header', HostHeaderConfig: { Values: ['shop.web.test'] } },
        { Field: 'path-pattern', PathPatternConfig: { Values: ['/*'] } },
      ];
      const Actions = actions === 'forward' ? [{ Type: 'forward' as const, TargetGroupArn: legacy }] : [...actions];
      await elb.send(
        new CreateRuleCommand({
          ListenerArn,
          Priority: 3,
          Conditions,
          Actions,
          Tags: [{ Key: 'owner', Value: 'terraform' }],
        }),
      );
      const rule = () =>
        [...(edge()?.listeners ?? [])]
          .flatMap(({ rules }) => [...rules])
          .filter(({ conditions }) => conditions.length === 2);
      const [before] = rule();
      assert.ok(before !== undefined);
      const said = JSON.stringify(before.actions);
      rig.set([web]);
      assertApplied(await rig.apply());
      await assertAnswers(harness, web);
      assert.notEqual(JSON.stringify(rule()[0]?.actions), said);
      await assertQuiet(rig, harness);
      await rig.restart();
      rig.set([]);
      for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
      assert.deepEqual(
        rule().map(({ arn, actions: now, tags }) => [arn, JSON.stringify(now), [...tags.keys()]]),
        [[before.arn, said, ['owner']]],
      );
      await assertQuiet(rig, harness);
    });
  }

  it('certificates of a listener that was there stay as they were, though services come to use it, change theirs and go', async (t) => {
    const { harness, rig, aws, elb, edge, listener } = await opened(t);
    const [main = '', more = '', own = '', next = ''] = ['old.test', 'more.test', 'shop.web.test', '*.web.test'].map(
      (name) => aws.world.acm.add([name]).CertificateArn,
    );
    const secure = await listener(443, main);
    await elb.send(
      new AddListenerCertificatesCommand({ ListenerArn: secure, Certificates: [{ CertificateArn: more }] }),
    );
    const plain = httpService('shop/web', 443, await harness.targets(1));
    const tls = { mode: 'terminate', certs: [] } as const;
    const web = (arn: string): ExportedService => ({
      ...plain,
      fronts: plain.fronts.map((front) => ({ ...front, protocol: 'https', tls })),
      settings: { awselb: { adopt: 'edge', certificateArns: [arn] } },
    });
    const served = () => {
      const found = [...(edge()?.listeners ?? [])].find(({ Port }) => Port === 443);
      return new Set([found?.certificate ?? '', ...(found?.sni ?? [])]);
    };
    const isDefault = () => [...(edge()?.listeners ?? [])].find(({ Port }) => Port === 443)?.certificate;
    rig.set([web(own)]);
    assertApplied(await rig.apply());
    assert.deepEqual([served(), isDefault()], [new Set([own, main, more]), own]);
    await assertQuiet(rig, harness);
    rig.set([web(next)]);
    for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
    assert.deepEqual([served(), isDefault()], [new Set([next, main, more]), next]);
    await assertQuiet(rig, harness);
    await rig.restart();
    rig.set([]);
    for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
    assert.deepEqual([served(), isDefault()], [new Set([main, more]), main]);
    await assertQuiet(rig, harness);
  });
});
