import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { News } from '../../providers/l2/options.ts';
import { needsRootAnd } from '../fakes/needs.ts';
import { type Lan, makeLan, monotonicMs } from './l2-lan.ts';
import { makeNodes, type Nodes, opened } from './l2-nodes.ts';
import type { Seen } from './l2-observer.ts';

const names = ['a', 'b', 'c'];
const [vip, vip6] = ['10.77.0.100', 'fd09::100'];
const announcing = (name: string) => (news: News) => news.kind === 'interfaces' && news.announcing.includes(name);

describe('what is around a node that announces', { concurrency: false, skip: needsRootAnd('ip', 'nft') }, () => {
  let lan: Lan;
  let nodes: Nodes;
  beforeEach(() => {
    lan = makeLan(names);
    nodes = makeNodes(lan, names, [
      [vip, names],
      [vip6, names],
    ]);
  });
  afterEach(() => {
    nodes.end();
    lan.end();
  });
  const ask = async (ms: number, ...vips: string[]): Promise<Seen> => {
    const observation = await lan.observe(vips);
    await sleep(ms);
    return observation.end();
  };
  const answering = (seen: Seen, address: string) => [
    ...new Set(seen.said.filter(({ kind, vip: of }) => kind === 'reply' && of === address).map(({ mac }) => mac)),
  ];
  const two = { group: { version: 1, voters: ['a', 'b'], previous: [] } };
  /** A node that has all votes. */
  const alone = { group: { version: 1, voters: ['a'], previous: [] } };

  it('arp_ignore, as strictARP sets it: addresses on the interface under the same gate, taken away at the end', async () => {
    for (const name of names)
      lan.run(name, 'sysctl -q -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2');
    const [a] = await nodes.startAll(names);
    assert.ok(a);
    await a.until(opened(vip));
    assert.deepEqual(answering(await ask(200, vip, vip6), vip), [lan.mac('a')]);
    for (const name of names)
      assert.match(lan.run(name, 'ip address show dev eth0'), /10\.77\.0\.100\/32 scope global deprecated/);
    assert.match(lan.run('a', 'ip route get 10.77.0.20'), /src 10\.77\.0\.11/, 'it is the source of nothing');
    a.order({ kind: 'close', how: 'withdraw' });
    await a.ended;
    assert.doesNotMatch(lan.run('a', 'ip address show dev eth0'), /10\.77\.0\.100/);
  });

  it('an address that kube-proxy holds for IPVS is guarded as it is, and stays when weir goes', async () => {
    lan.run('b', 'ip link add kube-ipvs0 type bridge');
    lan.run('b', `ip address add ${vip}/32 dev kube-ipvs0`);
    assert.deepEqual(answering(await ask(100, vip), vip), [lan.mac('b')], 'the kernel answers for it without weir');
    const [a, b] = await nodes.startAll(['a', 'b'], two);
    assert.ok(a && b);
    // The first one to ask may still have heard the other machine.
    const owner = await Promise.race([a, b].map(async (one) => (await one.until(opened(vip))) && one));
    assert.deepEqual(answering(await ask(200, vip), vip), [lan.mac(owner.name)]);
    b.order({ kind: 'close', how: 'withdraw' });
    await b.ended;
    assert.match(lan.run('b', 'ip address show dev kube-ipvs0'), /10\.77\.0\.100\/32/);
  });

  it('an owner that loses its carrier is followed by another, and is a candidate again when it is back', async () => {
    const members = await nodes.startAll(names);
    const [a, ...others] = members;
    assert.ok(a);
    await a.until(opened(vip));
    const at = monotonicMs();
    lan.plug('a', false);
    // Mostly the next one; who has just missed a beat of it leaves it to the other one.
    const next = await Promise.race(others.map(async (one) => (await one.until(opened(vip), at)) && one));
    await a.until((news) => news.kind === 'interfaces' && news.announcing.length === 0, at);
    lan.plug('a', true);
    await a.until(announcing('eth0'), monotonicMs());
    await sleep(500);
    assert.deepEqual(answering(await ask(200, vip), vip), [lan.mac(next.name)], 'nothing goes back by itself');
    assert.match(lan.run('a', 'ip -6 address show dev eth0'), /fd09::100/);
    next.order({ kind: 'handOver', vip, to: 'a' });
    await a.until(opened(vip), at);
    assert.deepEqual(answering(await ask(200, vip), vip), [lan.mac('a')]);
  });

  it('an interface that appears later announces from then on; one that is not named is silent', async () => {
    const a = await nodes.start('a', { ...alone, interfaces: { include: ['br*'] } });
    await a.until(
      (news) => news.kind === 'interfaces' && news.passed.some(([name, why]) => name === 'eth0' && /named/.test(why)),
    );
    assert.deepEqual(answering(await ask(400, vip), vip), []);
    const at = monotonicMs();
    lan.run('a', 'ip link add br7 type bridge');
    lan.run('a', 'ip link set br7 address 02:00:5e:00:53:77');
    lan.run('a', 'ip link set br7 up');
    lan.run('a', 'ip address add 10.77.0.41/24 dev br7');
    lan.run('a', 'ip address flush dev eth0');
    lan.run('a', 'ip link set eth0 master br7');
    await a.until(announcing('br7'), at);
    await a.until(opened(vip), at);
    await sleep(300);
    const seen = await ask(300, vip, vip6);
    assert.deepEqual(answering(seen, vip), ['02:00:5e:00:53:77']);
    assert.deepEqual(answering(seen, vip6), ['02:00:5e:00:53:77']);
    const other = '10.77.0.101';
    lan.run('a', 'ip link add br8 type veth peer name p8');
    for (const face of ['br8', 'p8']) lan.run('a', `ip link set ${face} up`);
    await a.until(announcing('br8'), at);
    a.order({
      kind: 'addresses',
      addresses: {
        pools: [
          { first: '10.77.0.100', last: '10.77.0.101' },
          { first: vip6, last: vip6 },
        ],
        ranks: [vip, vip6, other].map((address) => [address, ['a']]),
        bound: [
          [vip, ['br7']],
          [vip6, ['br8']],
          [other, ['br8']],
        ],
      },
    });
    await a.until(opened(other), at);
    await sleep(200);
    assert.match(
      lan.run('a', 'ip route show table local'),
      /local 10\.77\.0\.101 /,
      'it is taken, wherever it is asked for',
    );
    const bound = await ask(300, vip, vip6, other);
    assert.deepEqual(answering(bound, vip), ['02:00:5e:00:53:77'], 'bound to this interface');
    assert.deepEqual(answering(bound, vip6), [], 'bound to another one');
    assert.deepEqual(answering(bound, other), [], 'bound to another one');
  });

  it('tables that somebody flushes are made again at an owner and at a standby, and nobody else answers', async () => {
    const [a, b] = await nodes.startAll(names);
    assert.ok(a && b);
    await a.until(opened(vip6));
    const observation = await lan.observe([vip, vip6]);
    await sleep(100);
    const at = monotonicMs();
    for (const name of ['a', 'b']) lan.run(name, 'nft flush ruleset');
    for (const one of [a, b]) await one.until(({ kind }) => kind === 'gatesMended', at);
    const mended = monotonicMs();
    await sleep(400);
    const seen = await observation.end();
    const wrong = seen.said.filter((said) => said.kind === 'reply' && said.mac === lan.mac('b'));
    assert.deepEqual(
      wrong.filter((said) => said.at > mended + 2),
      [],
    );
    const last = Math.max(
      ...seen.said.filter((said) => said.kind === 'reply' && said.mac === lan.mac('a')).map((said) => said.at),
    );
    assert.ok(last > mended + 200, 'the owner goes on');
  });

  it('after a kill the gates are closed, and the next start takes away exactly what was made', async () => {
    lan.run('a', 'ip route add local 10.77.0.150 dev lo proto 42');
    lan.run('a', 'ip -6 address add fd09::150/128 dev eth0 nodad');
    const a = await nodes.start('a', alone);
    await a.until(opened(vip6));
    a.kill('SIGKILL');
    await a.ended;
    await sleep(350);
    const seen = await ask(150, vip, vip6, '10.77.0.11');
    assert.deepEqual([answering(seen, vip), answering(seen, vip6)], [[], []]);
    assert.deepEqual(answering(seen, '10.77.0.11'), [lan.mac('a')], 'its own address answers');
    assert.match(lan.run('a', 'ip -6 address show dev eth0'), /fd09::100/);
    const again = await nodes.start('a', { ...alone, ranks: [['10.77.0.101', ['a']]] });
    await again.until(opened('10.77.0.101'));
    await sleep(100);
    assert.doesNotMatch(lan.run('a', 'ip -6 address show dev eth0'), /fd09::100/);
    const routes = lan.run('a', 'ip route show table local');
    assert.doesNotMatch(routes, /10\.77\.0\.100 /);
    assert.match(routes, /10\.77\.0\.101 .*proto 119/);
    assert.match(routes, /10\.77\.0\.150 .*proto babel|10\.77\.0\.150 .*proto 42/);
    assert.match(lan.run('a', 'ip -6 address show dev eth0'), /fd09::150/);
    assert.equal(lan.run('a', 'nft list tables').trim().split('\n').length, 4, 'the tables of the dead one are gone');
  });

  it('what a dead node has left can be cleared away, but not under a living one', async () => {
    lan.run('a', 'nft add table inet theirs');
    const a = await nodes.start('a', alone);
    await a.until(opened(vip6));
    const module = new URL('../../providers/l2/clear-machine.ts', import.meta.url).href;
    const clear = () =>
      execFileSync(
        lan.inside('a')[0] ?? '',
        [
          ...lan.inside('a').slice(1),
          process.execPath,
          '--input-type=module',
          '-e',
          `await (await import('${module}')).clearMachine('${nodes.stateDir('a')}')`,
        ],
        { encoding: 'utf8', stdio: 'pipe' },
      );
    assert.throws(clear, /a weir announces addresses on this machine/);
    a.kill('SIGKILL');
    await a.ended;
    clear();
    assert.equal(lan.run('a', 'nft list tables').trim(), 'table inet theirs');
    assert.doesNotMatch(lan.run('a', 'ip route show table local'), /proto 119/);
    assert.doesNotMatch(lan.run('a', 'ip address show dev eth0'), /fd09::100/);
    assert.match(lan.run('a', 'ip address show dev eth0'), /10\.77\.0\.11.*fd09::11/s);
  });

  it('a thread that dies by a fault is told and started again, and nothing of it is left over', async () => {
    const a = await nodes.start('a', alone);
    await a.until(opened(vip));
    const at = monotonicMs();
    a.order(JSON.parse('{"kind":"addresses","addresses":{}}'));
    const news = await a.until(({ kind }) => kind === 'trouble', at);
    assert.match(JSON.stringify(news), /the thread that announces.*TypeError/);
    await a.until(({ kind }) => kind === 'ready', at);
    await a.until(opened(vip), at);
    assert.deepEqual(answering(await ask(200, vip), vip), [lan.mac('a')]);
    assert.equal(lan.run('a', 'nft list tables').trim().split('\n').length, 4);
  });

  it('somebody else who announces an address that is open here is told by name and announced against', async () => {
    const a = await nodes.start('a', { ...alone, refreshMs: 0 });
    for (const address of [vip, vip6]) await a.until(opened(address));
    await sleep(5000); // The burst of the takeover ends.
    const observation = await lan.observe([]);
    const at = monotonicMs();
    lan.run('b', `ip address add ${vip}/24 dev eth0`);
    lan.run('b', `ip -6 address add ${vip6}/64 dev eth0 nodad`);
    lan.run(
      'b',
      `${process.execPath} --no-warnings ${new URL('./l2-claim.ts', import.meta.url).pathname} eth0 ${vip} ${vip6}`,
    );
    for (const address of [vip, vip6]) {
      const news = await a.until((one) => one.kind === 'conflict' && one.vip === address, at);
      assert.deepEqual(news.kind === 'conflict' && news.mac, lan.mac('b'));
    }
    await sleep(100);
    const seen = await observation.end();
    for (const address of [vip, vip6]) {
      const by = seen.said
        .filter(({ kind, vip: of }) => kind === 'announcement' && of === address)
        .map(({ mac }) => mac);
      assert.equal(by[0], lan.mac('b'));
      assert.equal(by.at(-1), lan.mac('a'), `${address}: it has the last word`);
    }
  });

  it('without gates a node says what is missing; told to go without them, it moves addresses whole', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-no-arp-'));
    try {
      const fake = join(folder, 'nft');
      writeFileSync(fake, '#!/bin/sh\necho "Error: Could not process rule: Operation not supported" >&2\nexit 1\n');
      chmodSync(fake, 0o755);
      const path = `${folder}:${process.env.PATH}`;
      const refused = await nodes.begin('a', {}, path).until(({ kind }) => kind === 'refused');
      assert.ok(refused.kind === 'refused');
      assert.match(refused.reason, /Operation not supported.*NF_TABLES_ARP.*ungated: true/);
      const [a, b] = await Promise.all(
        ['a', 'b'].map(async (name) => {
          const one = nodes.begin(name, { ...two, ungated: true }, path);
          await one.until(({ kind }) => kind === 'ready');
          return one;
        }),
      );
      assert.ok(a && b);
      const owner = await Promise.race([a, b].map(async (one) => (await one.until(opened(vip))) && one));
      assert.deepEqual(answering(await ask(200, vip), vip), [lan.mac(owner.name)]);
      owner.order({ kind: 'drain' });
      const other = owner === a ? b : a;
      await other.until(opened(vip));
      // Nothing closes at once here: how soon the old one is silent is what this mode does not promise.
      let by = answering(await ask(200, vip), vip);
      for (let turn = 0; turn < 20 && by.length !== 1; turn += 1) by = answering(await ask(200, vip), vip);
      assert.deepEqual(by, [lan.mac(other.name)]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
