/** Members of a group that have no target group of their own: redirects and fixed answers are as much theirs as what others send to. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { memberTag } from '../../../providers/awselb/names.ts';
import type { ExportedService, Route } from '../../../src/model/index.ts';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertAnswers, assertApplied, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { httpService } from '../../conformance/services.ts';
import { createRule } from '../../fakes/aws/elbv2/rules.ts';

const actions: Readonly<Record<string, Route['action']>> = {
  redirects: { type: 'redirect', code: 301, host: 'new.test' },
  'own answers': { type: 'fixed', status: 410, body: 'gone' },
};
const join = { bundle: { key: 'edge', order: 0 } } as const;

/** `shop/app` forwards at 80; `other/bare` answers itself at 80 and 8080. A third has its whole port turned. */
async function shared(t: TestContext, action: Route['action']) {
  const harness = awselbHarness(t.name, {});
  const rig = await Rig.open(harness);
  t.after(() => rig.close());
  const app = { ...httpService('shop/app', 80, await harness.targets(2)), ...join };
  const [front] = httpService('other/bare', 80, []).fronts;
  assert.ok(front);
  const at = (port: number) => ({
    ...front,
    key: `http-${port}`,
    port,
    routes: front.routes.map((route) => ({ ...route, action })),
  });
  const rest = { key: 'rest', port: 8081, protocol: 'http', routes: [], default: action } as const;
  const bare: ExportedService = {
    ...httpService('other/bare', 80, []),
    ...join,
    fronts: [at(80), at(8080), rest],
    backends: {},
  };
  rig.set([app, bare]);
  assertApplied(await rig.apply());
  await rig.forget();
  const { world } = harness.account();
  const all = () => [
    ...[...world.elb.loadBalancers.all()].flatMap(({ arn, listeners }) => [
      arn,
      ...[...listeners].flatMap(({ Port, rules }) => [
        `listener ${Port}`,
        ...[...rules].map((rule) => `rule ${Port} ${JSON.stringify(rule.conditions)}`),
      ]),
    ]),
    ...[...world.elb.targetGroups.all()].map(({ arn }) => arn),
    ...[...world.ec2.securityGroups.all()].flatMap(({ rules }) =>
      [...rules.values()].map((one) => JSON.stringify(one)),
    ),
  ];
  const settle = async () => {
    for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
  };
  const told = async () => (await rig.plan()).problems.flatMap((one) => (one.code === 'W_ORPHAN' ? [one.message] : []));
  return { harness, rig, app, bare, all, settle, told };
}

for (const [name, action] of Object.entries(actions))
  describe(`a member that has only ${name}`, () => {
    it('stays as it is while only the others are given', async (t) => {
      const { harness, rig, app, all, settle, told } = await shared(t, action);
      const before = all();
      rig.set([app]);
      assert.match((await told()).join(), /other\/bare/);
      await settle();
      assert.deepEqual(all(), before);
      await assertQuiet(rig, harness);
    });

    it('stays where no tag names it, as aws-load-balancer-controller makes it; who asks for it names it', async (t) => {
      const { rig, harness, app, bare, all, settle, told } = await shared(t, action);
      for (const { listeners } of harness.account().world.elb.loadBalancers.all())
        for (const { tags, rules } of listeners)
          for (const one of [tags, ...[...rules].map((rule) => rule.tags)]) one.delete(memberTag);
      const before = all();
      rig.set([app]);
      await settle();
      assert.match((await told()).join(), /whoever has rule \S+edge:80 .*, whoever is served at port 8080, .* 8081/);
      assert.deepEqual(all(), before);
      rig.set([app, bare]);
      await settle();
      assert.deepEqual([await told(), all()], [[], before]);
      await assertQuiet(rig, harness);
      rig.set([app]);
      await settle();
      assert.equal(all().filter((text) => /^(listener|rule)/.test(text)).length, 2);
    });

    it('is served beside others of whom nothing is known', async (t) => {
      const { harness, rig, app, bare, all, settle, told } = await shared(t, action);
      const before = all();
      rig.set([bare]);
      assert.match((await told()).join(), /shop\/app/);
      await settle();
      assert.deepEqual(all(), before);
      await assertAnswers(harness, app);
      rig.set([{ ...bare, fronts: bare.fronts.slice(0, 1) }]);
      await settle();
      await assertAnswers(harness, app);
    });

    it('stays where the others are destroyed, and they where it is', async (t) => {
      for (const one of ['app', 'bare'] as const) {
        const { rig, harness, all, app, ...members } = await shared(t, action);
        const before = all();
        rig.set([one === 'app' ? app : members.bare]);
        for (let run = 0; run < 2; run++) assertApplied(await rig.destroy());
        const gone = before
          .filter((text) => !all().includes(text))
          .map((text) => text.replace(/:targetgroup.*|"Host.*/, ''));
        if (one === 'app')
          assert.deepEqual(gone, [
            'rule 80 [{"Field":"host-header","Values":["shop.app.test"],',
            'arn:aws:elasticloadbalancing:eu-west-1:123456789012',
          ]);
        else {
          const [rule80 = '', listener = '', rule8080 = '', ...rest] = gone;
          assert.match(`${rule80} ${rule8080}`, /^rule 80 .*other.bare.* rule 8080 .*other.bare/);
          // Nobody is served there any more.
          assert.deepEqual([listener, ...rest], ['listener 8080', 'listener 8081']);
          await assertAnswers(harness, app);
        }
        await rig.close();
      }
    });

    it('leaves a port that others have begun to use meanwhile', async (t) => {
      const { rig, harness, bare, settle } = await shared(t, action);
      const { world } = harness.account();
      rig.set([bare]);
      await settle();
      const port = () =>
        [...world.elb.loadBalancers.all()].flatMap((one) => [...one.listeners]).find(({ Port }) => Port === 8080);
      const only = () => [...(port()?.rules ?? [])];
      rig.interference = {
        before: () => {
          const at = port();
          if (at === undefined || only().length > 0) return;
          const Values = ['late.test'];
          const FixedResponseConfig = { StatusCode: '410', ContentType: undefined, MessageBody: undefined };
          const asked: unknown = {
            ListenerArn: at.arn,
            Priority: 7,
            Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values } }],
            Actions: [{ Type: 'fixed-response', FixedResponseConfig }],
            Tags: [],
          };
          createRule(world, Object(asked));
        },
      };
      rig.set([]);
      for (let run = 0; run < 3; run++) await rig.apply();
      assert.equal(only().length, 1);
    });

    it('stays while what it was asked for by cannot be read', async (t) => {
      const { rig, app, bare, all, settle } = await shared(t, action);
      const fronts = () => all().filter((text) => /^(arn|listener|rule)/.test(text));
      const before = fronts();
      rig.set([app, bare]);
      await settle();
      await rig.restart();
      for (const rest of [[app], []]) {
        rig.set(rest, [{ source: 'script', part: 'other', reason: 'not there' }]);
        await rig.apply();
        assert.deepEqual(fronts(), before);
      }
      await rig.forget();
      rig.set([bare]);
      await settle();
      rig.set([], [{ source: 'script', part: 'other', reason: 'not there' }]);
      await rig.apply();
      assert.deepEqual(fronts(), before);
    });

    it('goes when all of the group was given and it is given no more', async (t) => {
      const { rig, app, bare, all, settle, told } = await shared(t, action);
      const { writes } = rig;
      rig.set([app, bare]);
      await settle();
      assert.equal(rig.writes, writes);
      await rig.restart();
      rig.set([app]);
      await settle();
      assert.deepEqual(await told(), []);
      assert.deepEqual(
        all()
          .filter((text) => /^(listener|rule)/.test(text))
          .map((text) => text.slice(0, 12)),
        ['listener 80', 'rule 80 [{"F'],
      );
      rig.set([]);
      await settle();
      assert.deepEqual(
        all().filter((text) => /^(arn|listener|rule)/.test(text)),
        [],
      );
    });
  });

describe('an answer of a whole port that no tag names', () => {
  it('stays while who else is at the port asks for none, and is told; who is given with all of the group has it changed', async (t) => {
    const harness = awselbHarness(t.name, {});
    const rig = await Rig.open(harness);
    t.after(() => rig.close());
    const app = { ...httpService('shop/app', 80, await harness.targets(2)), ...join };
    const whole: ExportedService = {
      ...httpService('other/bare', 80, []),
      ...join,
      fronts: [
        {
          key: 'rest',
          port: 80,
          protocol: 'http',
          routes: [],
          default: { type: 'redirect', code: 301, host: 'new.test' },
        },
      ],
      backends: {},
    };
    rig.set([app, whole]);
    assertApplied(await rig.apply());
    await rig.forget();
    const listeners = () => [...harness.account().world.elb.loadBalancers.all()].flatMap((one) => [...one.listeners]);
    for (const { tags, rules } of listeners())
      for (const one of [tags, ...[...rules].map((rule) => rule.tags)]) one.delete(memberTag);
    const answers = () => JSON.stringify(listeners().map((one) => one.defaultRule.actions));
    const before = answers();
    assert.match(before, /new\.test/);
    rig.set([app]);
    assertApplied(await rig.apply());
    assert.equal(answers(), before);
    const told = (await rig.plan()).problems.map(({ code, message }) => `${code} ${message}`);
    assert.match(told.join(), /^W_ORPHAN .*whoever has the answer at port 80/);
    await assertAnswers(harness, app);
    await assertQuiet(rig, harness);
    rig.set([app, whole]);
    assertApplied(await rig.apply());
    assert.equal(answers(), before);
    rig.set([app]);
    for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
    assert.doesNotMatch(answers(), /new\.test/);
    assert.deepEqual((await rig.plan()).problems, []);
  });
});
