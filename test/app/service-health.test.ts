import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ServiceParts, serviceHealth } from '../../src/app/service-health.ts';
import type { ServiceReport } from '../../src/model/index.ts';

function report(health: readonly string[], rest: Partial<ServiceReport> = {}): ServiceReport {
  const targets = health.map((state, i) => ({ key: `10.0.0.${i}:80`, health: state }));
  return { service: 's', addresses: [], conditions: [], targets, ...rest };
}

function health(parts: Partial<ServiceParts>) {
  return serviceHealth({ balancers: ['main'], problems: [], units: [], reports: [report(['ready'])], ...parts });
}

describe('health of a service', () => {
  it('is the worst of its parts', () => {
    const error = { code: 'E_PORT', severity: 'error', source: 'x', message: 'port 0' } as const;
    const failed = { state: 'failed', message: 'no answer' } as const;
    const cases = [
      [{}, 'ok', ''],
      [{ balancers: [], reports: [] }, 'pending', 'no balancer takes it'],
      [{ reports: [] }, 'pending', 'not served yet'],
      [{ units: [{ state: 'waiting', message: 'gate' }] as const }, 'pending', 'gate'],
      [{ units: [{ state: 'waiting', code: 'E_INCOMPLETE', message: 'delete Route other waits' }] as const }, 'ok', ''],
      [{ reports: [report(['ready', 'unhealthy'])] }, 'degraded', '1 of 2 targets are ready'],
      [{ reports: [report(['ready', 'draining'])] }, 'ok', ''],
      [{ units: [failed], reports: [report(['ready', 'unhealthy'])] }, 'error', 'no answer'],
      [{ problems: [error] }, 'error', 'port 0'],
      [{ problems: [error], reports: [report(['unhealthy'])] }, 'down', 'none of 1 targets is ready; port 0'],
      [{ problems: [{ ...error, severity: 'warning' }] as const }, 'ok', ''],
    ] as const;
    for (const [parts, expected, reason] of cases) {
      const found = health(parts);
      assert.deepEqual([found.health, found.reason], [expected, reason]);
    }
  });

  it('is none that is bad while its provider has not placed it yet', () => {
    const unplaced = (message: string) =>
      report(['unknown'], {
        conditions: [
          { type: 'Accepted', status: false, reason: 'NoFrontend', message: '' },
          { type: 'Programmed', status: false, reason: 'Pending', message },
        ],
      });
    const found = ['', 'port 80 is taken'].map((message) => health({ reports: [unplaced(message)] }));
    assert.deepEqual(
      found.map((one) => `${one.health} ${one.reason}`),
      ['pending not served yet', 'pending not served yet'],
    );
  });

  it('says which target is sick and why', () => {
    const sick = report([], { targets: [{ key: '10.0.0.9:80', health: 'unhealthy', reason: 'connection refused' }] });
    assert.equal(health({ reports: [sick] }).reason, 'none of 1 targets is ready: 10.0.0.9:80 connection refused');
  });

  it('counts targets that are to serve', () => {
    assert.deepEqual(health({ reports: [report(['ready', 'draining', 'unhealthy'])] }).targets, { ready: 1, total: 2 });
  });
});
