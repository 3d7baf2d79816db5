import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { needsRootAnd } from '../fakes/needs.ts';
import { doubleAnswers } from './l2-doubles.ts';
import { type Lan, makeLan, monotonicMs } from './l2-lan.ts';
import { type Member, makeNodes, type Nodes, opened } from './l2-nodes.ts';
import type { Seen } from './l2-observer.ts';

const names = ['a', 'b', 'c'];
const vip = '10.77.0.100';
const vip6 = 'fd09::100';

describe('nodes that announce', { concurrency: false, skip: needsRootAnd('ip', 'nft') }, () => {
  let lan: Lan;
  let nodes: Nodes;
  const members = new Map<string, Member>();
  const member = (name: string) => {
    const found = members.get(name);
    assert.ok(found);
    return found;
  };
  before(async () => {
    lan = makeLan(names);
    nodes = makeNodes(lan, names, [
      [vip, names],
      [vip6, names],
    ]);
    for (const one of await nodes.startAll(names)) members.set(one.name, one);
    await member('a').until(opened(vip));
    await member('a').until(opened(vip6));
  });
  after(() => {
    nodes.end();
    lan.end();
  });
  const firstAfter = (seen: Seen, address: string, mac: string, from: number) =>
    seen.said.find(({ kind, at, vip: of, mac: by }) => kind === 'reply' && of === address && by === mac && at > from)
      ?.at ?? Number.NaN;

  it('one answers, and all take the addresses without saying so', async () => {
    const observation = await lan.observe([vip, vip6]);
    await sleep(300);
    const seen = await observation.end();
    for (const address of [vip, vip6]) {
      assert.deepEqual(
        [...new Set(seen.said.filter((said) => said.vip === address).map(({ mac }) => mac))],
        [lan.mac('a')],
      );
    }
    assert.match(lan.run('c', 'ip route show table local'), /local 10\.77\.0\.100 dev lo proto 119/);
    assert.match(lan.run('c', 'ip -6 address show dev eth0'), /fd09::100\/128 scope global nodad deprecated/);
  });

  it('a node that is killed is followed by the next, which tells everybody; it leaves closed gates and comes back as a standby', async () => {
    const observation = await lan.observe([vip, vip6]);
    await sleep(50);
    const at = monotonicMs();
    member('a').kill('SIGKILL');
    await member('b').until(opened(vip), at);
    await member('b').until(opened(vip6), at);
    await sleep(100);
    members.set('a', await nodes.start('a'));
    await sleep(600);
    const seen = await observation.end();
    assert.deepEqual(doubleAnswers(seen), []);
    for (const address of [vip, vip6]) {
      assert.ok(firstAfter(seen, address, lan.mac('b'), at) > at, `${address} is answered by b`);
      const told = seen.said.filter(
        (said) => said.kind === 'announcement' && said.vip === address && said.mac === lan.mac('b'),
      );
      assert.ok(told.length >= (address === vip ? 2 : 1), `${address}: ${told.length} announcements`);
      assert.ok(Number.isNaN(firstAfter(seen, address, lan.mac('a'), at + 350)), `${address} stays where it is`);
    }
  });

  it('a node that is stopped closes by itself, and says nothing wrong when it goes on', async () => {
    const observation = await lan.observe([vip, vip6]);
    const at = monotonicMs();
    member('b').kill('SIGSTOP');
    const next = await Promise.race(
      ['a', 'c'].map(async (name) => (await member(name).until(opened(vip), at)) && name),
    );
    await sleep(800);
    const wokenAt = monotonicMs();
    member('b').kill('SIGCONT');
    await sleep(800);
    const seen = await observation.end();
    assert.deepEqual(doubleAnswers(seen), []);
    assert.ok(firstAfter(seen, vip, lan.mac(next), at) > at);
    assert.deepEqual(
      seen.said
        .filter((said) => said.mac === lan.mac('b') && said.at > wokenAt)
        .map(({ kind, at: then }) => `${kind} ${then - wokenAt}`),
      [],
    );
  });

  it('main threads that stall move nothing', async () => {
    const from = monotonicMs();
    for (const name of names) member(name).order({ kind: 'stall', ms: 1200 });
    await Promise.all(
      names.map((name) => member(name).until((news) => JSON.stringify(news).includes('stalled'), from)),
    );
    await sleep(200);
    const moved = [...members.values()].flatMap(({ name, news }) =>
      news.filter(({ at, kind }) => at > from && kind === 'report').map((news) => `${name} ${JSON.stringify(news)}`),
    );
    assert.deepEqual(moved, []);
  });

  it('a drain hands over without a gap worth the name', async () => {
    const observation = await lan.observe([vip]);
    await sleep(50);
    const holder = names.find((name) => {
      const reports = member(name).news.flatMap((news) => (news.kind === 'report' ? [news.report] : []));
      return reports.findLast((report) => 'vip' in report && report.vip === vip)?.kind === 'opened';
    });
    assert.ok(holder);
    const at = monotonicMs();
    member(holder).order({ kind: 'drain' });
    await Promise.race(names.filter((name) => name !== holder).map((name) => member(name).until(opened(vip), at)));
    await sleep(200);
    const seen = await observation.end();
    assert.deepEqual(doubleAnswers(seen), []);
    const times = seen.said.filter(({ kind }) => kind === 'reply').map(({ at: then }) => then);
    const gap = Math.max(...times.map((then, place) => then - (times[place - 1] ?? then)));
    assert.ok(gap < 250, `nobody answered for ${gap} ms`);
    members.set('drained', member(holder));
  });

  it('a second weir on a machine is refused by name', async () => {
    const second = nodes.begin('c', { listen: { address: '0.0.0.0', port: 7947 } });
    const news = await second.until(({ kind }) => kind === 'refused');
    assert.ok(news.kind === 'refused' && /another weir announces/.test(news.reason));
  });

  it('withdrawn, nothing of weir stays in the kernel, and what others made does', async () => {
    lan.run('b', 'ip address add 10.77.0.199/32 dev eth0');
    lan.run('b', 'nft add table inet theirs');
    member('b').order({ kind: 'close', how: 'withdraw' });
    await member('b').ended;
    assert.equal(lan.run('b', 'nft list tables').trim(), 'table inet theirs');
    assert.doesNotMatch(lan.run('b', 'ip route show table local'), /proto 119/);
    const addresses = lan.run('b', 'ip address show dev eth0');
    assert.doesNotMatch(addresses, /fd09::100/);
    assert.match(addresses, /10\.77\.0\.199/);
  });
});
