import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LoadBalancer } from '@aws-sdk/client-elastic-load-balancing-v2';
import { emptyAccount } from '../../../providers/awselb/account.ts';
import { createHealthPolls } from '../../../providers/awselb/health-polls.ts';
import { Known } from '../../../providers/awselb/known.ts';
import type { Reader } from '../../../providers/awselb/read.ts';
import type { Observed } from '../../../src/model/index.ts';

const plain = { unit: 'u', serves: ['s'], attrs: {}, refs: {}, sets: {}, owned: true, facts: {} };
const balancer: Observed = { ...plain, kind: 'LoadBalancer', id: 'lb', handle: 'LB', facts: { state: 'provisioning' } };
const listener: Observed = { ...plain, kind: 'Listener', id: 'lb|80', handle: 'L', refs: { LoadBalancerArn: 'LB' } };
const group: Observed = {
  ...plain,
  kind: 'TargetGroup',
  id: 'g',
  handle: 'G',
  sets: { Targets: new Map([['10.0.0.1:80', { attrs: {} }]]) },
  health: { Targets: new Map([['10.0.0.1:80', 'initial']]) },
};
const rule: Observed = {
  ...plain,
  kind: 'Rule',
  id: 'r',
  handle: 'R',
  refs: { ListenerArn: 'L' },
  sets: { TargetGroups: new Map([['G', { attrs: {} }]]) },
};

/** Polls of an account in which every target is said to be healthy; lists of load balancers answer when they are told to. */
function stage(present: readonly Observed[]) {
  const known = new Known();
  for (const object of present) known.put(object);
  const clock = { nowMs: 0, now: () => clock.nowMs };
  const listed: ((code: 'active' | 'provisioning') => void)[] = [];
  const reader: Pick<Reader, 'loadBalancers' | 'health'> = {
    loadBalancers: () =>
      new Promise<readonly LoadBalancer[]>((resolve) => {
        listed.push((Code) => resolve([{ LoadBalancerArn: 'LB', State: { Code } }]));
      }),
    health: async () => [{ Target: { Id: '10.0.0.1', Port: 80 }, TargetHealth: { State: 'healthy' } }],
  };
  const polls = createHealthPolls(
    { known, ctx: Object.assign(Object.create(null), { clock }) },
    Object.assign(Object.create(null), reader),
    emptyAccount(),
    () => {},
  );
  return {
    known,
    polls,
    listed,
    later: (ms: number) => {
      clock.nowMs += ms;
    },
    look: () => polls.lookAt(known.inUnit('u')),
    state: () => known.find('TargetGroup', 'G')?.health?.Targets?.get('10.0.0.1:80'),
  };
}

describe('health behind a load balancer that is being set up', () => {
  it('is not believed, also where the rule that sends to the group came while the load balancers were listed', async () => {
    const { known, look, listed, later, state } = stage([balancer, listener, group]);
    const first = look();
    listed.shift()?.('provisioning');
    await first;
    later(60_000);
    const second = look();
    known.put(rule);
    listed.shift()?.('provisioning');
    await second;
    assert.equal(state(), 'initial');
  });

  it('nor when somebody asks for one group now', async () => {
    const { polls, state } = stage([balancer, listener, rule, group]);
    await polls.readNow('G');
    assert.equal(state(), 'initial');
  });

  it('counts once the load balancer is active', async () => {
    const { look, listed, later, state } = stage([balancer, listener, rule, group]);
    const first = look();
    listed.shift()?.('active');
    await first;
    later(60_000);
    await look();
    assert.equal(state(), 'ready');
  });

  it('counts where another load balancer that is active sends there too', async () => {
    const other: Observed = { ...balancer, id: 'other', handle: 'LB2', facts: { state: 'active' } };
    const there: Observed = {
      ...listener,
      id: 'other|80',
      handle: 'L2',
      refs: { LoadBalancerArn: 'LB2', TargetGroupArn: 'G' },
    };
    const { polls, state } = stage([balancer, listener, rule, other, there, group]);
    await polls.readNow('G');
    assert.equal(state(), 'ready');
  });
});
