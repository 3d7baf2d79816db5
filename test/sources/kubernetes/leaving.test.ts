/** Objects that are not exported any more and wait for what was made for them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LivingObjects } from '../../../src/sources/kubernetes/index.ts';
import { options } from './read-yaml.ts';

const finalizer = 'weir-lb.dev/resources';
const held = { finalizers: ['example.com/keep', finalizer] };
const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z', ...held };

const service = (metadata: object, spec: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: 80 }], ...spec },
});

const ingress = (metadata: object, annotations: object = {}): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'front', namespace: 'shop', annotations, ...metadata },
  spec: {
    ingressClassName: 'alb',
    rules: [
      {
        host: 'a.test',
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
        },
      },
    ],
  },
});

const albClass = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'alb' },
  spec: { controller: 'ingress.k8s.aws/alb' },
};

function read(objects: readonly object[], more: object = {}) {
  const all = { ...options, finalizer, amongOthers: true, classes: ['alb'], watchWithoutClass: true };
  const living = new LivingObjects<number>({ ...all, controllers: ['ingress.k8s.aws/alb'], ...more });
  for (const [i, object] of objects.entries()) living.put(i, { object, file: 'a.yaml', document: i, line: 1 });
  return living.read(options.nowMs);
}
const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id);

describe('an object that weir holds', () => {
  it('is told as leaving once it is deleted, or not exported any more, and nothing else is said of it', () => {
    for (const [metadata, spec] of [
      [deleted, {}],
      [held, { type: 'ClusterIP' }],
      [held, { loadBalancerClass: 'example.com/other' }],
      [{ ...held, annotations: { 'weir-lb.dev/export': 'false' } }, {}],
    ]) {
      const { services, leaving, problems } = read([service(metadata ?? {}, spec)]);
      assert.deepEqual([ids(services), ids(leaving), problems], [[], ['shop/web'], []]);
    }
  });

  it('is not while it is exported; and one that weir does not hold never is', () => {
    assert.deepEqual(ids(read([service(held)]).leaving), []);
    assert.deepEqual(ids(read([service(held)]).services), ['shop/web']);
    for (const finalizers of [[], ['service.k8s.aws/resources'], ['weir-lb.dev/resources-0123456789']])
      assert.deepEqual(ids(read([service({ ...deleted, finalizers })]).leaving), []);
    assert.deepEqual(ids(read([service(deleted)], { finalizer: undefined }).leaving), []);
  });

  it('brings along what tells whose load balancer it had, also where what it names has gone before it', () => {
    const group = { 'alb.ingress.kubernetes.io/group.name': 'shared', 'alb.ingress.kubernetes.io/target-type': 'ip' };
    const behind = service({}, { type: 'ClusterIP' });
    for (const others of [[albClass, behind], [albClass], []]) {
      const { services, leaving, problems } = read([...others, ingress(deleted, group)]);
      assert.deepEqual([ids(services), ids(leaving), problems], [[], ['ingress/shop/front'], []]);
      assert.deepEqual([leaving[0]?.bundle?.key, leaving[0]?.class], ['shared', 'alb']);
    }
    const params = {
      apiVersion: 'elbv2.k8s.aws/v1beta1',
      kind: 'IngressClassParams',
      metadata: { name: 'alb' },
      spec: { group: { name: 'of-class' } },
    };
    const named = {
      ...albClass,
      spec: { ...albClass.spec, parameters: { apiGroup: 'elbv2.k8s.aws', kind: 'IngressClassParams', name: 'alb' } },
    };
    assert.equal(read([named, params, ingress(deleted, group)]).leaving[0]?.bundle?.key, 'of-class');
    assert.equal(read([ingress(deleted)]).leaving[0]?.bundle, undefined);
  });

  it('is the same object while nothing changes', () => {
    const living = new LivingObjects<string>({ ...options, finalizer, watchWithoutClass: true });
    const put = (key: string, object: object) => living.put(key, { object, file: 'a.yaml', document: 1, line: 1 });
    put('web', service(deleted));
    const before = living.read(options.nowMs).leaving;
    put('other', service({ name: 'other' }));
    const { leaving, services } = living.read(options.nowMs);
    assert.equal(leaving, before);
    assert.deepEqual(ids(services), ['shop/other']);
    living.delete('web');
    assert.deepEqual(living.read(options.nowMs).leaving, []);
  });
});
