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
