/** Two nodes, a client and targets in network namespaces on one bridge, and an address that moves between the nodes. Needs root, `ip` and `nft`. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Node {
  readonly name: 'a' | 'b';
  /** What starts a program there. */
  readonly inside: readonly string[];
}

export interface TwoNodes {
  readonly a: Node;
  readonly b: Node;
  /** What starts a program at the client, and among the targets. */
  readonly client: readonly string[];
  readonly targets: readonly string[];
  readonly targetAddress: string;
  /** Clients ask for it. */
  readonly address: string;
  /** Moves the address to a node, which tells everybody. */
  move(to: Node): void;
  /** Connections of the address to this port that a node holds. */
  connections(node: Node, port: number): number;
  end(): void;
}

const address = '10.77.0.100';
const hosts = { a: 11, b: 12, c: 20 } as const;

/** The rules that a user installs, with the addresses of here. */
function rules(peer: number): string {
  const file = readFileSync(new URL('../../deploy/two-nodes/handover.nft', import.meta.url), 'utf8');
  return file
    .replace(/^define address = .*/m, `define address = ${address}`)
    .replace(/^define peer = .*/m, `define peer = 10.77.0.${peer}`)
    .replace(/^define peer_mac = .*/m, `define peer_mac = ${mac(peer)}`);
}

function mac(host: number): string {
  return `02:00:5e:00:53:${host}`;
}

export function makeTwoNodes(): TwoNodes {
  const space = (name: string) => `weir-${process.pid}-${name}`;
  const inside = (name: string) => ['ip', 'netns', 'exec', space(name)] as const;
  const run = ([program = '', ...args]: readonly string[], input = '') =>
    execFileSync(program, args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] });
  const ip = (name: string, words: string) => run(['ip', '-n', space(name), ...words.split(' ')]);
  const set = (name: string, key: string, value: number) =>
    run([...inside(name), 'sh', '-c', `echo ${value} > /proc/sys/net/${key.replaceAll('.', '/')}`]);
  const end = () => {
    for (const name of ['net', ...Object.keys(hosts)])
      try {
        execFileSync('ip', ['netns', 'del', space(name)], { stdio: 'ignore' });
      } catch {
        // It was not made.
      }
  };
  const plug = (name: string, device: string) => {
    const port = `${device}-${name}`;
    ip('net', `link add ${port} type veth peer name ${device} netns ${space(name)}`);
    ip('net', `link set ${port} master br0 up`);
  };
  try {
    for (const name of ['net', ...Object.keys(hosts)]) {
      run(['ip', 'netns', 'add', space(name)]);
      ip(name, 'link set lo up');
    }
    ip('net', 'link add br0 type bridge');
    ip('net', 'link set br0 up');
    ip('net', 'addr add 10.77.0.1/24 dev br0');
    for (const [name, host] of Object.entries(hosts)) {
      plug(name, 'eth0');
      ip(name, `link set eth0 address ${mac(host)}`);
      ip(name, `addr add 10.77.0.${host}/24 dev eth0`);
      ip(name, 'link set eth0 up');
    }
    for (const [name, peer] of [
      ['a', hosts.b],
      ['b', hosts.a],
    ] as const) {
      set(name, 'ipv4.conf.all.arp_ignore', 1);
      set(name, 'ipv4.conf.all.arp_announce', 2);
      set(name, 'ipv4.conf.eth0.arp_notify', 1);
      ip(name, `addr add ${address}/32 dev lo`);
      run([...inside(name), 'nft', '-f', '-'], rules(peer));
      set(name, 'netfilter.nf_conntrack_tcp_be_liberal', 1);
    }
  } catch (error) {
    end();
    throw error;
  }
  const node = (name: 'a' | 'b'): Node => ({ name, inside: inside(name) });
  let holder: Node | undefined;
  return {
    a: node('a'),
    b: node('b'),
    client: inside('c'),
    targets: inside('net'),
    targetAddress: '10.77.0.1',
    address,
    move(to) {
      if (holder !== undefined) ip(holder.name, `addr del ${address}/32 dev eth0`);
      ip(to.name, `addr add ${address}/32 dev eth0`);
      // With arp_notify the kernel announces all addresses of an interface whose own is set: a gratuitous ARP.
      ip(to.name, `link set eth0 address ${mac(hosts[to.name])}`);
      holder = to;
    },
    connections(at, port) {
      const local = `${address
        .split('.')
        .reverse()
        .map((part) => Number(part).toString(16).padStart(2, '0'))
        .join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
      const table = run([...at.inside, 'cat', '/proc/net/tcp']);
      // 01: established.
      return table.split('\n').filter((line) => new RegExp(`^\\s*\\d+: ${local} \\S+ 01 `).test(line)).length;
    },
    end,
  };
}
