import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  DeleteListenerCommand,
  DeleteRuleCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { openSession } from '../../../providers/awselb/session.ts';
import type { Context, ExportedService, Observed, Session } from '../../../src/model/index.ts';
import { httpService, tcpService } from '../../conformance/services.ts';
import { VirtualClock } from '../../run/virtual-clock.ts';
import { Stage } from './apply-stage.ts';

interface Watched {
  readonly stage: Stage;
  readonly clock: VirtualClock;
  readonly session: Session;
  readonly elb: ElasticLoadBalancingV2Client;
  /** An audit, a minute after the last. */
  audit(): Promise<readonly Observed[]>;
}

/** Services that stand, and a session that watches over them. */
async function watch(
  t: TestContext,
  services: (stage: Stage) => readonly ExportedService[],
  more: Partial<Context> = {},
): Promise<Watched> {
  const stage = new Stage();
  t.after(() => stage.close());
  const wanted = services(stage);
  await stage.converge(wanted);
  const clock = new VirtualClock();
  const { requestHandler, credentials } = stage.aws.client();
  assert.ok(requestHandler !== undefined);
  const options = { ...stage.options, vpcId: stage.place.vpc, endpoint: 'http://aws.invalid' };
  const session: Session = await openSession(
    options,
    { ...stage.ctx, clock, ...more },
    { requestHandler, credentials },
  );
  t.after(() => session.close('leave'));
  const signal = AbortSignal.timeout(60_000);
  await session.discover(wanted, signal);
  await session.observe('all', signal, 'quick');
  return {
    stage,
    clock,
    session,
    elb: new ElasticLoadBalancingV2Client(stage.aws.client()),
    async audit() {
      await clock.pass(60_000);
      return session.observe('all', signal, 'quick');
    },
  };
}

const of = (seen: readonly Observed[], kind: string) => seen.filter((one) => one.kind === kind && one.owned);
const targets = (stage: Stage) =>
  stage.place.nodeAddresses.map((address) => ({ address, port: 80, weight: 100, state: 'ready' as const }));

describe('an audit a minute', () => {
  it('finds a listener that somebody deleted at once, however many load balancers there are', async (t) => {
    const { stage, elb, audit } = await watch(t, (on) =>
      Array.from({ length: 15 }, (_, i) => tcpService(`shop/db-${i}`, 5432, targets(on))),
    );
    assert.equal(of(await audit(), 'Listener').length, 15);
    const balancer = [...stage.aws.world.elb.loadBalancers.all()][7];
    const ListenerArn = [...(balancer?.listeners ?? [])][0]?.arn;
    await elb.send(new DeleteListenerCommand({ ListenerArn }));
    assert.equal(of(await audit(), 'Listener').length, 14);
  });

  it('finds a rule that somebody deleted at once', async (t) => {
    const { stage, elb, audit } = await watch(t, (on) =>
      Array.from({ length: 13 }, (_, i) => httpService(`shop/web-${i}`, 80, targets(on))),
    );
    assert.equal(of(await audit(), 'Rule').length, 13);
    const [own] = [...stage.aws.world.elb.rules.all()].filter(({ rule }) => rule.priority !== undefined);
    await elb.send(new DeleteRuleCommand({ RuleArn: own?.rule.arn }));
    assert.equal(of(await audit(), 'Rule').length, 12);
  });

  it('finds it too where we ourselves wrote a while before', async (t) => {
    const { session, elb, audit, stage } = await watch(t, (on) =>
      Array.from({ length: 15 }, (_, i) => tcpService(`shop/db-${i}`, 5432, targets(on))),
    );
    const [balancer] = of(await audit(), 'LoadBalancer');
    assert.ok(balancer !== undefined && session.apply !== undefined);
    const { kind, id, unit, handle } = balancer;
    const members = [['note', { attrs: { Value: '1' } }]] as const;
    await session.apply(
      { n: 1, op: 'set', kind, id, unit, handle, set: 'Tags', members, after: [], serves: [], why: '' },
      AbortSignal.timeout(10_000),
    );
    await audit();
    const ListenerArn = [...(stage.aws.world.elb.loadBalancers.truly(handle)?.listeners ?? [])][0]?.arn;
    await elb.send(new DeleteListenerCommand({ ListenerArn }));
    assert.equal(of(await audit(), 'Listener').length, 14);
  });

  it('reads a large account in rounds, not as a whole', async (t) => {
    const { stage, audit } = await watch(t, (on) =>
      Array.from({ length: 15 }, (_, i) => tcpService(`shop/db-${i}`, 5432, targets(on))),
    );
    await audit();
    const from = stage.aws.journal.entries.at(-1)?.index ?? 0;
    await audit();
    const calls = stage.aws.journal.since(from).map(({ action }) => action);
    assert.ok(!calls.includes('DescribeListeners'), String(calls));
    assert.ok(calls.includes('DescribeLoadBalancers'), String(calls));
  });
});

describe('attributes', () => {
  const after = (stage: Stage, from: number) =>
    stage.aws.journal.since(from).filter(({ action }) => /^Describe.*Attributes$/.test(action)).length;
  const from = (stage: Stage) => stage.aws.journal.entries.at(-1)?.index ?? 0;

  it('of a small account are read as often as the interval says', async (t) => {
    const heard: string[] = [];
    const told: number[] = [];
    const { stage, clock } = await watch(t, (on) => [tcpService('shop/db', 5432, targets(on))], {
      changed: (unit, cause) => heard.push(`${unit} ${cause}`),
      metric: (name, value) => {
        if (name === 'weir_awselb_round_seconds') told.push(value);
      },
    });
    await clock.pass(120_000);
    heard.length = 0;
    const [balancer] = stage.aws.world.elb.loadBalancers.all();
    balancer?.attributes.set('load_balancing.cross_zone.enabled', 'true');
    await clock.pass(90_000);
    assert.deepEqual(heard.length, 1);
    assert.equal(told.at(-1), 60);
    const start = from(stage);
    await clock.pass(600_000);
    const calls = after(stage, start);
    assert.ok(calls >= 18 && calls <= 33, `${calls} calls for three objects in ten minutes`);
  });

  it('are read more seldom where the interval is longer, or the budget does not allow it', async (t) => {
    const told: number[] = [];
    const metric = (name: string, value: number) => {
      if (name === 'weir_awselb_round_seconds') told.push(value);
    };
    const slow = await watch(t, (on) => [tcpService('shop/db', 5432, targets(on))], { auditMs: 600_000, metric });
    await slow.clock.pass(600_000);
    const start = from(slow.stage);
    await slow.clock.pass(1_200_000);
    assert.ok(after(slow.stage, start) <= 6);
    assert.equal(told.at(-1), 600);
    const many = (on: Stage) => Array.from({ length: 15 }, (_, i) => tcpService(`shop/db-${i}`, 5432, targets(on)));
    const large = await watch(t, many, { metric });
    await large.clock.pass(60_000);
    // Forty-five objects, a quarter of a call a second.
    assert.equal(told.at(-1), 180);
  });
});
