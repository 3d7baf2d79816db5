/**
 * Addresses announced on tagged VLANs, one of them upon a bridge, with Pods behind as kube-proxy has them in its mode ipvs: a dummy
 * interface, which stays down, holds the address, and the kernel's virtual server sends what comes there to a Pod. One story in order, on
 * one network with three nodes, because starting is what costs in the guest.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { doubleAnswers } from '../e2e/l2-doubles.ts';
import { type Lan, makeLan, monotonicMs } from '../e2e/l2-lan.ts';
import { type Member, makeNodes, type Nodes, opened } from '../e2e/l2-nodes.ts';
import type { Seen } from '../e2e/l2-observer.ts';

const names = ['a', 'b', 'c'];
const [vip, vip6, held] = ['10.77.0.100', 'fd09::100', '10.77.0.150'];
const all = [vip, vip6, held];
/** The nodes of which IPVS holds an address, and have a Pod: a with its VLAN on the network card, b with its own upon a bridge. */
const faces = { a: 'eth0', b: 'br9' } as const;
const [vlan, later] = [100, 200];
const patienceMs = 120_000;

describe('VLANs and IPVS', { concurrency: false }, () => {
  let lan: Lan;
  let nodes: Nodes;
  let members: readonly Member[];
  const found = new Map<string, string>();

  before(async () => {
    lan = makeLan(names, { vlan });
    nodes = makeNodes(lan, names, [
      [vip, names],
      [vip6, names],
      [held, ['a', 'b']],
    ]);
    lan.batch('b', [
      `link del eth0.${vlan}`,
      'link add br9 type bridge mcast_snooping 0',
      `link set br9 address ${lan.mac('b')}`,
      'link set eth0 master br9',
      'link set br9 up',
      `link add link br9 name br9.${vlan} type vlan id ${vlan}`,
      `link set br9.${vlan} up`,
      `addr add 10.77.0.12/24 dev br9.${vlan}`,
      `addr add fd09::12/64 dev br9.${vlan} nodad`,
    ]);
    await Promise.all(['a', 'b'].map((name, at) => makePod(lan, name, at)));
    for (const name of ['a', 'b']) found.set(name, left(name));
  });
  after(() => {
    nodes?.end();
    lan?.end();
  });

  /** What weir could leave behind, but what is on interfaces that come later. */
  const left = (name: string) =>
    [
      ...['ip -o address show dev kube-ipvs0', `ip -o address show dev ${faceOf(name)}.${vlan}`, 'nft list ruleset'],
      ...['ip route show table local proto 119', 'ipvsadm -S -n'],
    ]
      .map((words) => lan.run(name, words))
      .join('')
      .replace(/(valid_lft|preferred_lft) \d+sec/g, '$1');
  const watch = async (does: () => unknown) => {
    const observation = await lan.observe(all, 8);
    await does();
    return observation.end();
  };
  const answering = (seen: Seen, address: string) =>
    names.filter((name) =>
      seen.said.some(({ kind, vip: of, mac }) => kind === 'reply' && of === address && mac === lan.mac(name)),
    );
  /** Waits until one node answers for each address, and never two of them; who it is may change when the guest is held up. Answers who has the last one. */
  const owners = async () => {
    for (const end = monotonicMs() + patienceMs; ; ) {
      const seen = await watch(() => sleep(500));
      assert.deepEqual(doubleAnswers(seen), []);
      const by = all.map((address) => answering(seen, address));
      const of = by.at(-1)?.[0];
      if (of !== undefined && by.every(({ length }) => length === 1)) return of;
      assert.ok(monotonicMs() < end, JSON.stringify(by));
    }
  };
  const until = async (what: string, look: () => boolean) => {
    for (const end = monotonicMs() + patienceMs; !look(); await sleep(1000))
      if (monotonicMs() > end) throw new Error(`${what}: not within ${patienceMs} ms`);
  };
  const addressesOf = (name: string, tag: number) => lan.run(name, `ip -o address show dev ${faceOf(name)}.${tag}`);
  const member = (name: string) => {
    const one = members.find((other) => other.name === name);
    assert.ok(one);
    return one;
  };
  const asked = () => {
    const [program = '', ...words] = [...lan.inside('client'), 'timeout', '10', 'bash', '-c'];
    return execFileSync(program, [...words, `exec 3<>/dev/tcp/${held}/80; cat <&3`], { encoding: 'utf8' });
  };

  /** Waits until the Pod of the owner is the one that serves; answers who that is. */
  const served = async () => {
    for (const end = monotonicMs() + patienceMs; ; ) {
      const [of, text] = [await owners(), asked()];
      if (text === `Pod of ${of}`) return of;
      assert.ok(monotonicMs() < end, `${of} owns it, and it is answered: ${text}`);
    }
  };

  it('before weir, each node answers whose IPVS holds the address', async () => {
    const seen = await watch(() => sleep(400));
    assert.deepEqual(
      all.map((address) => answering(seen, address)),
      [[], [], ['a', 'b']],
    );
  });

  it('one node answers for each address on the VLAN, and IPVS sends what comes to its Pod', async () => {
    // Slow beats: the guest has one processor for three nodes and those who ask.
    members = await nodes.startAll(names, { beatMs: 1000 });
    await until('all are answered', () =>
      all.every((address) => members.some(({ news }) => news.some(opened(address)))),
    );
    await served();
    const routes = ['a', 'c'].map((name) => lan.run(name, 'ip route show table local proto 119').trim());
    assert.deepEqual(
      routes.map((text) => [...text.matchAll(/^local (\S+) dev lo/gm)].map(([, address]) => address)),
      [[vip], [vip]],
      'what IPVS holds is used as it is',
    );
    assert.match(addressesOf('b', vlan), /fd09::100\/128 scope global nodad deprecated/);
    assert.doesNotMatch(addressesOf('a', vlan), /10\.77\.0\.1[05]0/);
  });

  it('a VLAN that appears later announces, too', async () => {
    const at = monotonicMs();
    for (const name of ['a', 'b'] as const) {
      lan.batch('net', [`vlan add dev p-${name} vid ${later}`], 'bridge');
      lan.batch(name, [
        `link add link ${faceOf(name)} name ${faceOf(name)}.${later} type vlan id ${later}`,
        `link set ${faceOf(name)}.${later} up`,
      ]);
    }
    for (const name of ['a', 'b'] as const)
      await member(name).until(
        (news) => news.kind === 'interfaces' && news.announcing.includes(`${faceOf(name)}.${later}`),
        at,
      );
    lan.batch('net', [`vlan add dev p-client vid ${later} pvid untagged`], 'bridge');
    await until('IPv6 is there', () => addressesOf('a', later).includes(vip6));
    await owners();
    lan.batch('net', [`vlan add dev p-client vid ${vlan} pvid untagged`], 'bridge');
  });

  it('strictARP, which silences what kube-ipvs0 holds: it is answered through the same gate', async () => {
    for (const name of names)
      lan.run(name, 'sysctl -q -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2');
    for (const name of ['a', 'b'])
      for (const tag of [vlan, later])
        await until(`${name} has taken both on VLAN ${tag}`, () =>
          [vip, held].every((address) => addressesOf(name, tag).includes(`${address}/32`)),
        );
    await served();
    assert.match(lan.run('a', 'ip route get 10.77.0.20'), /src 10\.77\.0\.11/, 'no announced address is a source');
  });

  it('its owner is cut off: another node says that it has the address, and its Pod serves', async () => {
    const owner = await served();
    const next = owner === 'a' ? 'b' : 'a';
    const at = monotonicMs();
    const seen = await watch(async () => {
      lan.plug(owner, false);
      await member(next).until(opened(held), at);
      await sleep(500);
    });
    assert.deepEqual(doubleAnswers(seen), []);
    const said = seen.said.filter(({ vip: of, mac }) => of === held && mac === lan.mac(next));
    assert.deepEqual([...new Set(said.map(({ kind }) => kind))].sort(), ['announcement', 'reply']);
    assert.equal(asked(), `Pod of ${next}`, 'the client has heard where it is now');
    lan.plug(owner, true);
  });

  it('stopped, it leaves what kube-proxy has made, and nothing of its own', async () => {
    // One after another: each has ten seconds for it, and one processor is little for three of them.
    member('c').kill('SIGKILL');
    for (const name of ['b', 'a']) {
      member(name).order({ kind: 'close', how: 'withdraw' });
      await member(name).ended;
      assert.equal(left(name), found.get(name));
    }
  });
});

function faceOf(name: string): string {
  return name === 'b' ? faces.b : faces.a;
}

/** A Pod of a node, and what kube-proxy makes so that the address leads there. The guest ends with all of it. */
async function makePod(lan: Lan, name: string, at: number): Promise<void> {
  const [pod, subnet] = [`pod-${name}`, `10.244.${at}`];
  execFileSync('ip', ['netns', 'add', pod]);
  lan.batch(name, [
    'link add kube-ipvs0 type dummy',
    `addr add ${held}/32 dev kube-ipvs0`,
    `link add veth9 type veth peer name eth0 netns ${pod}`,
    'link set veth9 up',
    `addr add ${subnet}.1/24 dev veth9`,
  ]);
  const lines = ['link set eth0 up', `addr add ${subnet}.2/24 dev eth0`, `route add default via ${subnet}.1`];
  execFileSync('ip', ['-n', pod, '-batch', '-'], { input: `${lines.join('\n')}\n`, stdio: 'pipe' });
  lan.run(name, 'sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.vs.conntrack=1');
  lan.run(name, `ipvsadm -A -t ${held}:80 -s rr`);
  lan.run(name, `ipvsadm -a -t ${held}:80 -r ${subnet}.2:8080 -m`);
  const serve = `require('node:net').createServer((one) => one.end('Pod of ${name}')).listen(8080, () => console.log())`;
  const server = spawn('ip', ['netns', 'exec', pod, process.execPath, '-e', serve], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  server.unref();
  await once(server.stdout, 'data');
  server.stdout.destroy();
}
