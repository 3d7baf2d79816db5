/** An API that nobody answers: it is not hammered, whoever asks for how much. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DescribeLoadBalancersCommand, DescribeTargetGroupsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { createClients } from '../../../providers/awselb/clients.ts';
import { WeirError } from '../../../src/model/index.ts';
import { Stage } from './apply-stage.ts';

test('what nobody answers is tried again a few times at first, then once each time it is asked', async (t) => {
  const stage = new Stage();
  t.after(() => stage.close());
  const { requestHandler, credentials } = stage.aws.client();
  assert.ok(requestHandler !== undefined);
  const { ctx } = stage;
  let tries = 0;
  let away = true;
  const clients = createClients({
    options: { ...stage.options, endpoint: 'http://aws.invalid' },
    region: 'eu-west-1',
    ctx,
    signal: AbortSignal.timeout(60_000),
    credentials,
    requestHandler: {
      ...requestHandler,
      handle: (...sent: Parameters<typeof requestHandler.handle>) => {
        if (!away) return requestHandler.handle(...sent);
        tries++;
        return Promise.reject(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
      },
    },
  });
  t.after(() => clients.destroy());
  const elb = await clients.elb();
  const ask = () =>
    Promise.allSettled([elb.send(new DescribeLoadBalancersCommand({})), elb.send(new DescribeTargetGroupsCommand({}))]);
  for (const result of await ask()) {
    assert.equal(result.status, 'rejected');
    assert.ok(result.reason instanceof WeirError && result.reason.code === 'E_CLOUD_UNREACHABLE');
  }
  assert.ok(tries >= 6 && tries <= 10, `${tries} tries at first`);
  tries = 0;
  await ask();
  assert.equal(tries, 2);
  away = false;
  assert.deepEqual(
    (await ask()).map(({ status }) => status),
    ['fulfilled', 'fulfilled'],
  );
  away = true;
  tries = 0;
  await ask();
  assert.ok(tries > 2, 'it is trusted again once it has answered');
});
