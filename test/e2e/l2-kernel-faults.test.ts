import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { News } from '../../providers/l2/speaker-words.ts';
import { needsRootAnd } from '../fakes/needs.ts';
import { doubleAnswers } from './l2-doubles.ts';
import { type Lan, makeLan, monotonicMs } from './l2-lan.ts';
import { type Member, makeNodes, type Nodes, opened } from './l2-nodes.ts';

const names = ['a', 'b', 'c'];
const vip = '10.77.0.100';
const port = 7946;

describe('faults around nodes that announce', { concurrency: false, skip: needsRootAnd('ip', 'nft') }, () => {
  let lan: Lan;
  let nodes: Nodes;
  beforeEach(() => {
    lan = makeLan(names);
    nodes = makeNodes(lan, names, [[vip, names]]);
  });
  afterEach(() => {
    nodes.end();
    lan.end();
  });
  const drop = (name: string, hook: 'input' | 'output', percent = 100) => {
    lan.run(name, 'nft add table inet loss');
    lan.run(name, `nft add chain inet loss ${hook} { type filter hook ${hook} priority 0 ; }`);
    const some = percent === 100 ? '' : `numgen random mod 100 < ${percent} `;
    lan.run(name, `nft add rule inet loss ${hook} udp dport ${port} ${some}drop`);
  };
  const answering = async (ms = 200) => {
    const observation = await lan.observe([vip]);
    await sleep(ms);
    const { said } = await observation.end();
    return [...new Set(said.filter(({ kind }) => kind === 'reply').map(({ mac }) => mac))];
  };
  const startThree = async (): Promise<readonly Member[]> => {
    const members = await nodes.startAll(names);
    await Promise.race(members.map((one) => one.until(opened(vip))));
    return members;
  };
  const ownerOf = async (members: readonly Member[]) => {
    const [mac] = await answering();
    const owner = members.find(({ name }) => lan.mac(name) === mac);
    assert.ok(owner);
    return owner;
  };

  it('half of all datagrams lost: never two that answer, and one when it ends', async () => {
    const members = await startThree();
    const observation = await lan.observe([vip]);
    for (const name of names) drop(name, 'input', 50);
    await sleep(5000);
    for (const name of names) lan.run(name, 'nft delete table inet loss');
    await sleep(1000);
    const seen = await observation.end();
    assert.deepEqual(doubleAnswers(seen), []);
    const answered = seen.said.filter(({ kind }) => kind === 'reply').length;
    assert.ok(answered > seen.asked.length / 2, `${answered} of ${seen.asked.length} questions answered`);
    await ownerOf(members);
  });

  it('all of them cut off from each other: nobody answers, which each of them says, and one does when they hear each other', async () => {
    const members = await startThree();
    const observation = await lan.observe([vip]);
    const at = monotonicMs();
    for (const name of names) drop(name, 'input');
    const lost = (news: News) =>
      news.kind === 'report' &&
      news.report.kind === 'quorum' &&
      !news.report.reached &&
      news.report.silent.length === 2;
    await Promise.race(members.map((one) => one.until(lost, at)));
    await sleep(500);
    assert.deepEqual(await answering(), []);
    for (const name of names) lan.run(name, 'nft delete table inet loss');
    const back = monotonicMs();
    await Promise.race(members.map((one) => one.until(opened(vip), back)));
    assert.deepEqual(doubleAnswers(await observation.end()), []);
  });

  for (const hook of ['output', 'input'] as const)
    it(`an owner whose datagrams only ${hook === 'output' ? 'arrive' : 'leave'} is followed by another, and both never answer at once`, async () => {
      const members = await startThree();
      const owner = await ownerOf(members);
      const others = members.filter((one) => one !== owner);
      const observation = await lan.observe([vip]);
      const at = monotonicMs();
      drop(owner.name, hook);
      await Promise.race(others.map((one) => one.until(opened(vip), at)));
      await sleep(300);
      lan.run(owner.name, 'nft delete table inet loss');
      await sleep(700);
      const seen = await observation.end();
      assert.deepEqual(doubleAnswers(seen), []);
      assert.notEqual((await ownerOf(members)).name, owner.name, 'nothing goes back by itself');
    });

  it('datagrams sent again or changed on the wire move nothing, and are told', async () => {
    const members = await startThree();
    const owner = await ownerOf(members);
    const other = members.find((one) => one !== owner);
    assert.ok(other);
    const observation = await lan.observe([vip]);
    const from = monotonicMs();
    const program = new URL('./l2-resend.ts', import.meta.url).pathname;
    for (const [one, two] of [
      [owner, other],
      [other, owner],
    ] as const) {
      const words = `p-${one.name} p-${two.name} ${lan.mac(two.name)} 600`;
      const count = lan.run('net', `${process.execPath} --no-warnings ${program} ${words}`);
      assert.ok(Number(count) > 3, `${count} datagrams of ${one.name}`);
      await two.until((news) => news.kind === 'dropped' && news.why === 'forged', from);
    }
    await sleep(500);
    const seen = await observation.end();
    assert.deepEqual(doubleAnswers(seen), []);
    const moved = members.flatMap(({ news }) =>
      news.filter(
        ({ kind, at, ...one }) => at > from && kind === 'report' && /opened|dropped/.test(JSON.stringify(one)),
      ),
    );
    assert.deepEqual(moved, []);
  });

  it('a node with another secret takes part in nothing, and is told by its address', async () => {
    const stranger = nodes.begin('c', { secret: 'a secret that nobody else knows' });
    const two = { group: { version: 1, voters: ['a', 'b'], previous: [] } };
    const [a] = await nodes.startAll(['a', 'b'], two);
    assert.ok(a);
    const news = await a.until((one) => one.kind === 'dropped' && one.why === 'forged');
    assert.match(JSON.stringify(news), /10\.77\.0\.13/);
    assert.notDeepEqual(await answering(), [lan.mac('c')]);
    assert.deepEqual(stranger.news.filter(opened(vip)), []);
  });
});
