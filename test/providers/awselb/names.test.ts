import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  backendSecurityGroupName,
  loadBalancerName,
  nextName,
  ownershipTags,
  readOwnership,
  type Stack,
  securityGroupName,
  sha256,
  tagText,
  targetGroupName,
} from '../../../providers/awselb/names.ts';

const ingress: Stack = {
  scope: 'ingress',
  name: 'ns-1/ing-1',
  explicit: false,
  namespace: 'ns-1',
  owner: 'ing-1',
  uid: '',
};
const service: Stack = {
  scope: 'service',
  name: 'shop/web',
  explicit: false,
  namespace: 'shop',
  owner: 'web',
  uid: 'uid-1',
};

describe('names', () => {
  it('are those of aws-load-balancer-controller: known vectors', () => {
    // From its published expectations.
    assert.equal(securityGroupName('cluster-dummy', ingress), 'k8s-ns1-ing1-bd83176788');
    assert.equal(loadBalancerName('cluster-dummy', ingress, 'internal'), 'k8s-ns1-ing1-b7e914000d');
    const backend = {
      namespace: 'ns-1',
      name: 'svc-1',
      uid: '',
      servicePort: 'http',
      targetPort: 32768,
      targetType: 'instance',
      protocol: 'HTTP',
      protocolVersion: 'HTTP1',
      healthProtocol: 'HTTP',
      healthIntervalSeconds: 15,
      ingress: { namespace: 'ns-1', name: 'ing-1' },
    };
    assert.equal(targetGroupName('cluster-dummy', ingress, backend), 'k8s-ns1-svc1-9889425938');
    const secure = {
      ...backend,
      name: 'svc-3',
      servicePort: 'https',
      targetPort: 8443,
      targetType: 'ip',
      protocol: 'HTTPS',
    };
    assert.equal(targetGroupName('cluster-dummy', ingress, secure), 'k8s-ns1-svc3-bf42870fba');
    const uid = 'bdca2bd0-bfc6-449a-88a3-03451f05f18c';
    const nlb: Stack = {
      ...service,
      name: 'default/nlb-ip-svc-tls',
      namespace: 'default',
      owner: 'nlb-ip-svc-tls',
      uid,
    };
    assert.equal(loadBalancerName('my-cluster', nlb, 'internal'), 'k8s-default-nlbipsvc-6b0ba8ff70');
    assert.equal(loadBalancerName('my-cluster', nlb, 'internet-facing'), 'k8s-default-nlbipsvc-4d831c6ca6');
    const group = {
      namespace: 'default',
      name: 'nlb-ip-svc-tls',
      uid,
      servicePort: '80',
      targetPort: 80,
      targetType: 'ip',
      protocol: 'TCP',
      protocolVersion: '',
      healthProtocol: 'TCP',
      healthIntervalSeconds: 10,
    };
    assert.equal(targetGroupName('my-cluster', nlb, group), 'k8s-default-nlbipsvc-d4818dcd51');
  });

  it('hash cluster, UID and scheme of a Service, in that order', () => {
    assert.equal(loadBalancerName('c', service, 'internal'), `k8s-shop-web-${sha256('cuid-1internal').slice(0, 10)}`);
    assert.equal(securityGroupName('c', service), `k8s-shop-web-${sha256('cwebshopuid-1').slice(0, 10)}`);
  });

  it('cut readable parts to eight letters and digits, those of a group to seventeen', () => {
    const odd = { ...service, namespace: 'name-space-1', owner: 'a.very.long.name', uid: 'u' };
    assert.match(loadBalancerName('c', odd, 'internal'), /^k8s-namespac-averylon-[0-9a-f]{10}$/);
    const group: Stack = {
      scope: 'ingress',
      name: 'an-explicit-group.of-some-length',
      explicit: true,
      namespace: '',
      owner: '',
      uid: '',
    };
    assert.equal(
      loadBalancerName('c', group, 'internal'),
      `k8s-anexplicitgroupof-${sha256('can-explicit-group.of-some-lengthinternal').slice(0, 10)}`,
    );
  });

  it('of target groups hash what cannot change', () => {
    const parts = {
      namespace: 'shop',
      name: 'web',
      uid: 'u',
      servicePort: '80',
      targetPort: 8080,
      targetType: 'ip',
      protocol: 'TCP',
      protocolVersion: '',
      healthProtocol: 'TCP',
      healthIntervalSeconds: 10,
    };
    assert.equal(targetGroupName('c', service, parts), `k8s-shop-web-${sha256('cu808080ipTCPTCP10').slice(0, 10)}`);
    const http = {
      ...parts,
      protocol: 'HTTP',
      protocolVersion: 'HTTP1',
      ingress: { namespace: 'ns-1', name: 'ing-1' },
    };
    assert.equal(
      targetGroupName('c', ingress, http),
      `k8s-shop-web-${sha256('cns-1/ing-1ns-1ing-1u808080ipHTTPHTTP1').slice(0, 10)}`,
    );
  });

  it('of another generation have the same length and are free', () => {
    const taken = new Set(['k8s-shop-web-0123456789']);
    const next = nextName('k8s-shop-web-0123456789', (name) => taken.has(name));
    assert.match(next, /^[A-Za-z0-9-]{1,32}$/);
    assert.ok(!taken.has(next));
    assert.equal(
      nextName('free', () => false),
      'free',
    );
    assert.ok(nextName('x'.repeat(32), (name) => name.startsWith('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')).length <= 32);
  });

  it('of the shared back-end group name the cluster', () => {
    assert.equal(backendSecurityGroupName('my-cluster'), `k8s-traffic-mycluster-${sha256('my-cluster').slice(0, 10)}`);
  });
});

describe('ownership tags', () => {
  it('are read back', () => {
    const tags = ownershipTags('c', service, 'shop/web:80');
    assert.deepEqual(tags, {
      'elbv2.k8s.aws/cluster': 'c',
      'service.k8s.aws/stack': 'shop/web',
      'service.k8s.aws/resource': 'shop/web:80',
    });
    assert.deepEqual(readOwnership('c', tags), { scope: 'service', name: 'shop/web', resource: 'shop/web:80' });
    assert.equal(readOwnership('other', tags), undefined);
    assert.equal(readOwnership('c', { 'elbv2.k8s.aws/cluster': 'c' }), undefined);
  });

  it('hold only what a tag may hold, and stay different', () => {
    assert.equal(tagText('shop/web:80'), 'shop/web:80');
    assert.notEqual(tagText('a#b'), tagText('a?b'));
    assert.match(tagText('a#b\n'), /^[\p{L}\p{N} _.:/=+\-@]+$/u);
  });
});
