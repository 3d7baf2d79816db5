import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { desire, find } from '../../providers/awselb/desire.ts';
import { backing, ingress, ingressClass, network, path, read } from './world.ts';

/** Manifests → what provider awselb would make of them: one line a resource, short enough to read. */
function golden(...objects: readonly unknown[]): readonly string[] {
  const { resources } = desire(read(ingressClass, ...objects).services);
  return resources
    .filter(({ kind }) => kind !== 'SecurityGroup')
    .map(({ kind, attrs, sets }) => {
      const named = [attrs.Name, attrs.Protocol, attrs.Port, attrs.TargetType, attrs.Scheme].filter(
        (value) => value !== undefined,
      );
      const forward = [...(sets.TargetGroups ?? [])].map(
        ([key, member]) => `${key.split('|').at(-1)}*${member.attrs.Weight}`,
      );
      const where = kind === 'Rule' ? [String(attrs.Priority), ...conditions(attrs.Conditions)] : [];
      return [kind, ...named, ...where, ...forward].join(' ');
    });
}

function conditions(list: unknown): readonly string[] {
  return JSON.stringify(list).match(/"(?:Values|RegexValues)":\[[^\]]*\]/g) ?? [];
}

const ip = { 'target-type': 'ip' };
const both = '[{"HTTP": 80}, {"HTTPS": 443}]';
const certificate = { 'certificate-arn': 'arn:aws:acm:eu-west-1:123456789012:certificate/0a1b', 'listen-ports': both };

describe('what AWS gets from manifests', () => {
  it('an NLB for addresses of pods, TLS at one port', () => {
    const p = 'aws-load-balancer-';
    const tls = {
      [`${p}ssl-cert`]: certificate['certificate-arn'],
      [`${p}ssl-ports`]: 'secure',
      [`${p}backend-protocol`]: 'ssl',
    };
    assert.deepEqual(golden(network({ [`${p}nlb-target-type`]: 'ip', [`${p}scheme`]: 'internet-facing', ...tls })), [
      'LoadBalancer k8s-prod-game-41f39c4464 internet-facing',
      'TargetGroup k8s-prod-game-337116cf66 TCP 8080 ip',
      'TargetGroup k8s-prod-game-554c9cfb74 TLS 8443 ip',
      'Listener TCP 80',
      'Listener TLS 443',
    ]);
  });

  it('a group of three in two namespaces: one redirects all, one is sent by weight, in the order that is declared', () => {
    const action = {
      type: 'forward',
      forwardConfig: {
        targetGroups: [
          { serviceName: 'web', servicePort: 80, weight: 90 },
          { serviceName: 'next', servicePort: 80, weight: 10 },
        ],
      },
    };
    const group = { 'group.name': 'shared', ...ip, ...certificate };
    const lines = golden(
      ...backing('web'),
      ...backing('next'),
      ...backing('blog', {}, 'blog'),
      ingress({ ...group, 'ssl-redirect': '443' }, [path('/', 'web')], {}, 'last'),
      ingress(
        { ...group, 'group.order': '-1', 'actions.canary': JSON.stringify(action) },
        [path('/canary', 'canary', 'use-annotation')],
        {},
        'first',
      ),
      ingress(group, [path('/blog/*', 'blog', 80, 'ImplementationSpecific')], {}, 'blog', 'blog'),
    );
    assert.deepEqual(
      lines.filter((line) => !line.startsWith('TargetGroup')),
      [
        'LoadBalancer k8s-shared-32964309f1 internal',
        'Listener HTTP 80',
        'Listener HTTPS 443',
        'Rule 1 "Values":["shop.test"] "Values":["/canary","/canary/*"] shop/first-web:80*90 shop/first-next:80*10',
        'Rule 2 "Values":["shop.test"] "Values":["/blog/*"] blog/blog-blog:80*1',
        'Rule 3 "Values":["shop.test"] "Values":["/*"] shop/last-web:80*1',
      ],
    );
  });

  it('ssl-redirect of one counts for all', () => {
    const group = { 'group.name': 'shared', ...ip, ...certificate };
    const { resources } = desire(
      read(
        ingressClass,
        ...backing('web'),
        ingress({ ...group, 'ssl-redirect': '443' }, undefined, {}, 'a'),
        ingress(group, [path('/b', 'web')], {}, 'b'),
      ).services,
    );
    const listener = find(resources, 'Listener', '|80');
    assert.match(JSON.stringify(listener.attrs.DefaultActions), /"Port":"443".*"StatusCode":"HTTP_301"/);
    assert.deepEqual(
      resources.filter(({ kind, refs }) => kind === 'Rule' && refs.ListenerArn === listener.id),
      [],
    );
  });

  it('members that contradict each other: the later one is stopped, by name and annotation', () => {
    const { problems, resources } = desire(
      read(
        ingressClass,
        ...backing('web'),
        ingress({ ...ip, 'group.name': 'shared', scheme: 'internal' }, undefined, {}, 'a'),
        ingress(
          { ...ip, 'group.name': 'shared', 'group.order': '5', scheme: 'internet-facing' },
          [path('/b', 'web')],
          {},
          'b',
        ),
      ).services,
    );
    assert.deepEqual(
      problems.map(({ code, service, field }) => [code, service, field]),
      [['E_GROUP_CONFLICT', 'ingress/shop/b', 'alb.ingress.kubernetes.io/scheme']],
    );
    assert.equal(resources.filter(({ kind }) => kind === 'Rule').length, 1);
  });

  it('a binding of a user fills the group that it names', () => {
    const arn = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/tf/0123456789abcdef';
    const { resources, problems } = desire(
      read(...backing('web'), {
        apiVersion: 'elbv2.k8s.aws/v1beta1',
        kind: 'TargetGroupBinding',
        metadata: { name: 'web', namespace: 'shop' },
        spec: { targetGroupARN: arn, targetType: 'ip', serviceRef: { name: 'web', port: 'http' } },
      }).services,
    );
    assert.deepEqual(problems, []);
    const group = find(resources, 'TargetGroup');
    assert.deepEqual([group.attrs.TargetGroupArn, [...(group.sets.Targets?.keys() ?? [])]], [arn, ['10.0.0.9:8080']]);
  });
});
