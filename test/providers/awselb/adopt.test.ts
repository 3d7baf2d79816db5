import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adoptedBalancers, foreignGroups } from '../../../providers/awselb/adopt.ts';
import { environmentSchema } from '../../../providers/awselb/environment.ts';
import { normalize } from '../../../providers/awselb/normalize.ts';
import { options as optionSchema } from '../../../providers/awselb/options.ts';
import { serviceOptions } from '../../../providers/awselb/service-options.ts';
import type { Attrs, ExportedService, Json, Member, Observed } from '../../../src/model/index.ts';
import { backend, service, target, tcp } from '../../front/make-service.ts';
import { converge } from './converge.ts';
import { desire, environment, find, planned, tags, told } from './desire.ts';

const arn = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/tf/1';
const foreign = {
  LoadBalancerArn: arn,
  LoadBalancerName: 'tf',
  Type: 'network',
  Scheme: 'internet-facing',
  Tags: { 'managed-by': 'terraform' },
};
const world = { ...environment, LoadBalancers: [foreign] };
const nlb = (settings: Json = {}) =>
  service('shop/web', [tcp(80)], { backends: { web: backend({ protocol: 'tcp' }) }, settings: { awselb: settings } });
const tag = (Value: string): Member => ({ attrs: { Value } });

/** The load balancer of Terraform as a driver observes it once it is claimed. */
const claimed: Observed = {
  kind: 'LoadBalancer',
  id: 'service/shop/web',
  unit: 'edge/service/shop/web',
  serves: [],
  handle: arn,
  owned: true,
  facts: {},
  attrs: {
    Name: 'tf',
    Type: 'network',
    Scheme: 'internet-facing',
    VpcId: 'vpc-1',
    IpAddressType: 'dualstack',
    SubnetMappings: [{ SubnetId: 'subnet-pubb' }],
    SecurityGroups: [],
    'deletion_protection.enabled': 'true',
  },
  refs: {},
  sets: { Tags: new Map([['managed-by', tag('terraform')]]) },
};

describe('adoption', () => {
  const allowed = { adopt: { tags: { 'managed-by': 'terraform' } } };

  it('takes a load balancer as it is, and leaves its tags, subnets, address type and attributes alone', () => {
    const desired = desire([nlb({ adopt: 'tf' })], {
      environment: world,
      options: allowed,
      present: [{ ...claimed, ...normalize(claimed) }],
    });
    assert.deepEqual(told(desired), []);
    const lb = find(desired.resources, 'LoadBalancer');
    const { Name, Scheme, IpAddressType, SubnetMappings } = lb.attrs;
    assert.deepEqual(
      [Name, Scheme, IpAddressType, SubnetMappings],
      ['tf', 'internet-facing', 'dualstack', [{ SubnetId: 'subnet-pubb' }]],
    );
    assert.equal(tags(lb)['managed-by'], 'terraform');
    const steps = planned(desired.resources, [{ ...claimed, ...normalize(claimed) }]).steps.filter(
      ({ kind }) => kind === 'LoadBalancer',
    );
    assert.deepEqual(
      steps.map(({ op, set }) => [op, set]),
      [['add', 'Tags']],
    );
  });

  it('never replaces without consent', () => {
    const present = [{ ...claimed, ...normalize(claimed) }];
    const wish = { environment: world, options: allowed, present };
    const other = desire([nlb({ adopt: 'tf', scheme: 'internal' })], wish);
    assert.deepEqual(told(other), ['E_CONSENT shop/web settings.awselb.adopt tf']);
    assert.deepEqual(planned(other.resources, present).steps, []);
    const agreed = desire([nlb({ adopt: 'tf', scheme: 'internal', replaceAdopted: true })], wish);
    assert.deepEqual(told(agreed), ['W_NAME_CHANGES shop/web settings.awselb.scheme internal']);
  });

  it('serves with what is named although there is one of ours: that one goes, and the named one is never deleted', () => {
    const own = converge([nlb()]).cloud.observe();
    const present = [
      ...own,
      { ...claimed, ...normalize(claimed), attrs: { ...normalize(claimed).attrs, Scheme: 'internal' } },
    ];
    const desired = desire([nlb({ adopt: 'tf', scheme: 'internal' })], {
      environment: { ...environment, LoadBalancers: [{ ...foreign, Scheme: 'internal' }] },
      options: allowed,
      present,
    });
    assert.equal(find(desired.resources, 'LoadBalancer').attrs.Name, 'tf');
    const gone = planned(desired.resources, present).steps.filter(
      (s) => s.op === 'delete' && s.kind === 'LoadBalancer',
    );
    assert.deepEqual(
      gone.map(({ handle, borrowed }) => [handle === arn, borrowed]),
      [[false, undefined]],
    );
    const left = planned([], [{ ...claimed, ...normalize(claimed) }]).steps;
    assert.deepEqual(
      left.map(({ op, kind, borrowed }) => [op, kind, borrowed]),
      [['delete', 'LoadBalancer', true]],
    );
  });

  it('tells a driver which load balancers and target groups are meant', () => {
    const settings = (one: ExportedService) => serviceOptions.parse(one.settings.awselb ?? {});
    const parsed = environmentSchema.parse(world);
    const found = (options: unknown) => [
      ...adoptedBalancers([nlb({ adopt: arn })], settings, parsed, optionSchema.parse(options)).keys(),
    ];
    assert.deepEqual([found(allowed), found({ adopt: { arns: [arn] } }), found({})], [[arn], [arn], []]);
    const group = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/tf/1';
    const ids = foreignGroups(
      [
        nlb({ backends: { web: { targetGroup: 'tf' } } }),
        nlb({ rules: { r: { targetGroups: [{ targetGroup: `${group}2`, weight: 1 }] } } }),
      ],
      settings,
      {
        TargetGroups: [
          {
            TargetGroupArn: group,
            TargetGroupName: 'tf',
            TargetType: 'ip',
            Protocol: 'TCP',
            IpAddressType: 'ipv4',
            Tags: {},
          },
        ],
      },
    );
    assert.deepEqual([...ids], [[`${group}2`, `pointed|${group}2`]]);
  });

  it('fills a target group that a TargetGroupBinding names, and makes nothing else', () => {
    const group = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/tf/1';
    const plain = service('shop/bind', [tcp(80)], {
      backends: { web: backend({ protocol: 'tcp', targets: [target('10.0.0.1', 8080)] }) },
      settings: { awselb: { backends: { web: { targetGroup: group } } } },
    });
    const { resources, problems } = desire([{ ...plain, origin: { ...plain.origin, kind: 'TargetGroupBinding' } }]);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      resources.map(({ kind, id, attrs, sets }) => [kind, id, attrs, [...(sets.Targets?.keys() ?? [])]]),
      [['TargetGroup', `binding|${group}`, { Foreign: true, TargetGroupArn: group }, ['10.0.0.1:8080']]],
    );
  });
});

describe('what exists', () => {
  it('keeps its name, port and attributes that nobody named', () => {
    const { cloud } = converge([nlb({ name: 'chosen' })]);
    for (const thing of cloud.things.values()) {
      if (thing.kind === 'TargetGroup')
        thing.attrs = { ...thing.attrs, Port: 4711, 'deregistration_delay.timeout_seconds': '77' };
      if (thing.kind === 'LoadBalancer') thing.attrs = { ...thing.attrs, 'deletion_protection.enabled': 'true' };
    }
    assert.deepEqual(converge([nlb({ name: 'other' })], {}, { cloud }).plans, []);
  });

  it('is left alone as to attributes that were not read yet', () => {
    const wish = nlb({
      attributes: { 'load_balancing.cross_zone.enabled': 'true' },
      targetGroup: { proxyProtocol: true },
    });
    const { cloud } = converge([wish]);
    const read = new Map([...cloud.things].map(([handle, { attrs }]) => [handle, attrs]));
    for (const thing of cloud.things.values()) {
      if (!['LoadBalancer', 'TargetGroup', 'Listener'].includes(thing.kind)) continue;
      thing.attrs = {
        ...Object.fromEntries(Object.entries(thing.attrs).filter(([key]) => /^[A-Z]/.test(key))),
        unread: true,
      };
    }
    assert.deepEqual(converge([wish], {}, { cloud }).plans, []);
    for (const thing of cloud.things.values()) thing.attrs = read.get(thing.handle) ?? thing.attrs;
    assert.deepEqual(converge([wish], {}, { cloud }).plans, []);
  });

  it('is not replaced when the balancer forbids it', () => {
    const before = converge([nlb({ scheme: 'internal' })]);
    before.cloud.tick();
    const wish = { options: { allow: { replace: false } } };
    const after = converge([nlb({ scheme: 'internet-facing' })], wish, { cloud: before.cloud });
    assert.deepEqual(after.plans, []);
    assert.deepEqual(told(after.last), ['E_CONSENT shop/web settings.awselb.scheme internet-facing']);
  });

  it('is left whole where its deletion protection is on, or was not looked at yet', () => {
    const { cloud } = converge([nlb()]);
    const says = (attrs: Attrs) => {
      for (const thing of cloud.things.values())
        if (thing.kind === 'LoadBalancer') thing.attrs = { ...thing.attrs, ...attrs };
      const observed = cloud.observe();
      const { steps, refused } = planned(desire([], { present: observed }).resources, observed);
      return [steps.map(({ op, kind }) => `${op} ${kind}`), refused.map(({ kind, why }) => `${kind} ${why}`).sort()];
    };
    const whole = ['Listener guarded', 'LoadBalancer guarded', 'SecurityGroup blocked', 'TargetGroup blocked'];
    assert.deepEqual(says({ 'deletion_protection.enabled': 'true' }), [[], whole]);
    assert.deepEqual(says({ 'deletion_protection.enabled': 'false', unread: true }), [[], whole]);
    for (const thing of cloud.things.values()) thing.attrs = { ...thing.attrs, unread: false };
    converge([], {}, { cloud });
    assert.deepEqual([...cloud.things.values()], []);
  });

  it('keeps tags that somebody else manages', () => {
    const wish = { options: { externalManagedTags: ['cost-center'] } };
    const { cloud } = converge([nlb()], wish);
    for (const thing of cloud.things.values())
      thing.sets.Tags?.set('cost-center', tag('42')).set('aws:cloudformation:stack-name', tag('x'));
    const { plans } = converge([nlb()], wish, { cloud });
    assert.deepEqual(plans, []);
  });

  it('of a network load balancer without security groups stays without', () => {
    const { cloud } = converge([nlb({ disableSecurityGroup: true })]);
    cloud.tick();
    const { plans } = converge([nlb()], {}, { cloud });
    assert.deepEqual(plans, []);
  });
});
