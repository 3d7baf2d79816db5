/** `weir demo --vip`: an address that three machines announce, in network namespaces of this one; the owner dies and is drained, and the gaps are told. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoOptions } from '../../deps.ts';
import type { Io } from '../../io.ts';
import { say } from '../../say.ts';
import type { Paint } from '../../text/paint.ts';
import type { Judge } from '../check.ts';
import { judgeFor } from '../judge.ts';
import { monotonicMs } from './client.ts';
import { address, buildMachines, type Machines, names, port } from './machines.ts';

const pauseMs = 10_000;
const startMs = 30_000;
/** A takeover takes a third of a second; a machine under load some more. */
const mostMs = 2000;

/** Runs until Ctrl-C (exit code 0), or with `check` until the script is played (0 or 1). */
export async function vipDemo({ check }: DemoOptions, io: Io): Promise<number> {
  const missing = await missingFor(io);
  if (missing !== undefined) {
    io.err(`The demo of virtual addresses makes network namespaces: it needs ${missing}.\n`);
    return 1;
  }
  const interrupted = new AbortController();
  const release = io.onInterrupt((times) => (times === 1 ? interrupted.abort() : io.abandon(130)));
  const { signal } = interrupted;
  const judge = judgeFor(io);
  let machines: Machines | undefined;
  try {
    machines = await buildMachines(io);
    const { folder } = machines;
    say(io, (paint) => welcome(folder, machines, paint));
    for (const name of names) machines.start(name);
    await play(machines, judge, { signal, check });
  } catch (error) {
    if (!signal.aborted) judge.expect('the demo runs', false, error instanceof Error ? error.message : String(error));
  } finally {
    await machines?.end();
    release();
  }
  if (!check) {
    io.err('stopped; nothing is left behind\n');
    return judge.failed() === 0 ? 0 : 1;
  }
  if (machines !== undefined) judge.expect('no file is left', !existsSync(machines.folder), machines.folder);
  const failed = judge.failed();
  io.out(failed === 0 ? 'demo: everything as it should be\n' : `demo: ${failed} checks failed\n`);
  if (signal.aborted) return 130;
  return failed === 0 ? 0 : 1;
}

async function missingFor(io: Io): Promise<string | undefined> {
  const programs = { ip: 'iproute2', nft: 'nftables', haproxy: 'haproxy' };
  const packages: string[] = [];
  for (const [program, name] of Object.entries(programs)) if (!(await io.runnable(program))) packages.push(name);
  const needs = [
    ...(process.getuid?.() === 0 ? [] : ['root']),
    ...(packages.length === 0 ? [] : [`${packages.join(', ')} (apt-get install ${packages.join(' ')})`]),
  ];
  return needs.length === 0 ? undefined : needs.join(' and ');
}

function welcome(folder: string, machines: Machines | undefined, paint: Paint): string {
  const rows = [
    [
      'address',
      `http://${address}:${port}/, announced by one of ${names.join(', ')}; HAProxy on each of them serves it`,
    ],
    ['files', folder],
    ['who', machines?.commandAt('b', 'status') ?? ''],
  ];
  const title = `${paint.strong('weir demo --vip')}  three machines and a client, in network namespaces of this one`;
  return `\n${title}\n${rows.map(([word = '', text = '']) => `  ${word.padEnd(9)} ${text}\n`).join('')}\n`;
}

interface Playing {
  readonly signal: AbortSignal;
  readonly check: boolean;
}

async function play(machines: Machines, judge: Judge, { signal, check }: Playing): Promise<void> {
  let owner = await settled(machines, signal);
  judge.expect(`one machine answers for ${address}: ${owner}`, true);
  if (!check) judge.say('every 10 s a machine dies, or is drained, in turn; Ctrl-C ends everything');
  for (;;) {
    if (!check) await sleep(pauseMs, undefined, { signal });
    owner = await die(machines, owner, judge, signal);
    if (!check) await sleep(pauseMs, undefined, { signal });
    owner = await drain(machines, owner, judge, signal);
    if (check) return;
  }
}

/** The plug is pulled and everything on the machine is dead at once. */
async function die(machines: Machines, owner: string, judge: Judge, signal: AbortSignal): Promise<string> {
  judge.say(`${owner} loses power: the cable is out, nothing runs any more`);
  const atMs = monotonicMs();
  machines.kill(owner);
  const next = await nextOwner(machines, owner, atMs, signal);
  const gapMs = Math.round(next.atMs - atMs);
  judge.expect(`${next.name} answers ${gapMs} ms later`, gapMs <= mostMs, `more than ${mostMs} ms`);
  machines.start(owner);
  judge.say(`${owner} is back, as a standby: nothing moves`);
  const still = await settled(machines, signal);
  judge.expect('who has an address keeps it', still === next.name, `${still} took it`);
  return still;
}

/** Told to stop, it hands its addresses over first. */
async function drain(machines: Machines, owner: string, judge: Judge, signal: AbortSignal): Promise<string> {
  judge.say(`${owner} is stopped, with a drain`);
  await sleep(500, undefined, { signal });
  const from = machines.answers.length;
  const atMs = monotonicMs();
  const [next] = await Promise.all([nextOwner(machines, owner, atMs, signal), machines.stop(owner)]);
  await sleep(500, undefined, { signal });
  const asked = machines.answers.slice(from);
  const failed = asked.filter(({ error }) => error !== undefined);
  const slowest = Math.round(Math.max(...asked.map(({ tookMs }) => tookMs)));
  const told = `${asked.length} requests, ${failed.length} failed, the slowest took ${slowest} ms`;
  judge.expect(`${next.name} answers, and no request fails`, failed.length === 0, told, true);
  machines.start(owner);
  return settled(machines, signal);
}

/** The first request after this time that another machine answered, and when it began. */
async function nextOwner(machines: Machines, before: string, fromMs: number, signal: AbortSignal) {
  for (const endMs = monotonicMs() + startMs; monotonicMs() < endMs; await sleep(20, undefined, { signal })) {
    for (const answer of machines.answers) {
      const name = answer.atMs >= fromMs ? machines.nameOf(answer) : undefined;
      // One that began in the gap and was answered by a later try says when that was.
      if (name !== undefined && name !== before && answer.tookMs < 500) return { name, atMs: answer.atMs };
    }
  }
  throw new Error(`nobody answers for ${address} after ${before}`);
}

const ailing = (machines: Machines) => names.flatMap((name) => machines.ailing(name) ?? []);

/** Who answers, once every machine runs and is well. */
async function settled(machines: Machines, signal: AbortSignal): Promise<string> {
  for (const endMs = monotonicMs() + startMs; monotonicMs() < endMs; await sleep(200, undefined, { signal })) {
    const last = machines.answers.at(-1);
    const name = last === undefined ? undefined : machines.nameOf(last);
    if (name !== undefined && ailing(machines).length === 0) return name;
  }
  const why = ailing(machines).join('; ') || `nobody answers: ${machines.answers.at(-1)?.error}`;
  throw new Error(`not everything was well within ${startMs / 1000} s: ${why}`);
}
