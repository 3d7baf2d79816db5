/** How fast a route is found among 25,000: weir's configuration against one written by hand for these routes and nothing else, in turn. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { twinLine } from '../../providers/haproxy/section-forwarded.ts';
import { ownHopLines } from '../../providers/haproxy/section-frontend.ts';
import type { PumpOptions, PumpResult } from './client/pump.ts';
import { type BenchOptions, type Figure, type FigureSpec, median } from './figure.ts';
import { seeded } from './haproxy/churn.ts';
import { freePorts, startEdge, until } from './haproxy/edge.ts';
import { accepts } from './haproxy/probe.ts';
import { cpuUs, setApart } from './haproxy/set-apart.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'haproxy.route_ratio', unit: 'times', limit: 0.95, direction: 'higher' },
  { name: 'haproxy.route_cpu_ratio', unit: 'times', direction: 'lower' },
];

/** route-regex: each host gets a path by regular expression too. */
export const breaks = ['route-regex'];

export const load =
  '5,000 hosts × 5 paths to 250 backends, answered by a third HAProxy; one thread each, all but the choice of routes alike; requests for random hosts and paths, 16 connections × 32 in a row; 1.5 s each in turn, 20 times';

const groups = 50;
const hostsEach = 100;
const paths = { '/': 'a', '/api': 'b', '/api/v2': 'c', '/static': 'd', '/admin': 'e' } as const;
const turns = 20;
const turnMs = 1_500;

export async function run({ breakName }: BenchOptions): Promise<readonly Figure[]> {
  const [port = 0, handPort = 0, answerPort = 0] = await freePorts(3);
  const folder = await mkdtemp(`${tmpdir()}/weir-bench-route-`);
  const children: ChildProcess[] = [];
  const haproxy = async (name: string, text: string, listening: number) => {
    await writeFile(`${folder}/${name}.cfg`, text);
    const child = spawn('haproxy', ['-f', `${folder}/${name}.cfg`, '-db'], {
      stdio: ['ignore', 'inherit', 'inherit'],
      // A session of its own, as weir's HAProxy has one.
      detached: true,
    });
    children.push(child);
    await until(`${name} listens`, () => accepts(listening));
    return child.pid ?? 0;
  };
  const edge = await startEdge({ services: services(port, answerPort, breakName), options: { threads: 1 } });
  try {
    const answerPid = await haproxy('answers', answers(answerPort), answerPort);
    await writeFile(`${folder}/routes.map`, handMap());
    const handPid = await haproxy('hand', byHand(folder, handPort, answerPort), handPort);
    const weirPid = (await edge.processes()).worker;
    const pump = fork(`${import.meta.dirname}/client/pump.ts`, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
    });
    children.push(pump);
    await started(pump);
    setApart([answerPid, handPid, weirPid, pump.pid ?? 0], -15);
    const [weir, hand]: [Side, Side] = [newSide(port, weirPid), newSide(handPort, handPid)];
    const sides = [weir, hand];
    for (const side of sides) await ask(pump, side.port, 500);
    for (let i = 0; i < (breakName === undefined ? turns : 4); i++)
      // Who goes first changes: neither always meets the machine as the other left it.
      for (const side of i % 2 === 0 ? sides : [hand, weir]) {
        const before = cpuUs(side.pid);
        const { answers, ms } = await ask(pump, side.port, turnMs);
        side.rates.push((answers * 1_000) / ms);
        side.spentUs += cpuUs(side.pid) - before;
        side.answers += answers;
      }
    const ratio = median(weir.rates.map((rate, i) => rate / (hand.rates[i] ?? Number.NaN)));
    const cpu = weir.spentUs / weir.answers / (hand.spentUs / hand.answers);
    process.stderr.write(
      `requests/s weir ${Math.round(median(weir.rates))}, by hand ${Math.round(median(hand.rates))}; µs of processor a request ${perRequest(weir)}, ${perRequest(hand)}\n`,
    );
    return [
      { figure: 'haproxy.route_ratio', value: Math.round(ratio * 1_000) / 1_000, unit: 'times', n: turns },
      { figure: 'haproxy.route_cpu_ratio', value: Math.round(cpu * 1_000) / 1_000, unit: 'times', n: weir.answers },
    ];
  } finally {
    await edge.end();
    for (const child of children) {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  }
}

interface Side {
  readonly port: number;
  readonly pid: number;
  /** Requests a second, turn by turn. */
  readonly rates: number[];
  /** Time on a processor for all of them. */
  spentUs: number;
  answers: number;
}

function newSide(port: number, pid: number): Side {
  return { port, pid, rates: [], spentUs: 0, answers: 0 };
}

function perRequest({ spentUs, answers }: Side): string {
  return (spentUs / answers).toFixed(2);
}

function hostsOf(group: number): readonly string[] {
  return Array.from({ length: hostsEach }, (_, k) => `host-${group}-${k}.example.test`);
}

function services(port: number, answerPort: number, breakName: string | undefined): Record<string, string> {
  const extra = breakName === 'route-regex' ? { '~ ^/u/[0-9]+/(a|b)$': 'a' } : {};
  return Object.fromEntries(
    Array.from({ length: groups }, (_, group) => [
      `g${group}.json`,
      JSON.stringify({
        name: `bench/g${group}`,
        http: { port, rules: [{ hosts: hostsOf(group), paths: { ...paths, ...extra } }] },
        backends: Object.fromEntries(Object.values(paths).map((name) => [name, [`127.0.0.1:${answerPort}`]])),
      }),
    ]),
  );
}

/** What every configuration of the comparison has. */
const common = `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5000
  timeout client 60000
  timeout server 60000
  timeout http-request 10000
  timeout http-keep-alive 60000
  timeout queue 5000
  timeout tunnel 3600000
`;

/** What weir's default options say of failing targets and of reloads: not what is compared here. */
const alike = `  retries 3
  option redispatch 1
  retry-on conn-failure empty-response
  option idle-close-on-response
`;
/** How long connections to targets wait for a request. */
const idle = 'pool-purge-delay 250ms';

function answers(port: number): string {
  return `${common}frontend answers
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string ok
`;
}

function handMap(): string {
  return Array.from({ length: groups }, (_, group) =>
    hostsOf(group).map((host) =>
      Object.entries(paths).map(([path, name]) => `${host}${path === '/' ? '/' : `${path}/`} g${group}-${name}\n`),
    ),
  )
    .flat(2)
    .join('');
}

/** One prefix tree, one look, no care for anything that these requests do not need; all but the routes as weir has it. */
function byHand(folder: string, port: number, answerPort: number): string {
  const backends = Array.from({ length: groups }, (_, group) =>
    Object.values(paths).map(
      (name) =>
        `backend g${group}-${name}\n  http-request disable-l7-retry unless { method GET HEAD OPTIONS TRACE }\n  server one 127.0.0.1:${answerPort} ${idle}\n`,
    ),
  ).flat();
  return `${common}${alike}frontend web
  bind 127.0.0.1:${port}
  ${ownHopLines.join('\n  ')}
  ${twinLine}
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Real-IP %[src]
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.fhdr(host)]
  http-request set-header X-Forwarded-Port ${port}
  http-request del-header Forwarded
  http-request del-header X-SSL-Client- -m beg
  http-request set-var(txn.p) path
  use_backend %[req.fhdr(host),host_only,lower,concat(,txn.p,/),map_beg(${folder}/routes.map)]
${backends.join('')}`;
}

async function started(pump: ChildProcess): Promise<void> {
  const random = seeded(8);
  const ends = Object.keys(paths);
  const asks = Array.from({ length: 32 * 400 }, (): [string, string] => {
    const host = `host-${Math.floor(random() * groups)}-${Math.floor(random() * hostsEach)}.example.test`;
    const path = ends[Math.floor(random() * ends.length)] ?? '/';
    return [host, `${path === '/' ? '' : path}/item`];
  });
  const options: PumpOptions = { asks, connections: 16, depth: 32 };
  pump.send(options);
  await once(pump, 'message');
}

async function ask(pump: ChildProcess, port: number, forMs: number): Promise<PumpResult> {
  pump.send({ port, forMs });
  const ended = new AbortController();
  pump.once('exit', () => ended.abort(new Error('the pump ended')));
  const [result] = await once(pump, 'message', { signal: ended.signal }).finally(() => pump.removeAllListeners('exit'));
  return result;
}
