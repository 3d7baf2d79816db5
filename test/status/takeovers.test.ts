import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeAssigned } from '../../src/compat/metallb/index.ts';
import { KubeError } from '../../src/kube/index.ts';
import type { AnnouncedService } from '../../src/status/layer2-plan.ts';
import { Takeovers } from '../../src/status/takeovers.ts';
import { VirtualClock } from '../run/virtual-clock.ts';

const announced = (name: string, uid = `uid-${name}`, address = '192.0.2.1'): AnnouncedService => ({
  ...{ service: `shop/${name}`, uid, addresses: [address], interfaces: ['eth0'], owners: undefined },
});

function stage() {
  const clock = new VirtualClock();
  const posted: string[] = [];
  let barred = false;
  const takeovers = new Takeovers({
    ...{ source: 'kubernetes', instance: 'a', notice: nodeAssigned('a'), clock, random: () => 1 },
    told: () => {},
  });
  const end = new AbortController();
  const cluster = {
    async create(path: string, body: unknown) {
      if (barred) throw new KubeError(403, 'Forbidden', 'no');
      const { type, reason, note, regarding } = Object(body);
      posted.push(`${path.split('/').at(-2)}/${regarding.name} ${regarding.uid} ${type} ${reason} ${note}`);
      return {};
    },
  };
  const running = takeovers.run(Object(cluster), end.signal);
  return {
    ...{ takeovers, clock, posted },
    bar: (now: boolean) => {
      barred = now;
    },
    end: async () => {
      end.abort();
      await running;
    },
  };
}

describe('takeovers', () => {
  const text = 'Normal nodeAssigned announcing from node "a" with protocol "layer2"';

  it('are told at Services when they begin, and not again while they last', async () => {
    const { takeovers, clock, posted, end } = stage();
    for (const list of [[announced('web')], [announced('web')], [announced('web'), announced('db')], [], []]) {
      takeovers.tell(list);
      await clock.pass(1_000);
    }
    assert.deepEqual(posted, [`shop/web uid-web ${text}`, `shop/db uid-db ${text}`]);
    takeovers.tell([announced('web'), announced('db', 'uid-other')]);
    await clock.pass(1_000);
    takeovers.tell([announced('web', 'uid-web', '192.0.2.2')]);
    await clock.pass(1_000);
    assert.deepEqual(posted.slice(2), [
      `shop/web uid-web ${text}`,
      `shop/db uid-other ${text}`,
      `shop/web uid-web ${text}`,
    ]);
    await end();
  });

  it('that go to and fro are bounded', async () => {
    const { takeovers, clock, posted, end } = stage();
    for (let i = 0; i < 100; i++) {
      takeovers.tell(i % 2 === 0 ? [announced('web')] : []);
      await clock.pass(200);
    }
    assert.equal(posted.length, 10);
    await end();
  });

  it('wait where Events may not be written, which is told', async () => {
    const { takeovers, clock, posted, bar, end } = stage();
    bar(true);
    takeovers.tell([announced('web')]);
    await clock.pass(1_000);
    assert.match(takeovers.problems()[0]?.message ?? '', /Grant patch \(for events create, get and patch\)/);
    bar(false);
    await clock.pass(120_000);
    assert.deepEqual([posted.length, takeovers.problems()], [1, []]);
    await end();
  });
});
