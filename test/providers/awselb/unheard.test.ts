/** Members of a group that cannot be heard: what nobody says is not added to a load balancer that serves already. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kinds } from '../../../providers/awselb/kinds.ts';
import type { ExportedService, Json, Observed } from '../../../src/model/index.ts';
import { plan } from '../../../src/plan/index.ts';
import { backend, http, https, prefix, route, service, target } from '../../front/make-service.ts';
import { converge } from './converge.ts';
import { desire } from './desire.ts';

const arn = (name: string) => `arn:aws:acm:eu-west-1:123456789012:certificate/${name}`;
const member = (name: string, more: object = {}, awselb: { readonly [key: string]: Json } = {}): ExportedService =>
  service(`shop/${name}`, [{ ...http([route([`${name}.test`], prefix('/'))]), ...more }], {
    backends: { web: backend({ targets: [target('10.0.0.1', 8080)] }) },
    bundle: { key: 'edge', order: name === 'one' ? 1 : 0 },
    settings: { awselb },
  });
const secured = (name: string): ExportedService => ({
  ...member(name, {}, { certificateArns: [arn(name)] }),
  fronts: [https([route([`${name}.test`], prefix('/'))], [])],
});
const bad = { backends: { web: { attributes: { 'deregistration_delay.timeout_seconds': 'x' } } } };

/** As a weir sees it that was never asked for `shop/two`. */
const asOthers = (present: readonly Observed[]): readonly Observed[] =>
  present.map((one) => {
    const theirs = one.sets.Tags?.get('elbv2.k8s.aws/member')?.attrs.Value === 'shop/two';
    if (!theirs && one.serves.join() !== 'shop/two') return one;
    return { ...one, serves: ['other:shop/two'], owned: one.kind === 'Listener' };
  });

function plans(
  before: readonly ExportedService[],
  after: readonly ExportedService[],
  how: 'others' | 'unread' | 'refused',
) {
  const there = converge(before).cloud.observe();
  const present = how === 'others' ? asOthers(there) : there;
  const made = desire(after, { present, incomplete: how === 'unread' });
  const { steps, refused } = plan(kinds, made.resources, present, {
    policy: 'sync',
    incomplete: () => how === 'unread',
  });
  return {
    steps: steps.map(({ op, kind, set }) => `${op} ${kind}${set === undefined ? '' : ` ${set}`}`),
    refused: refused.map(({ op, kind, why, by }) => `${op} ${kind} ${why} ${by}`),
    ranges: made.resources.flatMap(({ kind, sets }) =>
      kind === 'SecurityGroup'
        ? [...(sets.IpPermissions ?? [])].filter(([, { waits }]) => !waits).map(([key]) => key)
        : [],
    ),
    defaults: made.resources.flatMap(({ sets }) =>
      [...(sets.Certificates ?? [])].flatMap(([key, { attrs }]) => (attrs.IsDefault === true ? [key] : [])),
    ),
    tls: made.resources.flatMap(({ kind, attrs }) =>
      kind === 'Listener' ? [[attrs.SslPolicy, attrs.MutualAuthentication]] : [],
    ),
    answers: made.resources.flatMap(({ attrs }) =>
      attrs.DefaultActions === undefined ? [] : JSON.stringify(attrs.DefaultActions),
    ),
    codes: made.problems.map(({ code }) => code),
  };
}

const closed = 'tcp|80|80|198.51.100.2/32';
const open = 'tcp|80|80|0.0.0.0/0';
const groups = { securityGroups: ['sg-0123'], manageBackendRules: true };
const ranges = { sourceRanges: ['198.51.100.2/32'] };

describe('a member that is nobody of ours', () => {
  it('keeps its port closed to whom it did not name', () => {
    const { steps, ranges: now, codes } = plans([member('one'), member('two', ranges)], [member('one')], 'others');
    assert.deepEqual(steps, []);
    assert.deepEqual(now, [closed]);
    assert.deepEqual(codes, ['W_ORPHAN']);
  });

  it('lets those in whom a member that is read names', () => {
    const wide = member('one', { sourceRanges: ['0.0.0.0/0'] });
    const found = plans([member('one'), member('two', ranges)], [wide], 'others');
    assert.deepEqual(found.ranges.sort(), [open, closed]);
    assert.deepEqual(found.steps, ['add SecurityGroup IpPermissions']);
  });

  it('has its own security groups: weir makes none beside, and takes no tag of its', () => {
    const two = member('two', {}, { ...groups, tags: { team: 'two' } });
    const { steps } = plans([member('one'), two], [member('one')], 'others');
    assert.deepEqual(
      steps.filter((step) => !step.endsWith('LoadBalancer')),
      [],
    );
  });

  it('keeps the default certificate', () => {
    const { defaults } = plans([secured('two'), secured('one')], [secured('one')], 'others');
    assert.deepEqual(defaults, [arn('two')]);
  });
});

const strict = {
  sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
  listeners: { 'HTTPS-443': { mutualAuthentication: { mode: 'passthrough' } } },
};
const guarded = (more: { readonly [key: string]: Json } = {}): ExportedService => ({
  ...secured('two'),
  settings: { awselb: { certificateArns: [arn('two')], ...strict, ...more } },
});
const tls = [[strict.sslPolicy, { Mode: 'passthrough' }]];

describe('a listener with TLS that only such a member asks for', () => {
  it('is weakened neither beside one that is nobody of ours nor beside a refused one', () => {
    const others = plans([guarded(), secured('one')], [secured('one')], 'others');
    assert.deepEqual([others.tls, others.steps], [tls, []]);
    const refused = plans([guarded(), secured('one')], [guarded(bad), secured('one')], 'refused');
    assert.deepEqual([refused.tls, refused.steps], [tls, []]);
  });

  it('is not, either, while a source cannot be read', () => {
    const { steps, tls: now } = plans([guarded(), secured('one')], [secured('one')], 'unread');
    assert.deepEqual(now, tls);
    assert.ok(!steps.includes('update Listener'), steps.join());
  });

  it('has what a member that is read says', () => {
    const one = {
      ...secured('one'),
      settings: { awselb: { certificateArns: [arn('one')], sslPolicy: 'ELBSecurityPolicy-2016-08' } },
    };
    const { tls: now } = plans([guarded(), secured('one')], [one], 'others');
    assert.deepEqual(now, [['ELBSecurityPolicy-2016-08', { Mode: 'passthrough' }]]);
  });
});

describe('a redirect that answers where no rule holds', () => {
  it('stays beside members that are nobody of ours', () => {
    const both = (name: string, order: number, awselb: { readonly [key: string]: Json } = {}): ExportedService => ({
      ...secured(name),
      fronts: [...member(name).fronts, ...secured(name).fronts],
      bundle: { key: 'edge', order },
      settings: { awselb: { certificateArns: [arn(name)], ...awselb } },
    });
    const two = both('two', 2, { sslRedirectPort: 443 });
    const redirect = plans([both('one', 1), two], [both('one', 1)], 'others').answers.join();
    assert.match(redirect, /redirect/);
  });
});

describe('a member whose source cannot be read', () => {
  it('keeps its port closed, and the plan says what waits', () => {
    const found = plans([member('one'), member('two', ranges)], [member('one')], 'unread');
    assert.deepEqual(found.ranges, [closed]);
    assert.ok(found.refused.includes('add SecurityGroup incomplete whoever cannot be read'), found.refused.join());
    assert.ok(!found.steps.some((step) => step.startsWith('add')), found.steps.join());
  });

  it('has its own security groups: weir makes none beside', () => {
    const two = member('two', {}, groups);
    const { steps, refused } = plans([member('one'), two], [member('one')], 'unread');
    assert.ok(refused.includes('create SecurityGroup incomplete whoever cannot be read'), refused.join());
    assert.ok(!steps.some((step) => /create|ManagedSecurityGroups/.test(step)), steps.join());
  });

  it('keeps the default certificate', () => {
    const { steps, defaults } = plans([secured('two'), secured('one')], [secured('one')], 'unread');
    assert.deepEqual(defaults, [arn('two')]);
    assert.ok(!steps.includes('set Listener Certificates'), steps.join());
  });
});

describe('a member that is refused', () => {
  it('has its own security groups: they stay, and weir makes none beside', () => {
    const two = member('two', {}, groups);
    const found = plans([member('one'), two], [member('one'), member('two', {}, { ...groups, ...bad })], 'refused');
    assert.deepEqual(found.steps, []);
    assert.ok(
      found.refused.some((one) => one.startsWith('create SecurityGroup incomplete')),
      found.refused.join(),
    );
  });

  it('keeps the default certificate', () => {
    const two = secured('two');
    const wrong = { ...two, settings: { awselb: { certificateArns: [arn('two')], ...bad } } };
    const { defaults, steps } = plans([two, secured('one')], [wrong, secured('one')], 'refused');
    assert.deepEqual([defaults, steps], [[arn('two')], []]);
  });
});

describe('a port that only members have who are read', () => {
  it('is opened though another member is refused', () => {
    const fresh = {
      ...member('one'),
      fronts: [...member('one').fronts, { ...http([route(['one.test'], prefix('/'))]), key: 'more', port: 8080 }],
    };
    const { ranges: now, refused } = plans([member('one'), member('two')], [fresh, member('two', {}, bad)], 'refused');
    assert.deepEqual([now.sort(), refused], [['tcp|8080|8080|0.0.0.0/0', open], []]);
  });
});

describe('a group that is read as a whole', () => {
  it('has what somebody narrowed by hand put back', () => {
    const { cloud } = converge([member('one')]);
    const present = cloud.observe().map((one) => {
      const rule = { attrs: { IpProtocol: 'tcp', FromPort: 80, ToPort: 80, CidrIp: '198.51.100.2/32' } };
      return one.kind === 'SecurityGroup' && one.id !== 'backend'
        ? { ...one, sets: { ...one.sets, IpPermissions: new Map([[closed, rule]]) } }
        : one;
    });
    const made = desire([member('one')], { present });
    const { steps } = plan(kinds, made.resources, present, { policy: 'sync', incomplete: () => false });
    assert.deepEqual(
      steps.map(({ op, members }) => `${op} ${members?.map(([key]) => key).join()}`),
      [`add ${open}`, `remove ${closed}`],
    );
  });
});
