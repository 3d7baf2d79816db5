import { execFileSync } from 'node:child_process';

/** Machines and a client in network namespaces on one bridge, which lies in a namespace, too: this machine's own network is not touched. */
export interface Network {
  /** The words before a command that let it run at a machine or the client. */
  inside(name: string): readonly string[];
  address(name: string): string;
  /** Pulls the cable of a machine, or puts it in again. */
  plug(name: string, connected: boolean): void;
  /** Processes there. */
  pids(name: string): readonly number[];
  /** Ends every process in the namespaces and removes them. */
  end(): void;
}

export const clientName = 'client';

/** Throws where `ip` cannot make it; nothing is left then. */
export function makeNetwork(names: readonly string[]): Network {
  const space = (name: string) => `weir-vip-${process.pid}-${name}`;
  const inside = (name: string) => ['ip', 'netns', 'exec', space(name)];
  const hosts = new Map([...names.map((name, at) => [name, 11 + at] as const), [clientName, 20]]);
  const run = (words: readonly string[]) => {
    const [program = '', ...args] = words;
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  };
  const at = (name: string, words: string) => run([...inside(name), ...words.split(' ')]);
  const pids = (name: string) =>
    run(['ip', 'netns', 'pids', space(name)])
      .split('\n')
      .filter(Boolean)
      .map(Number);
  const spaces = ['net', ...hosts.keys()];
  const end = () => {
    for (const name of spaces) {
      try {
        for (const pid of pids(name)) process.kill(pid, 'SIGKILL');
        run(['ip', 'netns', 'del', space(name)]);
      } catch {
        // It was not made, or what ran there has just ended.
      }
    }
  };
  try {
    for (const name of spaces) {
      run(['ip', 'netns', 'add', space(name)]);
      at(name, 'ip link set lo up');
    }
    at('net', 'ip link add br0 type bridge');
    at('net', 'ip link set br0 up');
    for (const [name, host] of hosts) {
      at('net', `ip link add p-${name} type veth peer name eth0 netns ${space(name)}`);
      at('net', `ip link set p-${name} master br0 up`);
      at(name, 'ip link set eth0 up');
      at(name, `ip addr add 10.77.0.${host}/24 dev eth0`);
    }
  } catch (error) {
    end();
    throw error;
  }
  return {
    inside,
    address: (name) => `10.77.0.${hosts.get(name)}`,
    plug: (name, connected) => void at('net', `ip link set p-${name} ${connected ? 'up' : 'down'}`),
    pids,
    end,
  };
}
