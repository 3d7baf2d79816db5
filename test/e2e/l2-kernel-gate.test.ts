import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { needsRootAnd } from '../fakes/needs.ts';
import { type RemoteGate, startGate } from './l2-gate.ts';
import { type Lan, makeLan, monotonicMs } from './l2-lan.ts';
import type { Seen } from './l2-observer.ts';

const gateMs = 300;
/** Two jiffies and the way of a packet. */
const slackMs = 25;
/** Spans in which nothing may answer. */
const closed: (readonly [number, number])[] = [];
const vips = { IPv4: ['10.77.0.100', '10.77.0.101'], IPv6: ['fd09::100', 'fd09::101'] } as const;

describe('gates of the kernel', { concurrency: false, skip: needsRootAnd('ip', 'nft') }, () => {
  let lan: Lan;
  let gate: RemoteGate;
  const folder = mkdtempSync(join(tmpdir(), 'weir-gate-'));
  let inc = 0;
  let token = 0;
  const arm = async (ms = gateMs) => {
    token += 1;
    assert.ok(await gate.apply(inc, { kind: 'arm', token, gateMs: ms }));
    return monotonicMs();
  };
  const confirm = (...owned: string[]) => gate.apply(inc, { kind: 'confirm', token, owned });
  const replies = (seen: Seen, vip: string) => seen.said.filter((said) => said.kind === 'reply' && said.vip === vip);

  before(() => {
    lan = makeLan(['a']);
    gate = startGate(lan, 'a');
    for (const vip of vips.IPv4) lan.run('a', `ip route add local ${vip} dev lo`);
    for (const vip of vips.IPv6) lan.run('a', `ip addr add ${vip}/128 dev eth0 nodad preferred_lft 0`);
  });
  after(() => {
    gate.kill('SIGCONT');
    gate.kill('SIGKILL');
    lan.end();
    rmSync(folder, { recursive: true });
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

    it(`${family}: the kernel counts what it has answered for each address, and nothing else`, async () => {
      inc += 1;
      assert.ok(await gate.apply(inc, { kind: 'reset', inc }));
      const observation = await lan.observe([vip, other]);
      await arm(3000);
      assert.ok(await confirm(vip));
      await sleep(200);
      // It stays owned, and is shut.
      await arm(20);
      assert.ok(await confirm(vip));
      await sleep(150);
      const counted = await gate.answered(inc);
      const seen = await observation.end();
      const answers = replies(seen, vip).length;
      assert.ok(answers > 50, `${answers} answers`);
      assert.deepEqual(counted, { [vip]: answers });
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

  it('a process that is stopped closes in time, and what it still had to write opens nothing late', async () => {
    inc += 1;
    const [vip] = vips.IPv4;
    assert.ok(await gate.apply(inc, { kind: 'reset', inc }));
    const observation = await lan.observe([vip]);
    for (const stoppedMs of [10, 100, 400, 2000]) {
      const armedAt = await arm();
      assert.ok(await confirm(vip));
      await sleep(20);
      gate.kill('SIGSTOP');
      const late = [confirm(vip), gate.apply(inc, { kind: 'own', owned: [vip] }), confirm(vip)];
      await sleep(stoppedMs);
      gate.kill('SIGCONT');
      assert.deepEqual(await Promise.all(late), [true, true, true]);
      await sleep(Math.max(0, armedAt + gateMs + 100 - monotonicMs()));
      closed.push([armedAt + gateMs + slackMs, monotonicMs()]);
    }
    await arm();
    assert.ok(await confirm(vip));
    const openedAt = monotonicMs();
    await sleep(50);
    const times = replies(await observation.end(), vip).map(({ at }) => at);
    for (const [from, to] of closed)
      assert.deepEqual(
        times.filter((at) => at > from && at < to),
        [],
      );
    assert.ok(
      times.some((at) => at > openedAt),
      'it opens again',
    );
  });

  it('somebody else who holds the tables holds up what is written, and the gate closes by itself meanwhile', async () => {
    inc += 1;
    const [vip] = vips.IPv4;
    assert.ok(await gate.apply(inc, { kind: 'reset', inc }));
    const observation = await lan.observe([vip]);
    const heaps = Array.from({ length: 150_000 }, (_, at) => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`);
    const file = join(folder, 'heap.nft');
    writeFileSync(file, `table ip heap {\nset big {\ntype ipv4_addr\nelements = { ${heaps.join(', ')} }\n}\n}\n`);
    const armedAt = await arm();
    assert.ok(await confirm(vip));
    const [program = '', ...words] = [...lan.inside('a'), 'nft', '-f', file];
    const other = spawn(program, words, { stdio: 'ignore' });
    const ended = once(other, 'exit');
    let longest = 0;
    for (let beat = 0; other.exitCode === null && beat < 1000; beat += 1) {
      const from = monotonicMs();
      await arm();
      assert.ok(await confirm(vip));
      longest = Math.max(longest, monotonicMs() - from);
      await sleep(20);
    }
    assert.deepEqual(await ended, [0, null]);
    const seen = await observation.end();
    process.stderr.write(`a foreign transaction of 150,000 elements held a beat up for ${longest.toFixed(0)} ms\n`);
    assert.ok(replies(seen, vip).some(({ at }) => at > armedAt));
    assert.deepEqual(
      gate.news.filter(({ kind }) => kind === 'mended'),
      [],
      'nothing of ours was harmed',
    );
    lan.run('a', 'nft delete table ip heap');
  });

  it('taken away by somebody else, whole or in part, is made again, closed', async () => {
    inc += 1;
    const [vip, other] = vips.IPv4;
    assert.ok(await gate.apply(inc, { kind: 'reset', inc }));
    await gate.watch();
    for (const blow of [
      'flush ruleset',
      `delete table arp weir-${inc}`,
      `flush chain arp weir-${inc} gate`,
      `flush set arp weir-${inc} pool`,
      `add table arp weir-${inc} { flags dormant ; }`,
    ]) {
      const observation = await lan.observe([vip, other]);
      await arm();
      assert.ok(await confirm(vip));
      const struck = monotonicMs();
      const told = gate.news.length;
      lan.run('a', `nft ${blow}`);
      while (gate.news.length === told && monotonicMs() < struck + 2000) await sleep(2);
      process.stderr.write(`${blow}: mended after ${(monotonicMs() - struck).toFixed(0)} ms\n`);
      assert.deepEqual(gate.news.at(-1), { kind: 'mended' }, blow);
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
      `table ip weir-${inc}-moved`,
      `table ip6 weir-${inc}`,
      `table ip6 weir-${inc}-moved`,
    ]);
  });

  it('leaves the tables to a newer weir, and destroys all that is ours', async () => {
    // At once: what is only missing is made again.
    lan.run('a', `nft delete table arp weir-${inc} ; add table arp weir-${inc + 5}`);
    assert.equal(await gate.apply(inc, { kind: 'arm', token: 1, gateMs }), false);
    assert.deepEqual(gate.news.at(-1), { kind: 'superseded', table: `weir-${inc + 5}` });
    await gate.anew();
    await gate.destroy();
    assert.equal(lan.run('a', 'nft list tables').trim(), 'table inet weirdo');
  });
});
