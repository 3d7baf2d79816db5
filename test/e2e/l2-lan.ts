/** Nodes and a client in network namespaces on one bridge, for what is announced there. Needs root, `ip` and `nft`. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { listenTo } from './l2-listener.ts';
import type { Seen } from './l2-observer.ts';

export interface Lan {
  /** What starts a program at a node, or at `client`. */
  inside(name: string): readonly string[];
  /** Runs a program at a node to its end; answers what it printed. */
  run(name: string, words: string): string;
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

/** Nodes get 10.77.0.11, .12 … and fd09::11, ::12 … on `eth0`; the client is .20. */
export function makeLan(names: readonly string[]): Lan {
  const space = (name: string) => `weir-${process.pid}-${name}`;
  const inside = (name: string) => ['ip', 'netns', 'exec', space(name)];
  const started: ChildProcess[] = [];
  const hosts = new Map([...names.map((name, at): [string, number] => [name, 11 + at]), [client, 20]]);
  const mac = (name: string) => `02:00:5e:00:53:${hosts.get(name)}`;
  const run = (name: string, words: string) => {
    const [program = '', ...args] = [...inside(name), ...words.split(' ')];
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  };
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
    for (const name of ['net', ...hosts.keys()]) {
      execFileSync('ip', ['netns', 'add', space(name)]);
      run(name, 'ip link set lo up');
    }
    run('net', 'ip link add br0 type bridge mcast_snooping 0');
    run('net', 'ip link set br0 up');
    for (const [name, host] of hosts) {
      run('net', `ip link add p-${name} type veth peer name eth0 netns ${space(name)}`);
      run('net', `ip link set p-${name} master br0 up`);
      run(name, `ip link set eth0 address ${mac(name)}`);
      run(name, 'sysctl -q -w net.ipv6.conf.eth0.accept_dad=0');
      run(name, 'ip link set eth0 up');
      run(name, `ip addr add 10.77.0.${host}/24 dev eth0`);
      run(name, `ip addr add fd09::${host}/64 dev eth0 nodad`);
    }
  } catch (error) {
    end();
    throw error;
  }
  return {
    inside,
    run,
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
