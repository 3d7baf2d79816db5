import assert from 'node:assert/strict';
import { it } from 'node:test';
import { StatusService } from '../../src/app/status-service.ts';
import { configSchema } from '../../src/config/config.ts';
import { noMetrics } from '../../src/run/index.ts';
import type { Leader } from '../../src/status/leader.ts';
import { VirtualClock } from '../run/virtual-clock.ts';

it('who gives out addresses is who writes the status, and it is told when that changes', async (t) => {
  const clock = new VirtualClock();
  const config = configSchema.parse({ sources: [{ type: 'kubernetes' }] });
  const [source] = config.sources;
  assert.ok(source?.type === 'kubernetes');
  let term: string | undefined;
  let changed = () => {};
  const leader: Leader = {
    join: () => () => term,
    start(tell) {
      changed = tell;
    },
    acquire: async () => {},
    leases: () => [],
    problems: () => [],
    close: async () => {},
  };
  const service = new StatusService({
    config,
    instance: 'weir-0',
    clock,
    random: () => 1,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    metrics: noMetrics,
    openLeader: async () => leader,
  });
  service.beside(source);
  assert.equal(service.follows(), false, 'plan and apply ask for themselves');
  const asked: boolean[] = [];
  const end = new AbortController();
  t.after(() => end.abort());
  const ran = service.run(
    {
      balancers: [],
      gathered: () => undefined,
      problems: () => [],
      pools: () => [],
      admissionChanged: () => asked.push(service.follows()),
      told: () => {},
    },
    end.signal,
  );
  assert.equal(service.follows(), true, 'nobody knows yet who leads');
  const turn = async () => {
    changed();
    await clock.pass(100);
  };
  await clock.pass(100);
  await turn();
  assert.deepEqual(asked, []);
  term = '1';
  await turn();
  await turn();
  assert.deepEqual(asked, [false]);
  term = undefined;
  await turn();
  await turn();
  assert.deepEqual(asked, [false, true]);
  end.abort();
  await clock.pass(100_000);
  await ran;
});
