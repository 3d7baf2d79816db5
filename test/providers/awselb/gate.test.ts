import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CreateTargetGroupCommand, DescribeTargetGroupsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { createClients } from '../../../providers/awselb/clients.ts';
import { systemClock } from '../../../src/run/index.ts';
import { FakeAws } from '../../fakes/aws/index.ts';
import { seed } from '../../fakes/aws/seed.ts';

it('a call that got its token before the lead was lost is not sent; what only reads is', async () => {
  const aws = new FakeAws();
  const { vpc } = seed(aws);
  let leads = true;
  const { requestHandler, credentials } = aws.client();
  assert.ok(requestHandler !== undefined);
  const clients = createClients({
    options: { endpoint: 'http://aws.invalid' },
    region: aws.world.region,
    requestHandler,
    credentials,
    signal: new AbortController().signal,
    ctx: {
      // The lead is lost just behind the token.
      limiter: { take: async () => {}, throttled() {}, mayWrite: () => leads },
      metric() {},
      clock: systemClock,
    },
  });
  const elb = await clients.elb();
  const create = (Name: string) =>
    elb.send(new CreateTargetGroupCommand({ Name, Protocol: 'TCP', Port: 80, VpcId: vpc, TargetType: 'ip' }));
  await create('one');
  leads = false;
  await assert.rejects(create('two'), { code: 'E_NOT_LEADER', message: /CreateTargetGroup was not sent/ });
  const { TargetGroups = [] } = await elb.send(new DescribeTargetGroupsCommand({}));
  assert.deepEqual(
    TargetGroups.map(({ TargetGroupName }) => TargetGroupName),
    ['one'],
  );
  assert.equal(aws.journal.counts.get('CreateTargetGroup'), 1, 'no try of the SDK either');
  clients.destroy();
});
