import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Link } from '../../../providers/l2/kernel/interfaces.ts';
import { Moved, type Passing } from '../../../providers/l2/moved.ts';
import type { Beat } from '../../../providers/l2/protocol/messages.ts';

const face: Link = {
  ...{ name: 'eth0', index: 2, mac: '02:00:5e:00:53:01', usable: true, port: false },
  addresses: [{ address: '10.0.0.11', prefix: 16 }],
};
const vips = Array.from({ length: 1000 }, (_, at) => `10.0.${at >> 8}.${at & 255}`);
const beat: Beat = {
  ...{ kind: 'beat', from: 'b', inc: 1, seq: 1, group: { version: 1, voters: ['a', 'b'], previous: [] } },
  ...{ settled: true, novice: false, known: [], claims: [], quiet: false, restful: false, fence: 1, fencings: [] },
  hints: [{ vips, to: 'a', leftMs: 200 }],
  eligible: false,
};

it('a thousand addresses that come by a hand-over, and go by another one, are told to the kernel once each time', async () => {
  const told: (readonly Passing[])[] = [];
  const moved = new Moved({
    ...{ node: 'a', now: () => 1000, addressOf: () => '10.0.0.12', faces: () => [face] },
    pass: (passing) => told.push(passing),
  });
  moved.hear(beat);
  const sizes = () => told.map((passing) => passing.length);
  assert.deepEqual(sizes(), [1000], 'before they are claimed');
  for (const vip of vips.slice(1)) moved.drop(vip);
  await setImmediate();
  assert.deepEqual(sizes(), [1000, 1]);
  assert.deepEqual(told.at(-1), [{ vip: '10.0.0.0', to: '10.0.0.12', leftMs: 30_000 }]);
});
