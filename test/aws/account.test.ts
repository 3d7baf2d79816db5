/** What every API of the fake has in common: strictness, faults, crash points, throttling, eventual consistency. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as sdk from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SkippingClock } from '../conformance/skipping-clock.ts';
import { documentedBuckets, FakeAws, type FakeAwsOptions } from '../fakes/aws/index.ts';
import { seed } from '../fakes/aws/seed.ts';
import { readEnums } from '../fakes/aws/wire/enums.ts';
import { VirtualClock } from '../run/virtual-clock.ts';

function open(options: FakeAwsOptions = {}, client: { maxAttempts?: number } = { maxAttempts: 1 }) {
  const aws = new FakeAws(options);
  const place = seed(aws);
  const elb = new sdk.ElasticLoadBalancingV2Client({ ...aws.client(), ...client });
  const group = (Name: string) =>
    elb.send(new sdk.CreateTargetGroupCommand({ Name, Protocol: 'TCP', Port: 80, VpcId: place.vpc, TargetType: 'ip' }));
  const nlb = (Name: string) =>
    elb.send(new sdk.CreateLoadBalancerCommand({ Name, Type: 'network', Subnets: [...place.publicSubnets] }));
  return { aws, place, elb, group, nlb };
}

const limits = () => new sdk.DescribeAccountLimitsCommand({});

describe('fake AWS', () => {
  it('answers the same over HTTP and in this process', async () => {
    const answers = [];
    for (const http of [false, true]) {
      const aws = new FakeAws({ seed: 'same' });
      const place = seed(aws);
      const server = await aws.listen();
      const elb = new sdk.ElasticLoadBalancingV2Client(aws.client(http ? server.url : undefined));
      const Tags = [{ Key: 'ünïcode:=+-@', Value: 'a b' }];
      await elb.send(
        new sdk.CreateLoadBalancerCommand({ Name: 'one', Type: 'network', Subnets: [...place.publicSubnets], Tags }),
      );
      const { LoadBalancers } = await elb.send(new sdk.DescribeLoadBalancersCommand({}));
      const ResourceArns = LoadBalancers?.flatMap(({ LoadBalancerArn }) => LoadBalancerArn ?? []) ?? [];
      const { TagDescriptions } = await elb.send(new sdk.DescribeTagsCommand({ ResourceArns }));
      answers.push([
        LoadBalancers?.map(({ CreatedTime, ...rest }) => [CreatedTime instanceof Date, rest]),
        TagDescriptions,
      ]);
      elb.destroy();
      await server.close();
    }
    assert.deepEqual(answers[1], answers[0]);
  });

  it('knows every action of ELBv2 that the SDK knows', async () => {
    const operations = Object.values(sdk).flatMap((each) =>
      Array.isArray(each) && each[0] === 9 ? [String(each[2])] : [],
    );
    assert.ok(operations.length > 45);
    const { aws } = open();
    await using server = await aws.listen();
    for (const name of operations) {
      const answer = await ask(server.url, `Action=${name}&Version=2015-12-01`);
      assert.doesNotMatch(answer, /InvalidAction/, name);
    }
  });

  it('is loud about unknown actions, versions, parameters and services', async () => {
    const { aws } = open();
    await using server = await aws.listen();
    const version = 'Version=2015-12-01';
    assert.match(await ask(server.url, `Action=DescribeNothing&${version}`), /InvalidAction/);
    assert.match(await ask(server.url, 'Action=DescribeTags&Version=2012-06-01'), /InvalidAction/);
    assert.match(await ask(server.url, `Action=DescribeLoadBalancers&${version}&Nmaes.member.1=a`), /UnknownParameter/);
    assert.match(
      await ask(server.url, `Action=DescribeLoadBalancers&${version}&Names.member.1.x=a`),
      /UnknownParameter/,
    );
    assert.match(await ask(server.url, `Action=DescribeLoadBalancers&${version}&PageSize=many`), /MalformedInput/);
    assert.match(await ask(server.url, `Action=X&${version}`, 's3'), /no service/);
    assert.equal(aws.loud.length, 6);
  });

  it('checks required members, words and ranges by the models', async () => {
    const { elb, place, aws } = open();
    const create = (input: object) =>
      elb.send(new sdk.CreateTargetGroupCommand({ Name: 'x', Protocol: 'TCP', Port: 80, VpcId: place.vpc, ...input }));
    for (const input of [
      { Name: undefined },
      { Protocol: 'SCTP' },
      { Port: 0 },
      { Port: 65_536 },
      { HealthCheckIntervalSeconds: 4 },
      { HealthyThresholdCount: 11 },
      { Tags: [] },
    ]) {
      await assert.rejects(create(input), { name: 'ValidationError' }, JSON.stringify(input));
    }
    assert.deepEqual(aws.loud, []);
    const enums = readEnums('@aws-sdk/client-elastic-load-balancing-v2');
    assert.ok(enums.get('CreateListenerInput.Protocol')?.has('TCP_QUIC'));
  });

  it('takes calls of its own region only', async () => {
    const { aws } = open();
    const elb = new sdk.ElasticLoadBalancingV2Client({ ...aws.client(), region: 'us-east-1', maxAttempts: 1 });
    await assert.rejects(elb.send(limits()), { name: 'SignatureDoesNotMatch' });
  });

  it('says who calls', async () => {
    const { aws } = open();
    assert.equal((await new STSClient(aws.client()).send(new GetCallerIdentityCommand({}))).Account, '123456789012');
  });

  it('keeps a journal of calls with what came of them', async () => {
    const { aws, group, elb } = open();
    await group('a');
    await assert.rejects(elb.send(new sdk.DescribeTargetGroupsCommand({ Names: ['b'] })), {
      name: 'TargetGroupNotFoundException',
    });
    assert.deepEqual(
      aws.journal.entries.map(({ index, iamAction, write, outcome }) => [index, iamAction, write, outcome?.kind]),
      [
        [1, 'elasticloadbalancing:CreateTargetGroup', true, 'done'],
        [2, 'elasticloadbalancing:DescribeTargetGroups', false, 'error'],
      ],
    );
    assert.deepEqual(aws.journal.of('CreateTargetGroup')[0]?.params.Name, 'a');
    assert.equal(aws.journal.since(1).length, 1);
  });
});

describe('faults', () => {
  it('a lost reply is done once, and the retry finds what is there', async () => {
    const { aws, group } = open({}, { maxAttempts: 3 });
    aws.faults.add({ action: 'CreateTargetGroup', nth: 1, effect: { kind: 'lose reply' } });
    const made = await group('once');
    assert.equal(made.$metadata.attempts, 2);
    assert.equal(aws.world.elb.targetGroups.size, 1);
    assert.deepEqual(
      aws.journal.entries.map(({ outcome }) => outcome?.kind),
      ['reply lost', 'done'],
    );
  });

  it('a lost reply over HTTP breaks the connection after the call was done', async () => {
    const { aws, place } = open();
    await using server = await aws.listen();
    const elb = new sdk.ElasticLoadBalancingV2Client({ ...aws.client(server.url), maxAttempts: 1 });
    aws.faults.add({ effect: { kind: 'lose reply' }, times: 1 });
    const input = { Name: 'x', Protocol: 'TCP', Port: 80, VpcId: place.vpc } as const;
    await assert.rejects(elb.send(new sdk.CreateTargetGroupCommand(input)), { code: 'ECONNRESET' });
    assert.equal(aws.world.elb.targetGroups.size, 1);
    elb.destroy();
  });

  it('a lost request is not done', async () => {
    const { aws, group } = open();
    const disarm = aws.faults.add({ effect: { kind: 'lose request' } });
    await assert.rejects(group('x'), { code: 'ECONNRESET' });
    assert.equal(aws.world.elb.targetGroups.size, 0);
    disarm();
    await group('x');
  });

  it('errors, denials and throttling come in the words of each service', async () => {
    const { aws, elb } = open();
    for (const [effect, name] of [
      [{ kind: 'throttle' }, 'Throttling'],
      [{ kind: 'deny' }, 'AccessDenied'],
      [{ kind: 'error', code: 'ExpiredToken', status: 403 }, 'ExpiredToken'],
    ] as const) {
      const disarm = aws.faults.add({ effect });
      await assert.rejects(elb.send(limits()), { name });
      disarm();
    }
  });

  it('half of all calls means about half, the same ones with the same seed', async () => {
    const run = async () => {
      const { aws, elb } = open();
      aws.faults.add({ share: 0.5, seed: 7, effect: { kind: 'throttle' } });
      for (let i = 0; i < 100; i++) await elb.send(limits()).catch(() => undefined);
      return aws.journal.entries.map(({ outcome }) => outcome?.kind).join();
    };
    const [first, second] = [await run(), await run()];
    assert.equal(first, second);
    const throttled = first.split(',').filter((kind) => kind === 'throttled').length;
    assert.ok(throttled > 30 && throttled < 70, `${throttled} of 100`);
  });

  it('delays pass on the clock of the test', async () => {
    const clock = new SkippingClock();
    const { aws, elb } = open({ clock });
    aws.faults.add({ effect: { kind: 'delay', ms: 60_000 }, times: 1 });
    await elb.send(limits());
    assert.equal(clock.now(), 60_000);
  });

  it('a hook may crash the caller before and after any call', async () => {
    const { aws, group } = open();
    aws.hooks.before = ({ action }) => {
      if (action === 'CreateTargetGroup') throw new Error('crash');
    };
    await assert.rejects(group('x'), { code: 'ECONNRESET' });
    assert.equal(aws.world.elb.targetGroups.size, 0);
    delete aws.hooks.before;
    aws.hooks.after = () => {
      throw new Error('crash');
    };
    await assert.rejects(group('x'), { code: 'ECONNRESET' });
    assert.equal(aws.world.elb.targetGroups.size, 1);
  });

  it('token buckets empty and fill with time', async () => {
    const clock = new VirtualClock();
    const { elb } = open({ clock, buckets: documentedBuckets });
    for (let i = 0; i < 40; i++) await elb.send(limits());
    await assert.rejects(elb.send(limits()), { name: 'Throttling' });
    await clock.pass(1000);
    for (let i = 0; i < 10; i++) await elb.send(limits());
    await assert.rejects(elb.send(limits()), { name: 'Throttling' });
  });

  it('new things may stay unseen for some calls', async () => {
    const { aws, group, elb } = open();
    aws.lag({ targetGroups: 2 });
    await group('late');
    const look = () => elb.send(new sdk.DescribeTargetGroupsCommand({ Names: ['late'] }));
    await assert.rejects(look(), { name: 'TargetGroupNotFoundException' });
    assert.equal((await elb.send(new sdk.DescribeTargetGroupsCommand({}))).TargetGroups?.length, 0);
    assert.equal((await look()).TargetGroups?.length, 1);
  });

  it('pages lead through everything once', async () => {
    const { elb, group } = open();
    for (let i = 0; i < 25; i++) await group(`g${i}`);
    const names: (string | undefined)[] = [];
    for await (const page of sdk.paginateDescribeTargetGroups({ client: elb, pageSize: 10 }, {})) {
      names.push(...(page.TargetGroups ?? []).map(({ TargetGroupName }) => TargetGroupName));
    }
    assert.deepEqual(
      names,
      Array.from({ length: 25 }, (_, i) => `g${i}`),
    );
  });
});

async function ask(url: string, body: string, service = 'elasticloadbalancing'): Promise<string> {
  const authorization = `AWS4-HMAC-SHA256 Credential=X/20300101/eu-west-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  return (await fetch(url, { method: 'POST', headers: { authorization }, body })).text();
}
