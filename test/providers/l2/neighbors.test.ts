import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readNeighbors } from '../../../providers/l2/neighbors.ts';

it('a machine is known by all addresses that the kernel has heard it answer for', () => {
  const text = `10.77.0.12 dev eth0 lladdr 02:00:5E:00:53:11 REACHABLE
fe80::1 dev eth0 lladdr 02:00:5e:00:53:11 router STALE
10.77.0.13 dev eth0  FAILED
2001:db8:0::13 dev eth0.5 lladdr 02:00:5e:00:53:12 nud permanent
`;
  assert.deepEqual(
    [...readNeighbors(text)],
    [
      ['02:00:5e:00:53:11', ['10.77.0.12', 'fe80::1']],
      ['02:00:5e:00:53:12', ['2001:db8::13']],
    ],
  );
});
