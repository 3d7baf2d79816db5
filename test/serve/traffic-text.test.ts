import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceReport, Traffic } from '../../src/model/index.ts';
import { trafficText } from '../../src/serve/traffic-text.ts';

const traffic: Traffic = {
  requests: { '2xx': 95, '5xx': 5 },
  sessions: 100,
  receivedBytes: 1,
  sentBytes: 1,
  failures: { connect: 1, response: 2, retry: 0, redispatch: 0 },
  perSecond: 3.24,
  current: 4,
  queued: 0,
  latencyMs: { queue: 0, connect: 0, response: 0, total: 0 },
};
const of = (...parts: readonly Partial<Traffic>[]) =>
  trafficText({
    reports: parts.map((part): ServiceReport & { balancer: string } => ({
      balancer: 'edge',
      service: 's',
      addresses: [],
      conditions: [],
      targets: [],
      traffic: { ...traffic, ...part },
    })),
  });

test('rate, share of failures, open and queued, over all balancers of a service', () => {
  assert.equal(of({}), '3.2/s, 5.00 % 5xx, 4 open');
  assert.equal(of({}, { requests: { '2xx': 900 }, perSecond: 40, queued: 7 }), '43/s, 0.50 % 5xx, 8 open, 7 queued');
});

test('TCP has errors and no codes; who does not count has nothing', () => {
  assert.equal(of({ requests: {} }), '3.2/s, 3 errors, 4 open');
  assert.equal(of({ requests: { '2xx': 0 }, perSecond: 0, current: 0 }), '0.0/s, 3 errors, 0 open');
  assert.equal(trafficText({ reports: [] }), '');
});
