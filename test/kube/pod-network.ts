/** Where Pods live: a network namespace a node, with an echo server inside that answers for every Pod there. Needs root and `ip`. */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
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
  end(): void;
}

/** Why Pods cannot run here, for `{ skip }`; else false. */
export function missingPods(): string | false {
  return process.getuid?.() === 0 ? false : 'network namespaces for Pods need root';
}

/**
 * Makes a namespace with a range of 198.18.0.0/15 (RFC 2544, for test networks: nothing else routes it), routed from the namespace of
 * the test process. Its Pods' addresses are all local there, so a Pod that is gone refuses.
 */
export function makePodHost(remains: Remains): PodHost {
  const id = randomBytes(3).toString('hex');
  const space = `weir-pods-${id}`;
  const [link, pods] = freeRanges();
  const ip = (...args: readonly string[]) =>
    execFileSync('ip', [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  remains.namespace(space);
  ip('netns', 'add', space);
  ip('link', 'add', `wpods${id}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
  ip('addr', 'add', `${link}.1/24`, 'dev', `wpods${id}`);
  ip('link', 'set', `wpods${id}`, 'up');
  ip('-n', space, 'addr', 'add', `${link}.2/24`, 'dev', 'eth0');
  ip('-n', space, 'link', 'set', 'lo', 'up');
  ip('-n', space, 'link', 'set', 'eth0', 'up');
  ip('-n', space, 'route', 'add', 'default', 'via', `${link}.1`);
  ip('-n', space, 'route', 'add', 'local', `${pods}.0/24`, 'dev', 'lo');
  ip('route', 'add', `${pods}.0/24`, 'via', `${link}.2`);
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
    address: `${link}.2`,
    podCidr: `${pods}.0/24`,
    inside,
    takeAddress() {
      last = (last % 254) + 1;
      return `${pods}.${last}`;
    },
    open: (address, ports, name) => ask({ op: 'open', address, ports, name }),
    refuse: (name) => ask({ op: 'refuse', name }),
    kill: (name) => ask({ op: 'kill', name }),
    end() {
      child.kill('SIGKILL');
      try {
        ip('netns', 'del', space);
      } catch {
        // The control plane went first, and took it along.
      }
    },
  };
}

/** Two ranges of 256 addresses, as `198.18.4` and `198.18.5`, that no interface or route of this namespace has. */
function freeRanges(): readonly [string, string] {
  const taken = execFileSync('ip', ['-4', 'route', 'show', 'table', 'all'], { encoding: 'utf8' });
  for (let attempt = 0; attempt < 200; attempt++) {
    const [high, low] = [18 + Math.floor(Math.random() * 2), 2 * Math.floor(Math.random() * 128)];
    const [link, pods] = [`198.${high}.${low}`, `198.${high}.${low + 1}`];
    if (!taken.includes(`${link}.`) && !taken.includes(`${pods}.`)) return [link, pods];
  }
  throw new Error('every range of 198.18.0.0/15 is routed already: remove what earlier tests left (ip route)');
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
