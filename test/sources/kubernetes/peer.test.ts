import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LocatedObject } from '../../../src/model/index.ts';
import { ObjectReader } from '../../../src/sources/kubernetes/index.ts';
import { alb, backing, ingress, ingressClass, oidcSecret } from '../../compat/aws-lbc/world.ts';
import { locate, options, readYaml } from './read-yaml.ts';

const controllers = ['ingress.k8s.aws/alb'];
const located = (object: unknown, document: number): LocatedObject => ({ object, file: 'a.yaml', document, line: 1 });
const reader = () => new ObjectReader({ ...options, controllers });

describe('objects written for a peer', () => {
  const parameters = { apiGroup: 'elbv2.k8s.aws', kind: 'IngressClassParams', name: 'edge' };
  const ofClass = { ...ingressClass, spec: { ...ingressClass.spec, parameters } };
  const params = (scheme: string) => ({
    apiVersion: 'elbv2.k8s.aws/v1beta1',
    kind: 'IngressClassParams',
    metadata: { name: 'edge' },
    spec: { scheme },
  });

  it('are the same services again while nothing changes, and others when what they hang on does', () => {
    const source = reader();
    const objects = [ofClass, params('internal'), ...backing('web'), ingress()].map(located);
    const first = source.read(objects).services;
    assert.equal(source.read(objects).services[0], first[0]);
    const changed = objects.with(1, located(params('internet-facing'), 1));
    const next = source.read(changed).services[0];
    assert.notEqual(next, first[0]);
    assert.deepEqual(next?.settings.awselb, { ...Object(first[0]?.settings.awselb), scheme: 'internet-facing' });
    assert.equal(next?.backends, first[0]?.backends, 'what is equal is the same object');
  });

  it('follow a Secret that they name', () => {
    const source = reader();
    const oidc = {
      'auth-type': 'oidc',
      'listen-ports': '[{"HTTPS": 443}]',
      'auth-idp-oidc':
        '{"issuer":"https://id.test","authorizationEndpoint":"https://id.test/a","tokenEndpoint":"https://id.test/t","userInfoEndpoint":"https://id.test/u","secretName":"oidc"}',
    };
    const objects = [ingressClass, ...backing('web'), ingress(oidc)].map(located);
    assert.deepEqual(source.read(objects).services, []);
    const { services, secrets } = source.read([...objects, located(oidcSecret, 9)]);
    assert.equal(services.length, 1);
    assert.deepEqual([...secrets.values()], ['do-not-tell']);
  });

  it('are passed over while no balancer stands in for the peer', () => {
    const result = new ObjectReader(options).read(
      [ingressClass, ...backing('web'), ingress({ scheme: 'nonsense' })].map(located),
    );
    assert.deepEqual([result.services, result.problems], [[], []]);
    const binding = {
      apiVersion: 'elbv2.k8s.aws/v1beta1',
      kind: 'TargetGroupBinding',
      metadata: { name: 'b', namespace: 'shop' },
    };
    const passed = new ObjectReader(options).read([binding].map(located));
    assert.deepEqual([passed.services, passed.problems.map(({ code }) => code)], [[], ['W_OBJECT_IGNORED']]);
  });

  it('take our own guards too; one that cannot be had there closes', () => {
    const source = reader();
    const of = (annotations: Record<string, string>) =>
      source.read([ingressClass, ...backing('web'), ingress(annotations)].map(located));
    const guarded = of({
      'weir-lb.dev/rate-limit': '5',
      'weir-lb.dev/denied-ranges': '10.0.0.0/8',
      'inbound-cidrs': '10.0.0.0/7',
    });
    const [front] = guarded.services[0]?.fronts ?? [];
    assert.deepEqual(
      [front?.sourceRanges, front?.deniedRanges, front?.filters?.[0]?.type],
      [['10.0.0.0/7'], ['10.0.0.0/8'], 'rateLimit'],
    );
    const closed = of({ 'weir-lb.dev/client-ca-secret': 'ca' });
    assert.deepEqual(closed.services, []);
    assert.match(
      closed.problems[0]?.message ?? '',
      /client-ca-secret cannot stand on an object that is written for another controller/,
    );
    const ignored = of({ 'weir-lb.dev/http-port': '8080' });
    assert.deepEqual([ignored.services.length, ignored.problems[0]?.code], [1, 'W_ANNOTATION_IGNORED']);
  });

  it('go on when a label of theirs is left out', () => {
    const front: unknown = {
      ...Object(ingress()),
      metadata: { name: 'front', namespace: 'shop', labels: { 'bad key': 'x' } },
    };
    const result = reader().read([ingressClass, ...backing('web'), front].map(located));
    assert.deepEqual([result.services.length, result.problems[0]?.code], [1, 'E_NAME']);
  });

  it('of unknown kinds of a known group are told once, with the version that is read', () => {
    const { problems } = readYaml('{apiVersion: elbv2.k8s.aws/v1, kind: TargetGroupBinding, metadata: {name: a}}');
    assert.match(problems[0]?.message ?? '', /is not read for kind TargetGroupBinding; write elbv2\.k8s\.aws\/v1beta1/);
  });

  it('keep the place of every message', () => {
    const text = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: front, namespace: shop, annotations: { ${alb}scheme: public } }
spec: { ingressClassName: alb, defaultBackend: { service: { name: web, port: { number: 80 } } } }`;
    const [problem] = new ObjectReader(options).read(locate(text)).problems;
    assert.deepEqual([problem?.source, problem?.field, problem?.value], ['a.yaml#1', `${alb}scheme`, 'public']);
  });
});
