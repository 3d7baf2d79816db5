import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { Announcer } from '../../../../providers/l2/kernel/announcer.ts';

/** A virtual clock: what is due in each ms of it. */
function stage(options: { refreshMs?: number } = {}) {
  mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] });
  let now = 0;
  let open = true;
  const sent: { at: number; face: number; kind: number | undefined }[] = [];
  const announcer = new Announcer({
    socket: {
      send(face, frame) {
        sent.push({ at: now, face, kind: frame[21] });
        return true;
      },
      close() {},
    },
    faces: () => [{ index: 3, mac: '02:00:5e:00:53:01' }],
    open: () => open,
    now: () => now,
    ...options,
  });
  return {
    announcer,
    sent,
    shut: (shut: boolean) => {
      open = !shut;
    },
    pass(ms: number) {
      for (const end = now + ms; now < end; ) {
        now += 1;
        mock.timers.tick(1);
      }
    },
    times: () => [...new Set(sent.map(({ at }) => at))],
  };
}

describe('announcing', () => {
  it('comes in a burst of both kinds more than a second apart, then each minute', (t) => {
    t.after(() => mock.timers.reset());
    const { announcer, sent, pass, times } = stage();
    announcer.announce(['10.0.0.1']);
    pass(130_000);
    assert.deepEqual(times(), [0, 1100, 2200, 3300, 4400, 64_400, 124_400]);
    assert.deepEqual(
      sent.slice(0, 2).map(({ kind }) => kind),
      [1, 2],
    );
    assert.deepEqual([...announcer.takeSent()], [['10.0.0.1', 14]]);
    announcer.silence('10.0.0.1');
    pass(120_000);
    assert.deepEqual([...announcer.takeSent()], []);
    assert.equal(times().length, 7, 'nothing is told of what was given up');
    announcer.close();
  });

  it('waits while the gate is shut, and leaves the refresh out where it is not wanted', (t) => {
    t.after(() => mock.timers.reset());
    const { announcer, pass, times, shut } = stage({ refreshMs: 0 });
    shut(true);
    announcer.announce(['10.0.0.1']);
    pass(500);
    assert.deepEqual(times(), []);
    shut(false);
    pass(300_000);
    assert.equal(times().length, 5);
    const [first = 0, second = 0] = times();
    assert.ok(first >= 500 && first <= 530, String(first));
    assert.equal(second - first, 1100);
    announcer.close();
  });

  it('of a thousand addresses leaves room for other work between portions, and tells each one', (t) => {
    t.after(() => mock.timers.reset());
    const { announcer, sent, pass } = stage();
    announcer.announce(Array.from({ length: 1000 }, (_, at) => `10.0.${at >> 8}.${at & 255}`));
    assert.ok(sent.length > 0 && sent.length <= 200, `${sent.length} at once`);
    pass(50);
    assert.equal(sent.length, 2000);
    announcer.close();
  });
});
