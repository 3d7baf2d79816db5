/** Where Pods live: a network namespace a node, and inside it an echo server that answers for every Pod there. Needs root and `ip`. */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Target } from './kube-proxy.ts';
import type { Remains } from './remains.ts';

export interface PodHost {
  /** Of the node; Pods of the host network have it too. */
  readonly address: string;
  readonly podCidr: string;
  /** What starts a program there. */
  readonly inside: readonly string[];
  /** An address of podCidr that no Pod has. Addresses come back late: who still sends to an old one must not reach a new Pod. */
  takeAddress(): string;
  /** Answers `name` and a newline to every request at these ports, `delay` in the query milliseconds late. Answers when they listen. */
  open(address: string, ports: readonly number[], name: string): Promise<void>;
  /** Connections are refused from now on; running requests end, then their connections. */
  refuse(name: string): Promise<void>;
  /** As the kernel does it when a process dies. */
  kill(name: string): Promise<void>;
  /** At the node's address. Without targets the port refuses, and is no health check port either. */
  forward(port: number, targets: readonly Target[]): Promise<void>;
  /** A health check port at the node's address, for so many endpoints here. */
  health(port: number, local: number): Promise<void>;
  end(): void;
}

/** Why Pods cannot run here, for `{ skip }`; else false. */
export function missingPods(): string | false {
  return process.getuid?.() === 0 ? false : 'network namespaces for Pods need root';
}

export interface PodNetwork {
  /** Room for another node, fifteen at most. */
  addHost(): PodHost;
  end(): void;
}

/**
 * Makes a network with a range of 198.18.0.0/15 (RFC 2544, for test networks: nothing else routes it). Its switch stands in a namespace
 * too, so that no rule or setting of the machine is in the way. The addresses of its Pods are all local to their node, which answers
 * for them on the wire, so a Pod that is gone refuses.
 */
export function makePodNetwork(remains: Remains): PodNetwork {
  const id = randomBytes(3).toString('hex');
  const [space, device] = [`weir-pods-${id}`, `wpods${id}`];
  const { prefix, third } = freeRange();
  const link = (host: number) => `${prefix}.${third}.${host}/20`;
  const hosts: PodHost[] = [];
  const end = (): void => {
    for (const host of hosts) host.end();
    deleteSpace(space);
  };
  try {
    remains.namespace(space);
    ip('netns', 'add', space);
    ip('-n', space, 'link', 'add', 'br0', 'type', 'bridge');
    ip('-n', space, 'link', 'set', 'br0', 'up');
    ip('link', 'add', device, 'type', 'veth', 'peer', 'name', 'machine', 'netns', space);
    ip('-n', space, 'link', 'set', 'machine', 'master', 'br0', 'up');
    ip('addr', 'add', link(1), 'dev', device);
    ip('link', 'set', device, 'up');
  } catch (error) {
    end();
    throw error;
  }
  return {
    addHost() {
      const at = hosts.length + 1;
      if (at > 15) throw new Error('a network for Pods has room for 15 nodes');
      const node = `${space}-${at}`;
      remains.namespace(node);
      ip('netns', 'add', node);
      ip('-n', space, 'link', 'add', `node${at}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', node);
      ip('-n', space, 'link', 'set', `node${at}`, 'master', 'br0', 'up');
      ip('-n', node, 'addr', 'add', link(1 + at), 'dev', 'eth0');
      ip('-n', node, 'link', 'set', 'lo', 'up');
      ip('-n', node, 'link', 'set', 'eth0', 'up');
      const pods = `${prefix}.${third + at}`;
      ip('-n', node, 'route', 'add', 'local', `${pods}.0/24`, 'dev', 'lo');
      const host = makeHost(node, `${prefix}.${third}.${1 + at}`, pods, remains);
      hosts.push(host);
      return host;
    },
    end,
  };
}

function makeHost(space: string, address: string, pods: string, remains: Remains): PodHost {
  const inside = ['ip', 'netns', 'exec', space];
  const server = new URL('echo-pods.ts', import.meta.url).pathname;
  const child = spawn('ip', [...inside.slice(1), process.execPath, server, remains.directory], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (child.pid !== undefined) remains.process(child.pid);
  const ask = askInLines(child);
  let last = 0;
  return {
    address,
    podCidr: `${pods}.0/24`,
    inside,
    takeAddress() {
      last = (last % 254) + 1;
      return `${pods}.${last}`;
    },
    open: (at, ports, name) => ask({ op: 'open', address: at, ports, name }),
    refuse: (name) => ask({ op: 'refuse', name }),
    kill: (name) => ask({ op: 'kill', name }),
    forward: (port, targets) => ask({ op: 'forward', address, port, targets }),
    health: (port, local) => ask({ op: 'health', address, port, local }),
    end() {
      child.kill('SIGKILL');
      deleteSpace(space);
    },
  };
}

/** A /20 that no route of this namespace touches: `198.18` and the first value of the third number. */
function freeRange(): { readonly prefix: string; readonly third: number } {
  const routes = ip('-4', 'route', 'show', 'table', 'all');
  const taken = new Set(
    [...routes.matchAll(/\b(198\.1[89])\.(\d+)\.\d+/g)].map(([, prefix, third]) => `${prefix} ${Number(third) >> 4}`),
  );
  for (let attempt = 0; attempt < 500; attempt++) {
    const [prefix, block] = [`198.${18 + Math.floor(Math.random() * 2)}`, Math.floor(Math.random() * 16)];
    if (!taken.has(`${prefix} ${block}`)) return { prefix, third: block << 4 };
  }
  throw new Error('every range of 198.18.0.0/15 is routed already: remove what earlier tests left (ip route)');
}

function ip(...args: readonly string[]): string {
  return execFileSync('ip', [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function deleteSpace(name: string): void {
  try {
    ip('netns', 'del', name);
  } catch {
    // It was not made, or the control plane went first and took it along.
  }
}

/** One line of JSON a question and its answer. */
function askInLines(child: ChildProcessByStdio<Writable, Readable, null>): (question: object) => Promise<void> {
  const waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  let asked = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, error } = JSON.parse(line) as { id: number; error?: string };
    const one = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) one?.resolve();
    else one?.reject(new Error(`echo server: ${error}`));
  });
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`the echo server ended with ${code ?? signal}`));
    waiting.clear();
  });
  child.stdin.on('error', () => {});
  return (question) =>
    new Promise((resolve, reject) => {
      const id = ++asked;
      waiting.set(id, { resolve, reject });
      child.stdin.write(`${JSON.stringify({ id, ...question })}\n`);
    });
}
