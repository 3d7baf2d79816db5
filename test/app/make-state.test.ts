import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Gathered } from '../../src/app/gather.ts';
import { makeState } from '../../src/app/make-state.ts';
import type { LeaseState, Problem } from '../../src/model/index.ts';
import { httpService, tcpService } from '../conformance/services.ts';

const [web, db] = [httpService('shop/web', 80, []), tcpService('shop/db', 5432, [])];
const lease: LeaseState = { lease: 'weir-status', namespace: 'n', balancers: [], leader: false, transitions: 1 };

/** Health and reason of two services of a balancer, the second of which waits for an address. */
function seen(leases: readonly LeaseState[], problems: readonly Problem[] = []) {
  const gathered: Gathered = {
    ...{ services: [web, db], nodes: [], problems, incomplete: [], leaving: new Map(), couldExist: () => false },
    network: { pools: [], announcements: [], announcers: [], shared: new Set() },
    taken: new Map([['vip', [web]]]),
    waiting: new Map([[db.id, ['vip']]]),
  };
  const { services } = makeState({
    ...{ version: '1', instance: 'a', startedMs: 0, feeds: [], balancers: [], leader: undefined, gathered },
    ...{ status: { problems: () => [], leases: () => leases }, pools: [], plans: [] },
  });
  return services.map(({ health, reason }) => `${health} ${reason}`);
}

describe('a service that waits for an address', () => {
  it('is told with who gives it where another weir leads', () => {
    assert.deepEqual(seen([{ ...lease, holder: 'node_b_0f-3' }]), [
      'pending not served yet',
      'pending has no address yet: node_b leads and gives addresses; `weir status` there says why',
    ]);
    assert.match(seen([lease])[1] ?? '', /nobody is known to lead/);
  });

  it('has the reason that is known here before any other', () => {
    assert.deepEqual(seen([{ ...lease, leader: true, holder: 'a_1' }])[1], 'pending not served yet');
    const none: Problem = { code: 'E_ADDRESS_FAMILY', severity: 'error', source: 's', service: db.id, message: 'full' };
    assert.deepEqual(seen([{ ...lease, holder: 'b_1' }], [none])[1], 'error full');
  });
});
