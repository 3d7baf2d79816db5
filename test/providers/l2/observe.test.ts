import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { observeRunning } from '../../../providers/l2/observe.ts';
import { ordersOf } from '../../../providers/l2/orders.ts';
import { reportsOf } from '../../../providers/l2/report.ts';
import { View } from '../../../providers/l2/view.ts';
import type { Resource } from '../../../src/model/index.ts';
import { tcpService } from '../../conformance/services.ts';

describe('what runs, as the planner sees it', () => {
  it('has what an earlier weir has left as left, and it is not announced, until its service is known', () => {
    const view = new View('a', () => 0);
    const announcement = (id: string, attrs: Resource['attrs']): Resource => ({
      ...{ kind: 'Announcement', id, unit: 'vip@a', refs: {}, sets: {} },
      ...{ serves: ['shop/web'], attrs },
    });
    const told = [announcement('10.0.0.1', { pool: 'p' }), announcement('10.0.0.2', { candidates: [['a', 'b']] })];
    const observed = observeRunning({ told, view }, false);
    assert.deepEqual(
      observed.map(({ facts }) => facts.state),
      ['left', 'being taken'],
    );
    const reports = reportsOf([tcpService('shop/web', 80, [])], observed, {
      ...{ node: 'a', view, voters: ['a', 'b'], facesOf: () => [] },
    });
    assert.deepEqual(
      reports.flatMap(({ announced = [] }) => announced.map(({ address }) => address)),
      ['10.0.0.2'],
    );
    const speaker: Resource = {
      ...{ kind: 'Speaker', id: 'a', unit: 'vip@a', refs: {}, sets: {}, serves: [] },
      attrs: { listen: '10.0.0.9:7946', cluster: 'weir', peers: {}, voters: ['a'], interfaces: {}, beatMs: 50 },
    };
    const full = { ...speaker, attrs: { ...speaker.attrs, refreshMs: 0, choice: 'spread', mode: 'strict' } };
    assert.deepEqual(
      ordersOf([full, ...told])?.addresses.ranks.map(([vip]) => vip),
      ['10.0.0.2'],
    );
  });
});
