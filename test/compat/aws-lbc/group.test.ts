import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { capabilities } from '../../../providers/awselb/capabilities.ts';
import { isControllerMade, sortFinalizers } from '../../../src/compat/aws-lbc/index.ts';
import { merge } from '../../../src/front/index.ts';
import { alb, backing, errorsOf, ingress, ingressClass, network, path, read, serviceOf, settingsOf } from './world.ts';

function params(spec: object): readonly unknown[] {
  const parameters = { apiGroup: 'elbv2.k8s.aws', kind: 'IngressClassParams', name: 'edge' };
  return [
    { ...ingressClass, spec: { ...ingressClass.spec, parameters } },
    { apiVersion: 'elbv2.k8s.aws/v1beta1', kind: 'IngressClassParams', metadata: { name: 'edge' }, spec },
  ];
}

describe('an IngressGroup', () => {
  const member = (name: string, namespace: string, order: string, more: Record<string, string> = {}) =>
    ingress({ 'group.name': 'shared', 'group.order': order, ...more }, [path(`/${name}`, 'web')], {}, name, namespace);

  it('of three in two namespaces is one bundle; a bad one stops itself alone', () => {
    const result = read(
      ingressClass,
      ...backing('web'),
      ...backing('web', {}, 'blog'),
      member('one', 'shop', '10'),
      member('two', 'blog', '5'),
      member('three', 'shop', '7', { 'target-type': 'pods' }),
    );
    const groups = merge(result.services, capabilities).groups;
    assert.deepEqual(
      groups.map(({ key, services }) => [key, services.map(({ id }) => id)]),
      [['shared', ['ingress/blog/two', 'ingress/shop/one']]],
    );
    const [problem, ...more] = errorsOf(result);
    assert.deepEqual(more, []);
    assert.deepEqual(
      [problem?.service, problem?.field, problem?.value, problem?.line],
      ['ingress/shop/three', `${alb}target-type`, 'pods', 1],
    );
  });
});

describe('IngressClassParams', () => {
  it('stand over annotations', () => {
    const spec = {
      group: { name: 'edge' },
      scheme: 'internet-facing',
      inboundCIDRs: ['10.0.0.0/8'],
      subnets: { tags: { tier: ['public', 'edge'] } },
      tags: [{ key: 'team', value: 'platform' }],
      loadBalancerAttributes: [{ key: 'idle_timeout.timeout_seconds', value: '90' }],
      listeners: [
        {
          protocol: 'HTTP',
          port: 80,
          listenerAttributes: [{ key: 'routing.http.response.server.enabled', value: 'false' }],
        },
      ],
      minimumLoadBalancerCapacity: { capacityUnits: 1000 },
      targetType: 'ip',
    };
    const mine = { scheme: 'internal', tags: 'team=shop,env=prod', 'target-type': 'instance' };
    const service = serviceOf(
      read(...params(spec), ...backing('web', { 'target-type': 'instance' }), ingress(mine)),
      'ingress/shop/front',
    );
    const settings = settingsOf(service);
    assert.equal(service.bundle?.key, 'edge');
    assert.equal(service.backends['web:80']?.targetKind, 'ip');
    assert.deepEqual(service.fronts[0]?.sourceRanges, ['10.0.0.0/8']);
    assert.deepEqual(settings.tags, { team: 'platform', env: 'prod' });
    assert.deepEqual(settings.subnetTags, { tier: ['public', 'edge'] });
    assert.deepEqual([settings.scheme, settings.minimumCapacityUnits], ['internet-facing', 1000]);
    assert.deepEqual(settings.attributes, { 'idle_timeout.timeout_seconds': '90' });
    assert.ok(settings.listeners?.['HTTP-80']?.attributes);
    assert.equal(service.settingsOrigin['awselb.scheme'], 'IngressClassParams edge spec.scheme');
  });

  it('that are wrong are named, not the Ingress', () => {
    const result = read(...params({ scheme: 'public' }), ...backing('web'), ingress());
    assert.deepEqual(result.services, []);
    const [problem] = errorsOf(result);
    assert.deepEqual(
      [problem?.field, problem?.source, problem?.service],
      ['spec.scheme', 'a.yaml#2', 'ingress/shop/front'],
    );
    assert.match(
      problem?.message ?? '',
      /^IngressClassParams edge: spec\.scheme must be one of internal, internet-facing/,
    );
  });

  it('that are missing or close the class to the namespace stop the Ingress', () => {
    const [withParams] = params({});
    assert.match(
      errorsOf(read(withParams, ...backing('web'), ingress()))[0]?.message ?? '',
      /name IngressClassParams edge, which does not exist/,
    );
    const by = (matchLabels: object) =>
      read(...params({ namespaceSelector: { matchLabels } }), ...backing('web'), ingress());
    assert.equal(by({ 'kubernetes.io/metadata.name': 'shop' }).services.length, 1);
    assert.match(
      errorsOf(by({ 'kubernetes.io/metadata.name': 'blog' }))[0]?.message ?? '',
      /does not select namespace shop/,
    );
    assert.match(errorsOf(by({ team: 'shop' }))[0]?.message ?? '', /labels of namespaces are not read/);
  });

  it('are read again when they change', () => {
    const objects = [...params({ scheme: 'internal' }), ...backing('web'), ingress()];
    const changed = [...params({ scheme: 'internet-facing' }), ...backing('web'), ingress()];
    assert.notDeepEqual(read(...objects).services, read(...changed).services);
  });
});

describe('a TargetGroupBinding', () => {
  const arn = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/tf/0123456789abcdef';
  const binding = (spec: object, labels: object = {}): unknown => ({
    apiVersion: 'elbv2.k8s.aws/v1beta1',
    kind: 'TargetGroupBinding',
    metadata: { name: 'web', namespace: 'shop', labels },
    spec: { targetGroupARN: arn, serviceRef: { name: 'web', port: 80 }, ...spec },
  });

  it('of a user fills a target group', () => {
    const service = serviceOf(read(...backing('web'), binding({ targetType: 'ip' })), 'targetgroupbinding/shop/web');
    assert.equal(service.origin.kind, 'TargetGroupBinding');
    assert.equal(settingsOf(service).backends?.http?.targetGroup, arn);
    assert.deepEqual(
      service.backends.http?.targets.map(({ address }) => address),
      ['10.0.0.9'],
    );
  });

  it('of the peer itself is nobody’s wish', () => {
    const labels = { 'service.k8s.aws/stack-name': 'web', 'service.k8s.aws/stack-namespace': 'shop' };
    assert.deepEqual(read(...backing('web'), binding({}, labels)).services, []);
    assert.equal(isControllerMade({ meta: { namespace: '', name: '', labels } }), true);
  });

  it('that is wrong says so', () => {
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ targetGroupARN: 'x' }, /spec\.targetGroupARN must be the ARN of a target group/],
      [{ targetGroupARN: undefined }, /spec\.targetGroupARN is missing/],
      [{ serviceRef: { name: 'nope', port: 80 } }, /names a Service that does not exist/],
      [{ serviceRef: { name: 'web', port: 81 } }, /names a port that Service web does not have/],
      [{ targetType: 'pod' }, /must be instance or ip/],
      [{ multiClusterTargetGroup: true }, /is not supported/],
      [{ nodeSelector: { matchExpressions: [] } }, /with matchLabels only/],
    ];
    for (const [spec, message] of wrong) {
      const result = read(...backing('web'), binding(spec));
      assert.deepEqual(result.services, []);
      assert.match(errorsOf(result)[0]?.message ?? '', message);
    }
  });
});

describe('finalizers', () => {
  it('are sorted by owner', () => {
    const all = [
      'service.k8s.aws/resources',
      'group.ingress.k8s.aws/shared',
      'weir-lb.dev/resources',
      'foregroundDeletion',
    ];
    assert.deepEqual(sortFinalizers(all, 'weir-lb.dev/'), {
      theirs: all.slice(0, 2),
      ours: all.slice(2, 3),
      others: all.slice(3),
    });
  });
});

describe('objects of others', () => {
  it('in the same files are untouched', () => {
    const result = read(
      network({ 'aws-load-balancer-scheme': 'nonsense' }, { loadBalancerClass: 'example.com/other' }),
    );
    assert.deepEqual([result.services[0]?.settings, errorsOf(result)], [{}, []]);
  });
});
