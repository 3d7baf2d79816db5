/** Nodes and a client in network namespaces on one bridge, for what is announced there. Needs root, `ip` and `nft`. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { listenTo } from './l2-listener.ts';
import type { Seen } from './l2-observer.ts';

export interface Lan {
  /** What starts a program at a node, or at `client`. */
  inside(name: string): readonly string[];
  /** Runs a program at a node to its end; answers what it printed. */
  run(name: string, words: string): string;
  /** Does these lines in one run of `ip` or `bridge`; `net` is the switch. */
  batch(name: string, lines: readonly string[], program?: 'ip' | 'bridge'): void;
  mac(name: string): string;
  /** Cuts a node off the network, or lets it in again. */
  plug(name: string, connected: boolean): void;
  /** Asks for these addresses from the client, a question each `gapMs`, until it is ended. */
  observe(vips: readonly string[], gapMs?: number): Promise<Observation>;
  end(): void;
}

export interface Observation {
  end(): Promise<Seen>;
}

export const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;

const client = 'client';

/**
 * Nodes get 10.77.0.11, .12 … and fd09::11, ::12 … on `eth0`; the client is .20. `vlan`: they have them on `eth0.N`, and the switch takes
 * from nodes what is tagged with N and nothing else; the client's frames it tags and untags.
 */
export function makeLan(names: readonly string[], { vlan }: { readonly vlan?: number } = {}): Lan {
  const space = (name: string) => `weir-${process.pid}-${name}`;
  const inside = (name: string) => ['ip', 'netns', 'exec', space(name)];
  const started: ChildProcess[] = [];
  const hosts = new Map([...names.map((name, at): [string, number] => [name, 11 + at]), [client, 20]]);
  const mac = (name: string) => `02:00:5e:00:53:${hosts.get(name)}`;
  const run = (name: string, words: string) => {
    const [program = '', ...args] = [...inside(name), ...words.split(' ')];
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  };
  const batch: Lan['batch'] = (name, lines, program = 'ip') =>
    execFileSync(program, ['-n', space(name), '-batch', '-'], { input: `${lines.join('\n')}\n`, stdio: 'pipe' });
  const end = () => {
    for (const child of started) child.kill('SIGKILL');
    for (const name of ['net', ...hosts.keys()])
      try {
        execFileSync('ip', ['netns', 'del', space(name)], { stdio: 'ignore' });
      } catch {
        // It was not made.
      }
  };
  try {
    for (const name of ['net', ...hosts.keys()]) execFileSync('ip', ['netns', 'add', space(name)]);
    batch('net', [
      'link set lo up',
      `link add br0 type bridge mcast_snooping 0${vlan === undefined ? '' : ' vlan_filtering 1'}`,
      'link set br0 up',
      ...[...hosts.keys()].flatMap((name) => [
        `link add p-${name} type veth peer name eth0 netns ${space(name)}`,
        `link set p-${name} master br0 up`,
      ]),
    ]);
    for (const [name, host] of hosts) {
      const tagged = vlan !== undefined && name !== client;
      if (vlan !== undefined) {
        const lines = [
          `vlan del dev p-${name} vid 1`,
          `vlan add dev p-${name} vid ${vlan}${tagged ? '' : ' pvid untagged'}`,
        ];
        batch('net', lines, 'bridge');
      }
      run(name, 'sysctl -q -w net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0');
      const face = tagged ? `eth0.${vlan}` : 'eth0';
      batch(name, [
        'link set lo up',
        `link set eth0 address ${mac(name)}`,
        'link set eth0 up',
        ...(tagged ? [`link add link eth0 name ${face} type vlan id ${vlan}`, `link set ${face} up`] : []),
        `addr add 10.77.0.${host}/24 dev ${face}`,
        `addr add fd09::${host}/64 dev ${face} nodad`,
      ]);
    }
  } catch (error) {
    end();
    throw error;
  }
  return {
    inside,
    run,
    batch,
    mac,
    plug: (name, connected) => run('net', `ip link set p-${name} ${connected ? 'up' : 'down'}`),
    async observe(vips, gapMs = 1) {
      const program = new URL('./l2-observer.ts', import.meta.url).pathname;
      const [command = '', ...words] = [
        ...inside(client),
        process.execPath,
        '--no-warnings',
        program,
        'eth0',
        String(gapMs),
        ...vips,
      ];
      const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
      started.push(child);
      return listenTo(child);
    },
    end,
  };
}
