/** Nodes that announce on a virtual LAN, each a process in its namespace, with what it tells. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { News, Order, SpeakerOptions } from '../../providers/l2/options.ts';
import { type Lan, monotonicMs } from './l2-lan.ts';

/** The guest is slow, the more so beside others. */
const patienceMs = process.env.WEIR_GUEST === '1' ? 120_000 : 30_000;

export interface Member {
  readonly name: string;
  readonly news: readonly (News & { readonly at: number })[];
  readonly pid: number;
  order(order: Order | { readonly kind: 'stall'; readonly ms: number }): void;
  /** Resolves with the first news since `from` that fits; fails after 30 s, in the guest after 120. */
  until(fits: (news: News) => boolean, from?: number): Promise<News>;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<unknown>;
}

export interface Nodes {
  start(name: string, options?: Partial<SpeakerOptions>): Promise<Member>;
  /** Starts these, the first one before the others, so that it is the one that claims what it ranks first for. */
  startAll(names: readonly string[], options?: Partial<SpeakerOptions>): Promise<readonly Member[]>;
  /** Begins a node without waiting until it is ready; `path`: where it finds programs, `wrap`: what starts it. */
  begin(name: string, options?: Partial<SpeakerOptions>, path?: string, wrap?: readonly string[]): Member;
  stateDir(name: string): string;
  end(): void;
}

const ownProgram = fileURLToPath(new URL('./l2-node-child.ts', import.meta.url));

/** `ranks`: address → nodes, the owner first. All nodes vote. `program`: what a node runs. */
export function makeNodes(
  lan: Lan,
  names: readonly string[],
  ranks: SpeakerOptions['ranks'],
  program = ownProgram,
): Nodes {
  const folder = mkdtempSync(join(tmpdir(), 'weir-l2-'));
  const running: ChildProcessByStdio<Writable, Readable, null>[] = [];
  const peers = names.map((name, at) => ({ name, address: `10.77.0.${11 + at}`, port: 7946 }));
  const begin: Nodes['begin'] = (name, options = {}, path = process.env.PATH ?? '', wrap = []) => {
    const all: SpeakerOptions = {
      node: name,
      peers: peers.filter((peer) => peer.name !== name),
      listen: { address: '0.0.0.0', port: 7946 },
      secret: 'a secret that only the tests know',
      cluster: 'test',
      group: { version: 1, voters: names, previous: [] },
      interfaces: {},
      stateDir: join(folder, name),
      pools: [
        { first: '10.77.0.100', last: '10.77.0.199' },
        { first: 'fd09::100', last: 'fd09::1ff' },
      ],
      ranks,
      ...options,
    };
    const node = [process.execPath, '--no-warnings', program, JSON.stringify(all)];
    const [command = '', ...words] = [...lan.inside(name), ...wrap, 'env', `PATH=${path}`, ...node];
    const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    running.push(child);
    child.stdin.on('error', () => {});
    const news: (News & { at: number })[] = [];
    createInterface({ input: child.stdout }).on('line', (line) =>
      news.push({ ...JSON.parse(line), at: monotonicMs() }),
    );
    return {
      name,
      news,
      pid: child.pid ?? 0,
      order: (order) => child.stdin.write(`${JSON.stringify(order)}\n`),
      async until(fits, from = 0) {
        for (const end = monotonicMs() + patienceMs; monotonicMs() < end; await sleep(1)) {
          const found = news.find((one) => one.at >= from && fits(one));
          if (found !== undefined) return found;
        }
        throw new Error(`${name} did not tell it: ${JSON.stringify(news.slice(-10))}`);
      },
      kill: (signal) => child.kill(signal),
      ended: once(child, 'exit'),
    };
  };
  const start = async (name: string, options?: Partial<SpeakerOptions>) => {
    const member = begin(name, options);
    await member.until(({ kind }) => kind === 'ready');
    return member;
  };
  return {
    begin,
    start,
    async startAll([first = '', ...others], options) {
      const member = await start(first, options);
      return [member, ...(await Promise.all(others.map((name) => start(name, options))))];
    },
    stateDir: (name) => join(folder, name),
    end() {
      for (const child of running) {
        child.kill('SIGCONT');
        child.kill('SIGKILL');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** News that an address is open at a node. */
export function opened(vip: string): (news: News) => boolean {
  return (news) => news.kind === 'report' && news.report.kind === 'opened' && news.report.vip === vip;
}
