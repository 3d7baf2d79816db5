import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { openSession } from '../../../providers/awselb/session.ts';
import type { Session } from '../../../src/model/index.ts';
import { backend, service, target, tcp } from '../../front/make-service.ts';
import { Stage } from './apply-stage.ts';

const signal = () => AbortSignal.timeout(10_000);
const told = { code: 'E_CONFIG', message: /balancers edge and second are both in account \d+, region eu-west-1/ };
const toldBack = {
  code: 'E_CONFIG',
  message: /balancers second and edge .* give each of them a clusterName of its own/,
};

function begin(t: TestContext) {
  const stage = new Stage();
  t.after(() => stage.close());
  const [mine = ''] = stage.place.nodeAddresses;
  const web = service('shop/web', [tcp(80)], {
    backends: { web: backend({ protocol: 'tcp', targets: [target(mine, 8080)] }) },
  });
  const { requestHandler, credentials } = stage.aws.client();
  assert.ok(requestHandler !== undefined);
  const open = async (balancer: string, more: Partial<Stage['options']> = {}): Promise<Session> => {
    const options = { ...stage.options, vpcId: stage.place.vpc, endpoint: 'http://aws.invalid', ...more };
    const session = await openSession(options, { ...stage.ctx, balancer }, { requestHandler, credentials });
    t.after(() => session.close('leave'));
    return session;
  };
  return { stage, web, open };
}

describe('two balancers whose options hide that they are in one account', () => {
  it('are refused both, before one takes the things of the other for its own', async (t) => {
    const { stage, web, open } = begin(t);
    await stage.converge([web]);
    const edge = await open('edge', { profile: 'blue' });
    await edge.discover([web], signal());
    const seen = await edge.observe('all', signal());
    assert.ok(seen.some(({ kind, owned }) => kind === 'LoadBalancer' && owned));
    const second = await open('second', { profile: 'green' });
    await assert.rejects(second.discover([], signal()), told);
    await assert.rejects(second.observe('all', signal()), told);
    await assert.rejects(edge.observe('all', signal()), toldBack);
    await assert.rejects(edge.observe([seen[0]?.unit ?? ''], signal()), toldBack);
    await second.close('leave');
    assert.equal((await edge.observe('all', signal())).length, seen.length);
  });

  it('are found out as soon as the account shows anything', async (t) => {
    const { stage, web, open } = begin(t);
    const edge = await open('edge');
    const second = await open('second');
    await edge.discover([web], signal());
    await second.discover([], signal());
    assert.deepEqual(
      (await second.observe('all', signal())).filter(({ owned }) => owned),
      [],
    );
    await stage.converge([web]);
    await stage.clock.sleep(60_000);
    await edge.observe('all', signal());
    await assert.rejects(second.observe('all', signal()), told);
  });

  it('go on where clusterName tells them apart', async (t) => {
    const { stage, web, open } = begin(t);
    await stage.converge([web]);
    await (await open('edge')).discover([web], signal());
    const other = await open('second', { clusterName: 'other' });
    await other.discover([], signal());
    assert.ok((await other.observe('all', signal())).every(({ owned }) => !owned));
  });
});
