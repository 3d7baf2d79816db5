import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gatedPod, gateIntent, type TargetHealth } from '../../src/status/gated-pods.ts';

const gate = 'target-health.elbv2.k8s.aws/a';
const now = () => '2026-11-21T12:00:00Z';

function intent(health: Readonly<Record<string, TargetHealth>>, conditions: readonly object[] = []) {
  const pod = gatedPod({
    metadata: { name: 'web-0', namespace: 'shop', uid: 'p1', resourceVersion: '3' },
    spec: { readinessGates: [{ conditionType: gate }, { conditionType: 'example.com/other' }] },
    status: { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: '2001:db8::1' }], conditions: Object(conditions) },
  });
  const found = gateIntent(pod, (address) => health[address], now);
  return found === undefined ? undefined : Object(found.body.status).conditions;
}
const ready = { ready: true, reason: 'ready' };
const sick = { ready: false, reason: 'Target.Timeout' };

describe('the condition that a Pod waits for', () => {
  it('is true when every target of it is healthy', () => {
    assert.deepEqual(intent({ '10.0.0.1': ready }), [
      { type: gate, status: 'True', reason: 'Healthy', message: '', lastTransitionTime: now(), lastProbeTime: null },
    ]);
  });

  it('is false, with the reason, while one is not', () => {
    const [told] = intent({ '10.0.0.1': ready, '2001:db8::1': sick });
    assert.deepEqual([told.status, told.message], ['False', 'Target.Timeout']);
    const before = { type: gate, status: 'False', reason: 'NotHealthy', lastTransitionTime: '2026-01-01T00:00:00Z' };
    assert.equal(intent({ '10.0.0.1': sick }, [before]), undefined, 'written once');
    assert.equal(intent({ '10.0.0.1': ready }, [before])[0].lastTransitionTime, now());
  });

  it('stays true: what a load balancer finds all unhealthy shall not leave its Services, too', () => {
    assert.equal(intent({ '10.0.0.1': sick }, [{ type: gate, status: 'True', reason: 'Healthy' }]), undefined);
  });

  it('is not ours where the Pod is no target', () => {
    assert.equal(intent({}), undefined);
  });
});
