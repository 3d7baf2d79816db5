import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { needsRootAnd } from '../fakes/needs.ts';
import { type Lan, makeLan, monotonicMs } from './l2-lan.ts';
import { makeNodes, type Nodes, opened } from './l2-nodes.ts';

const names = ['a', 'b'];
const [vip, vip6] = ['10.77.0.100', 'fd09::100'];
/** A node that has all votes. */
const alone = { group: { version: 1, voters: ['a'], previous: [] } };

describe('others on the network of a node that announces', {
  concurrency: false,
  skip: needsRootAnd('ip', 'nft'),
}, () => {
  let lan: Lan;
  let nodes: Nodes;
  const children: ChildProcess[] = [];
  const spaces: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'weir-neighbors-'));
  const fresh = (ranks: readonly (readonly [string, readonly string[]])[]) => {
    nodes = makeNodes(lan, names, ranks);
    return nodes;
  };
  before(() => {
    lan = makeLan(names);
  });
  afterEach(() => {
    nodes?.end();
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  after(() => {
    for (const space of spaces) execFileSync('ip', ['netns', 'del', space]);
    lan.end();
    rmSync(folder, { recursive: true });
  });
  const answering = async (address: string, ms = 200) => {
    const observation = await lan.observe([address]);
    await sleep(ms);
    const { said } = await observation.end();
    return [...new Set(said.filter(({ kind, vip: of }) => kind === 'reply' && of === address).map(({ mac }) => mac))];
  };
  const inside = (name: string, ...words: readonly string[]) => {
    const [program = '', ...args] = [...lan.inside(name), ...words];
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  };

  it('an address that somebody has is not taken at its first use, is told with his name, and taken when he is gone', async () => {
    lan.run('client', `ip address add ${vip}/32 dev eth0`);
    lan.run('client', `ip -6 address add ${vip6}/128 dev eth0 nodad`);
    const a = await fresh([vip, vip6, '10.77.0.101'].map((one) => [one, ['a']])).start('a', alone);
    const news = await a.until(({ kind }) => kind === 'taken');
    assert.deepEqual(
      news.kind === 'taken' && [...news.vips].sort(),
      [vip, vip6].map((one) => [one, lan.mac('client')]),
    );
    await a.until(opened('10.77.0.101'));
    assert.deepEqual(await answering(vip), []);
    lan.run('client', `ip address del ${vip}/32 dev eth0`);
    lan.run('client', `ip -6 address del ${vip6}/128 dev eth0`);
    const at = monotonicMs();
    await Promise.all([vip, vip6].map((one) => a.until(opened(one), at)));
    assert.deepEqual([await answering(vip), await answering(vip6)], [[lan.mac('a')], [lan.mac('a')]]);
    const again = monotonicMs();
    a.kill('SIGKILL');
    await a.ended;
    lan.run('b', `ip address add ${vip}/32 dev eth0`);
    const next = await nodes.start('a', alone);
    await next.until(opened(vip), again);
    lan.run('b', `ip address del ${vip}/32 dev eth0`);
    assert.deepEqual(
      next.news.filter(({ kind }) => kind === 'taken'),
      [],
      'an address that was in use is asked for no more',
    );
  });

  it('its own addresses and its gateway are refused where a pool has them, and answer as they did before', async () => {
    lan.run('a', 'ip route add default via 10.77.0.20');
    const [own, gateway] = ['10.77.0.11', '10.77.0.20'];
    const all = [own, gateway, vip].map((one): readonly [string, readonly string[]] => [one, ['a']]);
    const pools = [{ first: '10.77.0.1', last: '10.77.0.199' }];
    const a = await fresh(all).start('a', { ...alone, pools });
    await a.until(opened(vip));
    const refused = a.news.findLast(({ kind }) => kind === 'unaccepted');
    assert.match(JSON.stringify(refused), /10\.77\.0\.11".*own address on eth0.*10\.77\.0\.20".*gateway/);
    assert.deepEqual(await answering(own), [lan.mac('a')], 'it is not cut off');
    const at = monotonicMs();
    lan.run('a', 'ip address add 10.77.0.150/24 dev eth0');
    for (let turn = 0; turn < 50 && (await answering('10.77.0.150', 50)).length === 0; turn += 1);
    assert.deepEqual(await answering('10.77.0.150'), [lan.mac('a')], 'nor an address that it gets later');
    assert.deepEqual(
      a.news.filter((news) => news.at > at && news.kind === 'report' && news.report.kind === 'dropped'),
      [],
    );
    lan.run('a', 'ip address del 10.77.0.150/24 dev eth0');
    lan.run('a', 'ip route del default');
  });

  it('a connection that began at the old owner goes on there when its address moves, a new one begins at the new owner', async () => {
    for (const name of names) {
      const server = `require('net').createServer((s) => s.on('data', () => s.write('${name}')).on('error', () => {})).listen(8080)`;
      const [program = '', ...words] = [...lan.inside(name), process.execPath, '-e', server];
      children.push(spawn(program, words, { stdio: 'ignore' }));
    }
    const two = { group: { version: 1, voters: names, previous: [] } };
    const [a, b] = await fresh([[vip, names]]).startAll(names, two);
    assert.ok(a && b);
    const owner = await Promise.race([a, b].map(async (one) => (await one.until(opened(vip))) && one));
    const other = owner === a ? b : a;
    const talk = `const s = require('net').connect(8080, '${vip}'); let said = ''; s.on('data', (d) => { said += d; }); s.on('error', (e) => { said += e.code; });
      const t = setInterval(() => s.write('x'), 20); setTimeout(() => { clearInterval(t); process.stdout.write(said); s.destroy(); }, Number(process.argv[1]))`;
    const [program = '', ...words] = [...lan.inside('client'), process.execPath, '-e', talk, '2500'];
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      said += part;
    });
    const ended = once(child, 'close');
    await sleep(700);
    const at = monotonicMs();
    owner.order({ kind: 'handOver', vip, to: other.name });
    await other.until(opened(vip), at);
    assert.match(inside('client', process.execPath, '-e', talk, '300'), new RegExp(`^${other.name}+$`));
    assert.deepEqual(await answering(vip), [lan.mac(other.name)]);
    await ended;
    assert.match(said, new RegExp(`^${owner.name}{50,}$`), 'all of it, by the one with whom it began');
  });

  it('keepalived goes on beside it, through a takeover and a withdrawal', { skip: missing('keepalived') }, async () => {
    const theirs = '10.77.0.210';
    for (const [name, priority] of [
      ['a', 150],
      ['b', 100],
    ] as const) {
      const file = join(folder, `${name}.conf`);
      const state = `interface eth0\n virtual_router_id 7\n priority ${priority}\n advert_int 1\n`;
      writeFileSync(file, `vrrp_instance one {\n ${state} virtual_ipaddress {\n ${theirs}/24\n }\n}\n`);
      const files = ['-p', 'r', 'c'].map((kind) => [
        kind.length > 1 ? kind : `-${kind}`,
        join(folder, `${name}.${kind}`),
      ]);
      const [program = '', ...words] = [...lan.inside(name), 'keepalived', '-n', '-l', '-f', file, ...files.flat()];
      children.push(spawn(program, words, { stdio: 'ignore' }));
    }
    const until = async (mac: string) => {
      for (let turn = 0; turn < 100 && (await answering(theirs, 50)).at(-1) !== mac; turn += 1);
      assert.deepEqual(await answering(theirs), [mac]);
    };
    await until(lan.mac('a'));
    const two = { group: { version: 1, voters: names, previous: [] } };
    const [a, b] = await fresh([[vip, names]]).startAll(names, two);
    assert.ok(a && b);
    await Promise.race([a, b].map((one) => one.until(opened(vip))));
    assert.deepEqual([(await answering(vip)).length, await answering(theirs)], [1, [lan.mac('a')]]);
    const watched = await lan.observe([theirs]);
    for (const one of [a, b]) {
      one.order({ kind: 'close', how: 'withdraw' });
      await one.ended;
    }
    const { asked, said } = await watched.end();
    const answered = said.filter(({ kind, vip: of }) => kind === 'reply' && of === theirs).length;
    assert.ok(answered >= asked.length - 2, `${answered} of ${asked.length} questions were answered`);
    assert.match(lan.run('a', 'ip address show dev eth0'), /10\.77\.0\.210/);
    children[0]?.kill('SIGTERM');
    await until(lan.mac('b'));
  });

  for (const kind of ['iptables', 'nftables'] as const) {
    const skip = kind === 'iptables' ? missing('iptables') : false;
    it(`an address leads to a Pod by rules as kube-proxy makes them with ${kind}, before and after it moves`, {
      skip,
    }, async () => {
      for (const [at, name] of names.entries()) {
        makePod(name, at);
        if (kind === 'iptables') {
          lan.run(
            name,
            `iptables -t nat -A PREROUTING -d ${vip}/32 -p tcp --dport 80 -j DNAT --to-destination 10.88.${at}.2:8080`,
          );
          lan.run(name, 'iptables -t nat -A POSTROUTING -s 10.77.0.0/24 -o pod0 -j MASQUERADE');
        } else {
          const rules = join(folder, `${name}.nft`);
          writeFileSync(
            rules,
            `table ip kube-proxy {
              map service-ips { type ipv4_addr . inet_proto . inet_service : verdict; elements = { ${vip} . tcp . 80 : goto endpoint }; }
              chain endpoint { meta l4proto tcp dnat to 10.88.${at}.2:8080; }
              chain services { ip daddr . meta l4proto . th dport vmap @service-ips; }
              chain nat-prerouting { type nat hook prerouting priority dstnat; jump services; }
              chain nat-postrouting { type nat hook postrouting priority srcnat; oifname "pod0" masquerade; }
            }\n`,
          );
          lan.run(name, `nft -f ${rules}`);
        }
      }
      try {
        const two = { group: { version: 1, voters: names, previous: [] } };
        const [a, b] = await fresh([[vip, names]]).startAll(names, two);
        assert.ok(a && b);
        const owner = await Promise.race([a, b].map(async (one) => (await one.until(opened(vip))) && one));
        assert.equal(await fetchPod(), owner.name);
        const other = owner === a ? b : a;
        const at = monotonicMs();
        owner.order({ kind: 'drain' });
        await other.until(opened(vip), at);
        assert.equal(await fetchPod(), other.name);
        const kept = lan.run(other.name, kind === 'iptables' ? 'iptables -t nat -S' : 'nft list table ip kube-proxy');
        assert.match(kept, /10\.88\.\d\.2/);
      } finally {
        for (const name of names)
          if (kind === 'iptables') lan.run(name, 'iptables -t nat -F');
          else lan.run(name, 'nft delete table ip kube-proxy');
      }
    });
  }

  /** A namespace behind a node, with a server that says the node's name; the second call finds it made. */
  function makePod(name: string, at: number): void {
    const space = `${lan.inside(name)[3]}-pod`;
    if (!spaces.includes(space)) {
      spaces.push(space);
      execFileSync('ip', ['netns', 'add', space]);
      lan.run(name, `ip link add pod0 type veth peer name eth0 netns ${space}`);
      lan.run(name, `ip address add 10.88.${at}.1/24 dev pod0`);
      lan.run(name, 'ip link set pod0 up');
      lan.run(name, 'sysctl -q -w net.ipv4.ip_forward=1');
      for (const words of [
        'link set lo up',
        `address add 10.88.${at}.2/24 dev eth0`,
        'link set eth0 up',
        `route add default via 10.88.${at}.1`,
      ])
        execFileSync('ip', ['-n', space, ...words.split(' ')]);
    }
    const server = `require('net').createServer((s) => s.end('${name}')).listen(8080)`;
    children.push(spawn('ip', ['netns', 'exec', space, process.execPath, '-e', server], { stdio: 'ignore' }));
  }

  /** What the client is told behind the address; servers may be starting. */
  async function fetchPod(): Promise<string> {
    const client = `const s = require('net').connect(80, '${vip}'); s.setTimeout(2000, () => process.exit(1)); s.on('data', (d) => process.stdout.write(d)); s.on('error', () => process.exit(1));`;
    for (let turn = 0; ; turn += 1) {
      try {
        return inside('client', process.execPath, '-e', client);
      } catch (error) {
        if (turn === 10) throw error;
        await sleep(200);
      }
    }
  }
});

/** Why a test that needs a program besides is skipped. */
function missing(program: string): string | false {
  return spawnSync(program, ['--version']).error !== undefined && `needs ${program}, which cannot be run`;
}
