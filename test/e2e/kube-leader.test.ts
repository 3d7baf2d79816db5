/** Two `weir run` on one AWS account: the holder of a Lease of a real API server writes, the other one follows. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, missingKube } from '../kube/index.ts';
import { LeaderStage, type Weir } from './kube-leader-stage.ts';

const leaseMs = 4_000;
const times = { leaseDuration: '4s', renewDeadline: '2500ms', retryPeriod: '500ms' };

describe('two weirs of one account', { skip: missingKube() }, () => {
  let stage: LeaderStage;
  let weirs: readonly [Weir, Weir];
  const other = (one: Weir): Weir => (one === weirs[0] ? weirs[1] : weirs[0]);
  const writesOf = ({ who }: Weir) => stage.journal.filter((write) => write.who === who).length;

  before(async () => {
    stage = await LeaderStage.start();
    await stage.turn();
    weirs = [await stage.add('east', times), await stage.add('west', times)];
    await Promise.all(weirs.map((weir) => weir.start()));
  });

  after(() => stage?.stop());

  it('one writes, the other one follows, is ready and says so', async () => {
    const leader = await stage.leader();
    await stage.reaches(await stage.turn());
    const follower = other(leader);
    assert.ok(writesOf(leader) > 0);
    assert.equal(writesOf(follower), 0);
    // It looks at the Lease now and then.
    const says = new RegExp(`leader weir-awselb-test ok: follower; ${leader.name}_\\S+ leads`);
    await eventually(
      () => follower.ask('8378/readyz?verbose'),
      (ready) => says.test(ready),
      leaseMs,
    );
    assert.doesNotMatch(await leader.ask('8378/readyz?verbose'), /follower/);
    assert.match(await follower.ask('8378/metrics'), /^weir_leader\{lease="weir-awselb-test"\} 0$/m);
    assert.match(await leader.ask('8378/metrics'), /^weir_leader\{lease="weir-awselb-test"\} 1$/m);
    assert.match(await leader.ask('8378/metrics'), /^weir_leader_transitions_total\{lease="weir-awselb-test"\} [1-9]/m);
    assert.doesNotMatch(follower.log, /"plan"|applied/);
  });

  it('the follower has taken over within the lease and a second after a kill -9', async () => {
    const leader = await stage.leader();
    const follower = other(leader);
    const killedMs = performance.now();
    await leader.end('SIGKILL');
    await stage.leader([follower], leaseMs + 5_000);
    const tookMs = performance.now() - killedMs;
    assert.ok(tookMs <= leaseMs + 1_000, `${tookMs} ms`);
    await stage.reaches(await stage.turn());
    assert.deepEqual(stage.stray(), []);
    await leader.start();
    assert.equal(await leader.leads(), false);
  });

  it('a leader that stood still writes nothing when it goes on', async (t) => {
    const leader = await stage.leader();
    const follower = other(leader);
    const rest = stage.keepTurning(50);
    t.after(rest);
    await sleep(500);
    leader.signal('SIGSTOP');
    try {
      await stage.leader([follower], leaseMs + 5_000);
      await eventually(
        () => writesOf(follower),
        (count) => count > 0,
      );
    } finally {
      leader.signal('SIGCONT');
    }
    await sleep(1_500);
    await rest();
    assert.deepEqual(stage.stray(), []);
    assert.equal(await leader.leads(), false);
    assert.equal(await follower.leads(), true);
  });

  it('without an API server nobody writes once the lease is over, and what serves goes on', async () => {
    const address = await stage.turn();
    await stage.reaches(address);
    await stage.plane.killApiServer();
    const goneMs = performance.now();
    await sleep(leaseMs);
    const overMs = performance.now();
    await stage.turn();
    await sleep(30_000 - (performance.now() - goneMs));
    assert.deepEqual(
      stage.journal.filter(({ atMs }) => atMs > overMs),
      [],
    );
    assert.ok(stage.targets().includes(address));
    for (const weir of weirs) {
      assert.equal(await weir.leads(), false);
      assert.match(await weir.ask('8378/readyz'), /^ok/);
      assert.match(await weir.ask('8377/api/v1/state'), /E_LEASE/);
    }
    await stage.plane.restartApiServer();
    await stage.reaches(await stage.turn());
    await stage.leader();
  });

  it('what a leader gives back is taken within a second', async () => {
    const leader = await stage.leader();
    const follower = other(leader);
    await leader.end('SIGTERM');
    const endedMs = performance.now();
    await stage.leader([follower]);
    const tookMs = performance.now() - endedMs;
    assert.ok(tookMs <= 1_000, `${tookMs} ms`);
    await stage.reaches(await stage.turn());
    assert.deepEqual(stage.aws.loud, []);
  });
});
