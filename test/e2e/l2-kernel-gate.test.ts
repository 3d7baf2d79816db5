import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GateNews, KernelGate } from '../../providers/l2/kernel/kernel-gate.ts';
import { NftSession } from '../../providers/l2/kernel/nft-session.ts';
import { runProgram } from '../../providers/l2/kernel/run-program.ts';
import { type Watch, watchProgram } from '../../providers/l2/kernel/watch-program.ts';
import { needsRootAnd } from '../fakes/needs.ts';
import { type Lan, makeLan, monotonicMs } from './l2-lan.ts';
import type { Seen } from './l2-observer.ts';

const gateMs = 300;
/** Two jiffies and the way of a packet. */
const slackMs = 25;
const vips = { IPv4: ['10.77.0.100', '10.77.0.101'], IPv6: ['fd09::100', 'fd09::101'] } as const;

describe('gates of the kernel', { concurrency: false, skip: needsRootAnd('ip', 'nft') }, () => {
  let lan: Lan;
  let session: NftSession;
  let gate: KernelGate;
  let news: GateNews[];
  let watch: Watch | undefined;
  let inc = 0;
  let token = 0;
  const look = (args: readonly string[]) => {
    const [program = '', ...words] = [...lan.inside('a'), 'nft', ...args];
    return runProgram(program, words);
  };
  const makeGate = () =>
    new KernelGate({
      session,
      look,
      shape: {
        pools: [
          { first: '10.77.0.100', last: '10.77.0.199' },
          { first: 'fd09::100', last: 'fd09::1ff' },
        ],
        interfaces: ['eth0'],
        bound: [],
      },
      tell: (one) => news.push(one),
    });
  const arm = async (ms = gateMs) => {
    token += 1;
    assert.ok(await gate.apply(inc, { kind: 'arm', token, gateMs: ms }));
    return monotonicMs();
  };
  const confirm = (...owned: string[]) => gate.apply(inc, { kind: 'confirm', token, owned });
  const replies = (seen: Seen, vip: string) => seen.said.filter((said) => said.kind === 'reply' && said.vip === vip);

  before(() => {
    lan = makeLan(['a']);
    news = [];
    session = new NftSession({ hungMs: 1000, command: [...lan.inside('a'), 'nft', '-i'] });
    gate = makeGate();
    for (const vip of vips.IPv4) lan.run('a', `ip route add local ${vip} dev lo`);
    for (const vip of vips.IPv6) lan.run('a', `ip addr add ${vip}/128 dev eth0 nodad preferred_lft 0`);
  });
  after(async () => {
    watch?.close();
    await session.close();
    lan.end();
  });

  for (const family of ['IPv4', 'IPv6'] as const) {
    const [vip, other] = vips[family];

    it(`${family}: silent until a majority has confirmed, then answered until the token dies by itself`, async () => {
      inc += 1;
      assert.ok(await gate.apply(inc, { kind: 'reset', inc }));
      const observation = await lan.observe([vip, other]);
      await sleep(50);
      await arm();
      await sleep(60);
      const armedAt = await arm();
      const confirmedAt = monotonicMs();
      assert.ok(await confirm(vip));
      await sleep(gateMs + 150);
      const lateAt = monotonicMs();
      assert.ok(await confirm(vip), 'it is written, and opens nothing');
      await sleep(100);
      const seen = await observation.end();
      const times = replies(seen, vip).map(({ at }) => at);
      assert.ok(times.length > 50, `${times.length} answers`);
      assert.ok(Math.min(...times) >= confirmedAt, 'none before the confirmation');
      const last = Math.max(...times);
      assert.ok(
        last <= armedAt + gateMs + slackMs,
        `the last answer came ${last - armedAt} ms after the token was armed`,
      );
      assert.ok(last < lateAt, 'a token that has run out opens nothing');
      assert.deepEqual(replies(seen, other), [], 'what is not owned is silent');
    });

    it(`${family}: renewed without a lost answer; a release closes one address at once and leaves the others`, async () => {
      inc += 1;
      assert.ok(await gate.apply(inc, { kind: 'reset', inc }));
      await arm(3000);
      assert.ok(await confirm(vip, other));
      const observation = await lan.observe([vip, other]);
      for (let beat = 0; beat < 40; beat += 1) {
        await arm(3000);
        assert.ok(await confirm(vip, other));
        await sleep(20);
      }
      assert.ok(await gate.apply(inc, { kind: 'own', owned: [other] }));
      const released = monotonicMs();
      for (let beat = 0; beat < 5; beat += 1) {
        await arm(3000);
        assert.ok(await confirm(other));
        await sleep(20);
      }
      const seen = await observation.end();
      const asked = seen.asked.filter(([, index]) => index === 1);
      assert.ok(asked.length > 100, `${asked.length} questions`);
      assert.equal(replies(seen, other).length, asked.length, 'every question is answered');
      assert.deepEqual(
        replies(seen, vip).filter(({ at }) => at > released + 20),
        [],
      );
      assert.ok(replies(seen, other).some(({ at }) => at > released + 20));
    });
  }

  it('a writer that hangs is replaced, the gate closes in time, and nothing is applied late', async () => {
    inc += 1;
    const [vip] = vips.IPv4;
    assert.ok(await gate.apply(inc, { kind: 'reset', inc }));
    const observation = await lan.observe([vip]);
    const armedAt = await arm();
    assert.ok(await confirm(vip));
    await sleep(20);
    const hung = session.pid ?? 0;
    process.kill(hung, 'SIGSTOP');
    token += 1;
    const armed = gate.apply(inc, { kind: 'arm', token, gateMs });
    const confirmed = confirm(vip);
    assert.equal(await armed, false, 'nobody knows whether it is applied');
    assert.ok(await confirmed, 'the next one is written by a new writer');
    assert.notEqual(session.pid, hung);
    await sleep(50);
    const silentUntil = monotonicMs();
    await arm();
    assert.ok(await confirm(vip));
    await sleep(50);
    const times = replies(await observation.end(), vip).map(({ at }) => at);
    assert.ok(times.some((at) => at <= armedAt + gateMs));
    assert.deepEqual(
      times.filter((at) => at > armedAt + gateMs + slackMs && at < silentUntil),
      [],
    );
    assert.ok(
      times.some((at) => at > silentUntil),
      'it opens again',
    );
  });

  it('taken away by somebody else, whole or in part, is made again, closed', async () => {
    inc += 1;
    const [vip, other] = vips.IPv4;
    assert.ok(await gate.apply(inc, { kind: 'reset', inc }));
    const [program = '', ...words] = [...lan.inside('a'), 'nft', 'monitor', 'destroy', 'rules'];
    watch = watchProgram(
      program,
      words,
      () => void gate.mend(),
      () => void gate.mend(),
    );
    await sleep(200);
    for (const blow of ['flush ruleset', `delete table arp weir-${inc}`, `flush chain arp weir-${inc} gate`]) {
      const observation = await lan.observe([vip, other]);
      await arm();
      assert.ok(await confirm(vip));
      const struck = monotonicMs();
      const told = news.length;
      lan.run('a', `nft ${blow}`);
      while (news.length === told && monotonicMs() < struck + 2000) await sleep(2);
      assert.deepEqual(news.at(-1), { kind: 'mended' }, blow);
      await sleep(30);
      const closedFrom = monotonicMs();
      await sleep(50);
      const closedUntil = monotonicMs();
      await arm();
      assert.ok(await confirm(vip));
      await sleep(50);
      const seen = await observation.end();
      assert.deepEqual(
        replies(seen, vip).filter(({ at }) => at > closedFrom && at < closedUntil),
        [],
        blow,
      );
      assert.deepEqual(
        replies(seen, other).filter(({ at }) => at > closedFrom),
        [],
        blow,
      );
      assert.ok(
        replies(seen, vip).some(({ at }) => at > closedUntil),
        `${blow}: it opens again`,
      );
    }
  });

  it('a new incarnation takes away every older table and leaves those of others; what comes for the old one fails', async () => {
    inc += 1;
    assert.ok(await gate.apply(inc, { kind: 'reset', inc }));
    lan.run('a', 'nft add table arp weir-0');
    lan.run('a', 'nft add table inet weirdo');
    inc += 1;
    assert.ok(await gate.apply(inc, { kind: 'reset', inc }));
    assert.equal(await gate.apply(inc - 1, { kind: 'arm', token: 1, gateMs }), false);
    assert.deepEqual(lan.run('a', 'nft list tables').trim().split('\n').sort(), [
      `table arp weir-${inc}`,
      'table inet weirdo',
      `table ip6 weir-${inc}`,
    ]);
  });

  it('leaves the tables to a newer weir, and destroys all that is ours', async () => {
    lan.run('a', `nft delete table arp weir-${inc}`);
    lan.run('a', `nft add table arp weir-${inc + 5}`);
    assert.equal(await gate.apply(inc, { kind: 'arm', token: 1, gateMs }), false);
    assert.deepEqual(news.at(-1), { kind: 'superseded', table: `weir-${inc + 5}` });
    gate = makeGate();
    await gate.destroy();
    assert.equal(lan.run('a', 'nft list tables').trim(), 'table inet weirdo');
  });
});
