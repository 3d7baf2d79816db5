import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { needsRootAnd } from '../fakes/needs.ts';
import { doubleAnswers } from './l2-doubles.ts';
import { type Lan, makeLan, monotonicMs } from './l2-lan.ts';
import { makeNodes, type Nodes, opened } from './l2-nodes.ts';

const names = ['a', 'b', 'c'];
const [vip, vip6] = ['10.77.0.100', 'fd09::100'];
/** A node that has all votes. */
const alone = { group: { version: 1, voters: ['a'], previous: [] } };

describe('the machine under a node that announces', { concurrency: false, skip: needsRootAnd('ip', 'nft') }, () => {
  let lan: Lan;
  let nodes: Nodes;
  let folder: string;
  beforeEach(() => {
    lan = makeLan(names);
    nodes = makeNodes(lan, names, [
      [vip, names],
      [vip6, names],
    ]);
    folder = mkdtempSync(join(tmpdir(), 'weir-machine-'));
  });
  afterEach(() => {
    nodes.end();
    lan.end();
    rmSync(folder, { recursive: true });
  });
  const answering = async (address = vip, ms = 200) => {
    const observation = await lan.observe([address]);
    await sleep(ms);
    const { said } = await observation.end();
    return [...new Set(said.filter(({ kind, vip: of }) => kind === 'reply' && of === address).map(({ mac }) => mac))];
  };
  const space = (name: string) => lan.inside(name)[3] ?? '';

  for (const how of ['stopped', 'killed and cleared', 'killed, robbed of its state directory and cleared'] as const)
    it(`a node that is ${how} leaves everything as it was before: addresses, routes, rules, tables, sysctls`, async () => {
      lan.run('a', 'sysctl -q -w net.ipv4.conf.all.arp_ignore=1');
      lan.run('a', 'ip link add kube-ipvs0 type bridge');
      lan.run('a', 'ip address add 10.77.0.199/32 dev kube-ipvs0');
      lan.run('a', 'ip address add 10.77.0.198/32 dev eth0');
      lan.run('a', 'ip -6 address add fd09::198/128 dev eth0 nodad');
      lan.run('a', 'ip -6 address add fd09::199/128 dev eth0 nodad preferred_lft 0');
      lan.run('a', 'ip route add local 10.77.0.197 dev lo proto 42');
      lan.run('a', 'ip rule add from 10.99.0.0/16 lookup 77');
      lan.run('a', 'nft add table arp theirs');
      lan.run('a', 'nft add chain arp theirs in { type filter hook input priority 0 ; }');
      lan.run('a', 'nft add rule arp theirs in arp operation request counter');
      const [vips, pools] = [
        [vip, vip6, '10.77.0.199'],
        [
          { first: '10.77.0.100', last: '10.77.0.199' },
          { first: 'fd09::100', last: 'fd09::1ff' },
        ],
      ];
      const before = stateOf(lan, 'a');
      const a = await nodes.start('a', { ...alone, pools, ranks: vips.map((one) => [one, ['a']]) });
      for (const one of vips) await a.until(opened(one));
      assert.notDeepEqual(stateOf(lan, 'a').addresses, before.addresses);
      if (how === 'stopped') {
        a.order({ kind: 'close', how: 'withdraw' });
        await a.ended;
      } else {
        a.kill('SIGKILL');
        await a.ended;
        if (how !== 'killed and cleared') rmSync(nodes.stateDir('a'), { recursive: true });
        const module = new URL('../../providers/l2/clear-machine.ts', import.meta.url).href;
        const clear = `await (await import('${module}')).clearMachine('${nodes.stateDir('a')}')`;
        const [program = '', ...words] = [...lan.inside('a'), process.execPath, '--input-type=module', '-e', clear];
        execFileSync(program, words, { stdio: 'pipe' });
      }
      const now = stateOf(lan, 'a');
      for (const part of ['addresses', 'routes', 'rules', 'tables', 'sysctls'] as const)
        assert.equal(now[part], before[part], part);
    });

  it('arp_ignore that somebody sets later is answered by addresses on the interface, within seconds', async () => {
    const a = await nodes.start('a', alone);
    await a.until(opened(vip));
    lan.run('a', 'sysctl -q -w net.ipv4.conf.eth0.arp_ignore=1');
    // Everything is looked at twice a minute: this is to be noticed before.
    for (const end = monotonicMs() + 15_000; monotonicMs() < end && (await answering(vip, 50)).length === 0; )
      await sleep(50);
    assert.deepEqual(await answering(), [lan.mac('a')]);
    assert.match(lan.run('a', 'ip address show dev eth0'), /10\.77\.0\.100\/32/);
    lan.run('a', 'sysctl -q -w net.ipv4.conf.eth0.arp_ignore=8');
    const news = await a.until((one) => one.kind === 'unaccepted' && one.vips.length > 0);
    assert.match(JSON.stringify(news), /arp_ignore is 8 on eth0, which answers for no address: set 0, 1 or 2/);
  });

  it('an interface that goes and comes back with another index announces again', async () => {
    const a = await nodes.start('a', alone);
    await a.until(opened(vip));
    let at = monotonicMs();
    lan.run('a', 'ip link set eth0 down');
    await a.until((news) => news.kind === 'interfaces' && news.announcing.length === 0, at);
    assert.deepEqual(await answering(), []);
    lan.run('a', 'ip link delete eth0');
    lan.run('net', `ip link add p-a type veth peer name eth0 netns ${space('a')}`);
    lan.run('net', 'ip link set p-a master br0 up');
    at = monotonicMs();
    lan.run('a', `ip link set eth0 address ${lan.mac('a')}`);
    lan.run('a', 'ip link set eth0 up');
    lan.run('a', 'ip address add 10.77.0.11/24 dev eth0');
    lan.run('a', 'ip -6 address add fd09::11/64 dev eth0 nodad');
    await a.until((news) => news.kind === 'interfaces' && news.announcing.includes('eth0'), at);
    for (let turn = 0; turn < 60 && (await answering(vip6, 50)).length === 0; turn += 1) await sleep(50);
    assert.deepEqual([await answering(vip), await answering(vip6)], [[lan.mac('a')], [lan.mac('a')]]);
  });

  it('an interface on top of another one speaks alone where it alone is named', async () => {
    lan.run('a', 'ip link add up0 link eth0 address 02:00:5e:00:53:70 type macvlan mode bridge');
    lan.run('a', 'ip link set up0 up');
    lan.run('a', 'ip address add 10.77.0.70/24 dev up0');
    const a = await nodes.start('a', { ...alone, interfaces: { include: ['up*'] } });
    for (const one of [vip, vip6]) await a.until(opened(one));
    assert.deepEqual(
      [await answering(vip), await answering(vip6)],
      [['02:00:5e:00:53:70'], ['02:00:5e:00:53:70']],
      'eth0 is silent, although the kernel would answer there',
    );
  });

  it('what is missing is named: capabilities, nft', async () => {
    for (const [dropped, text] of [
      ['-net_admin', /CAP_NET_ADMIN/],
      ['-net_raw', /CAP_NET_RAW/],
    ] as const) {
      const wrap = ['setpriv', `--bounding-set=${dropped}`, `--inh-caps=${dropped}`];
      const news = await nodes.begin('a', alone, process.env.PATH, wrap).until(({ kind }) => kind === 'refused');
      assert.match(JSON.stringify(news), text);
    }
    for (const program of ['ip', 'sh', 'env']) symlinkSync(which(program), join(folder, program));
    const news = await nodes.begin('b', alone, folder).until(({ kind }) => kind === 'refused');
    assert.match(JSON.stringify(news), /nft.*install nftables/);
  });

  it('a clock that is set back by a day, and a lost disk besides: the node comes back and nobody answers beside it', async () => {
    const members = await nodes.startAll(names);
    const [a] = members;
    assert.ok(a);
    await Promise.race(members.map((one) => one.until(opened(vip))));
    const observation = await lan.observe([vip]);
    a.kill('SIGKILL');
    await a.ended;
    rmSync(nodes.stateDir('a'), { recursive: true });
    const shift = join(folder, 'shift.mjs');
    writeFileSync(shift, 'const now = Date.now; Date.now = () => now() - 86_400_000;');
    const again = nodes.begin('a', {}, process.env.PATH, ['env', `NODE_OPTIONS=--import=${shift}`]);
    await again.until(({ kind }) => kind === 'ready');
    const others = members.slice(1);
    for (const one of others) one.order({ kind: 'drain' });
    await again.until(opened(vip));
    assert.deepEqual(doubleAnswers(await observation.end()), []);
    assert.deepEqual(await answering(), [lan.mac('a')]);
  });
});

/** All that a node could leave behind, without what counts or ages. */
function stateOf(lan: Lan, name: string) {
  const run = (words: string) =>
    lan
      .run(name, words)
      .replace(/(valid_lft|preferred_lft) \d+sec/g, '$1')
      .replace(/packets \d+ bytes \d+/g, '');
  const routes = ['-4', '-6'].map((family) => run(`ip ${family} route show table all`)).join('');
  const rules = ['-4', '-6'].map((family) => run(`ip ${family} rule show`)).join('');
  const [program = '', ...words] = [...lan.inside(name), 'sysctl', '-a'];
  const sysctls = spawnSync(program, words, { encoding: 'utf8' }).stdout;
  const kept = sysctls.split('\n').filter((line) => line.startsWith('net.') && !/_count =|random|_thresh/.test(line));
  return {
    addresses: run('ip address show'),
    routes,
    rules,
    tables: run('nft list ruleset'),
    sysctls: kept.join('\n'),
  };
}

function which(program: string): string {
  return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
}
