import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { readMachinePlace } from '../../../providers/awselb/metadata.ts';
import { findPlace } from '../../../providers/awselb/region.ts';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertAnswers, assertApplied, assertConverged, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { httpService, tcpService } from '../../conformance/services.ts';
import { listen } from '../../fakes/listen.ts';

const signal = () => AbortSignal.timeout(10_000);

describe('where weir runs', () => {
  it('is told by the instance metadata, with a token', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const token = request.headers['x-aws-ec2-metadata-token'];
      const answers: Record<string, string> = {
        '/latest/meta-data/placement/region': 'eu-central-1',
        '/latest/meta-data/mac': '02:00',
        '/latest/meta-data/network/interfaces/macs/02:00/vpc-id': 'vpc-7',
      };
      if (request.method === 'PUT') response.end('secret-token');
      else if (token !== 'secret-token') response.writeHead(401).end();
      else response.end(answers[request.url ?? ''] ?? '');
    });
    const port = await listen(server);
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${port}/` };
    try {
      assert.deepEqual(await readMachinePlace(env, signal()), { region: 'eu-central-1', vpcId: 'vpc-7' });
      assert.equal(asked[0], 'PUT /latest/api/token');
      asked.length = 0;
      assert.deepEqual(await readMachinePlace({ ...env, AWS_EC2_METADATA_DISABLED: 'true' }, signal()), {});
      const { region, machineVpc } = await findPlace({ region: 'eu-west-1' }, env, signal());
      assert.deepEqual([region, asked.length], ['eu-west-1', 0]);
      assert.equal(await machineVpc(), 'vpc-7');
      const empty = { ...env, AWS_REGION: '', AWS_DEFAULT_REGION: 'eu-north-1' };
      assert.equal((await findPlace({}, empty, signal())).region, 'eu-north-1', 'an empty variable names nothing');
    } finally {
      server.close();
      server.closeAllConnections();
    }
    assert.deepEqual(await readMachinePlace(env, signal()), {});
  });
});

describe('a session', () => {
  it('goes on without the tagging API: it asks ELBv2 for tags', async () => {
    const harness = awselbHarness('no tagging', {});
    const rig = await Rig.open(harness);
    const aws = harness.account();
    aws.faults.add({ action: 'GetResources', effect: { kind: 'deny' } });
    try {
      rig.set([
        tcpService('shop/db', 1, await harness.targets(2)),
        httpService('shop/web', 2, await harness.targets(2)),
      ]);
      assertApplied(await rig.apply());
      await assertConverged(rig, harness);
      await assertQuiet(rig, harness);
    } finally {
      await rig.close();
    }
  });

  it('tells what it may not ask for, and serves whoever needs it not', async () => {
    const harness = awselbHarness('no ACM', {});
    const rig = await Rig.open(harness);
    harness.account().faults.add({ action: 'ListCertificates', effect: { kind: 'deny' } });
    const db = tcpService('shop/db', 1, await harness.targets(2));
    const web = httpService('shop/web', 2, await harness.targets(1));
    const secure = web.fronts.map((front) => ({
      ...front,
      protocol: 'https' as const,
      tls: { mode: 'terminate' as const, certs: [] },
    }));
    try {
      rig.set([db, { ...web, fronts: secure }]);
      const report = await rig.apply();
      await assertAnswers(harness, db);
      const codes = report.plan.problems.map(({ code }) => code).sort();
      assert.deepEqual(codes, ['E_CLOUD_PERMISSION', 'E_DISCOVERY']);
      const [told] = report.plan.problems.filter(({ code }) => code === 'E_CLOUD_PERMISSION');
      assert.match(told?.message ?? '', /^certificates: acm:ListCertificates/);
    } finally {
      await rig.close();
    }
  });

  it('names the VPC that it cannot find', async () => {
    const harness = awselbHarness('no VPC', {}, () => ({ vpcId: 'vpc-0123' }));
    const rig = await Rig.open(harness);
    try {
      rig.set([tcpService('shop/db', 1, await harness.targets(1))]);
      const [problem] = (await rig.plan()).problems;
      assert.equal(problem?.code, 'E_DISCOVERY');
      assert.match(problem.message, /^no VPC found by vpcId vpc-0123; set vpcId/);
    } finally {
      await rig.close();
    }
  });

  it('adopts a load balancer that is named and allowed, and leaves its other listener alone', async () => {
    const harness = awselbHarness('adoption', {}, () => ({ adopt: { tags: { owner: 'terraform' } } }));
    const rig = await Rig.open(harness);
    const aws = harness.account();
    const elb = new ElasticLoadBalancingV2Client(aws.client());
    try {
      const subnets = [...aws.world.ec2.subnets.all()].flatMap(({ SubnetId, tags }) =>
        tags.has('kubernetes.io/role/internal-elb') ? [{ SubnetId }] : [],
      );
      const { LoadBalancers = [] } = await elb.send(
        new CreateLoadBalancerCommand({
          Name: 'edge',
          Type: 'network',
          Scheme: 'internal',
          SubnetMappings: subnets,
          Tags: [{ Key: 'owner', Value: 'terraform' }],
        }),
      );
      const LoadBalancerArn = LoadBalancers[0]?.LoadBalancerArn;
      const [vpc] = [...aws.world.ec2.vpcs.all()];
      const { TargetGroups = [] } = await elb.send(
        new CreateTargetGroupCommand({ Name: 'theirs', Protocol: 'TCP', Port: 1, VpcId: vpc?.VpcId, TargetType: 'ip' }),
      );
      await elb.send(
        new CreateListenerCommand({
          LoadBalancerArn,
          Protocol: 'TCP',
          Port: 9,
          DefaultActions: [{ Type: 'forward', TargetGroupArn: TargetGroups[0]?.TargetGroupArn }],
        }),
      );
      const db = tcpService('shop/db', 80, await harness.targets(2));
      rig.set([{ ...db, settings: { awselb: { adopt: 'edge' } } }]);
      assertApplied(await rig.apply());
      await assertAnswers(harness, db);
      await assertQuiet(rig, harness);
      const names = () => [...aws.world.elb.loadBalancers.all()].map(({ name }) => name);
      const [balancer] = [...aws.world.elb.loadBalancers.all()];
      assert.deepEqual(names(), ['edge']);
      assert.deepEqual([...(balancer?.listeners ?? [])].map(({ Port }) => Port).sort(), [80, 9]);
      assert.equal(balancer?.tags.get('owner'), 'terraform');
      // Who no longer says so keeps it, and others keep what is theirs.
      rig.set([db]);
      assertApplied(await rig.apply());
      await assertQuiet(rig, harness);
      assert.deepEqual(names(), ['edge']);
      assert.deepEqual([...(balancer?.listeners ?? [])].map(({ Port }) => Port).sort(), [80, 9]);
      await rig.restart();
      rig.set([]);
      assertApplied(await rig.apply());
      await assertQuiet(rig, harness);
      assert.deepEqual(names(), ['edge']);
      assert.deepEqual(
        [...(balancer?.listeners ?? [])].map(({ Port }) => Port),
        [9],
      );
      assert.deepEqual([...(balancer?.tags ?? [])], [['owner', 'terraform']]);
      assert.deepEqual(
        [...aws.world.elb.targetGroups.all()].map(({ name }) => name),
        ['theirs'],
      );
    } finally {
      await rig.close();
    }
  });
});
