import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statusIntent } from '../../src/status/status-intent.ts';
import { bindingKind, facts, ingressKind, known } from './objects.ts';

const noon = '2026-11-21T12:00:00Z';
const now = () => noon;
const since = '2026-01-01T00:00:00Z';
const { addresses, programmed } = facts();
const wanted = { addresses, programmed };
const entry = { ip: '192.0.2.1', ports: [{ port: 80, protocol: 'TCP' }] };
const condition = {
  type: 'Programmed',
  status: 'True',
  reason: 'Programmed',
  message: 'served by edge',
  lastTransitionTime: since,
};
const written = { loadBalancer: { ingress: [{ ...entry, ipMode: 'VIP' }] }, conditions: [condition] };

describe('the status of an object', () => {
  it('is applied whole, to this very object', () => {
    assert.deepEqual(statusIntent(known(), wanted, now), {
      type: 'apply',
      subresource: 'status',
      body: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web', namespace: 'shop', uid: 'u1' },
        status: { loadBalancer: { ingress: [entry] }, conditions: [{ ...condition, lastTransitionTime: noon }] },
      },
    });
  });

  it('is not written where it says so already, whatever the server has filled in', () => {
    assert.equal(statusIntent(known({ status: written, ours: true }), wanted, now), undefined);
  });

  it('that another has written the same is made ours: nobody else would take it back', () => {
    assert.notEqual(statusIntent(known({ status: written }), wanted, now), undefined);
  });

  it('keeps the time of a condition whose status stays', () => {
    const failed = { ...programmed, message: 'another text' };
    const body = (status: boolean) =>
      JSON.stringify(
        statusIntent(known({ status: written, ours: true }), { addresses, programmed: { ...failed, status } }, now),
      );
    assert.match(body(true), new RegExp(since));
    assert.match(body(false), new RegExp(noon));
  });

  it('of a Service that is no load balancer holds conditions only', () => {
    const intent = statusIntent(known({ spec: { type: 'ClusterIP' } }), wanted, now);
    assert.deepEqual(Object.keys(Object(intent?.body.status)), ['conditions']);
  });

  it('of an Ingress holds addresses only, without what its API does not know', () => {
    const proxied = { ...wanted, addresses: [{ ip: '192.0.2.1', ipMode: 'Proxy', ports: [] }] } as const;
    assert.deepEqual(statusIntent(known({}, ingressKind), proxied, now)?.body.status, {
      loadBalancer: { ingress: [{ ip: '192.0.2.1' }] },
    });
    assert.match(JSON.stringify(statusIntent(known(), proxied, now)), /"ipMode":"Proxy"/);
    assert.equal(statusIntent(known({}, ingressKind), { ...wanted, addresses: [] }, now), undefined);
  });

  it('is taken back by an apply of nothing, where it is ours and nowhere else', () => {
    const object = known({ status: written, ours: true });
    assert.deepEqual(statusIntent(object, undefined, now)?.body, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop', uid: 'u1' },
    });
    assert.equal(statusIntent(known({ status: written }), undefined, now), undefined);
    const ingress = known({ status: { loadBalancer: { ingress: [entry] } }, ours: true }, ingressKind);
    assert.equal(statusIntent(ingress, { ...wanted, addresses: [] }, now)?.body.status, undefined);
  });

  it('of a TargetGroupBinding tells the generation that was seen', () => {
    const binding = (observedGeneration: number) =>
      statusIntent(known({ metadata: { generation: 3 }, status: { observedGeneration } }, bindingKind), wanted, now);
    assert.deepEqual(binding(2), { type: 'merge', subresource: 'status', body: { status: { observedGeneration: 3 } } });
    assert.equal(binding(3), undefined);
  });

  it('has a reason that the API takes', () => {
    const reasonOf = (reason: string) =>
      JSON.stringify(statusIntent(known(), { addresses, programmed: { status: false, reason, message: '' } }, now));
    assert.match(reasonOf('E_FIELD_VALUE'), /"reason":"FIELD_VALUE"/);
    assert.match(reasonOf('Elb.Too many'), /"reason":"Elb_Too_many"/);
    assert.match(reasonOf('404'), /"reason":"Unknown"/);
  });
});
