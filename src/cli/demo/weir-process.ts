/** The real `weir run` as a process of its own, followed through its JSON lines. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { AppliedPlan, PlanReport, Problem } from '../../model/index.ts';

export interface WeirListener {
  planned(plan: PlanReport): void;
  applied(plan: AppliedPlan): void;
  problems(appeared: readonly Problem[]): void;
  /** A line of its log. */
  log(line: string): void;
}

export interface WeirProcess {
  readonly pid: number;
  /** Resolves when everything that can be served is; rejects when weir ends before. */
  readonly ready: Promise<void>;
  /** Resolves with the exit code (or the signal) when it has ended, for whatever reason. */
  readonly ended: Promise<number | string>;
  /** How many plans were applied so far. */
  readonly appliedCount: number;
  /** Ends it as Ctrl-C does and waits; by force after `timeoutMs`. Answers whether it ended by itself. */
  stop(timeoutMs?: number): Promise<boolean>;
}

// Lines come from the same program: their type is told apart here, their content has the shape that the type says.
const line = z.discriminatedUnion('type', [
  z.object({ type: z.literal('plan'), plan: z.custom<PlanReport>((value) => typeof value === 'object') }),
  z.looseObject({ type: z.literal('applied'), result: z.enum(['done', 'failed']) }),
  z.object({ type: z.literal('problems'), appeared: z.array(z.custom<Problem>()) }),
  z.object({ type: z.literal('ready') }),
]);

/** Starts weir with this configuration. */
export function startWeir(config: string, listener: WeirListener): WeirProcess {
  // The same form as this file: .ts in a checkout, .js in the package.
  const main = join(import.meta.dirname, '..', `main${extname(import.meta.filename)}`);
  // Its own process group: Ctrl-C of the terminal must reach it once, from us, not twice.
  const child = spawn(process.execPath, [main, 'run', '-c', config, '-o', 'jsonl'], {
    detached: true,
    env: cleanEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ready = Promise.withResolvers<void>();
  // Whoever does not wait for it learns of an early end through `ended`.
  ready.promise.catch(() => undefined);
  const ended = endOf(child);
  const counts = { applied: 0 };
  let stopping = false;
  // What it says about being stopped is for whoever pressed Ctrl-C there; here that was us.
  createInterface({ input: child.stderr }).on('line', (text) => {
    if (!stopping) listener.log(text);
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    const read = line.safeParse(parseJson(text));
    if (!read.success) return;
    if (read.data.type === 'plan') listener.planned(read.data.plan);
    if (read.data.type === 'problems') listener.problems(read.data.appeared);
    if (read.data.type === 'ready') ready.resolve();
    if (read.data.type === 'applied') {
      counts.applied++;
      const applied: unknown = read.data;
      if (isApplied(applied)) listener.applied(applied);
    }
  });
  void ended.then((how) => ready.reject(new Error(`weir run ended with ${how} before it was ready`)));
  return {
    pid: child.pid ?? 0,
    ready: ready.promise,
    ended,
    get appliedCount() {
      return counts.applied;
    },
    async stop(timeoutMs = 15_000) {
      stopping = true;
      child.kill('SIGINT');
      const timer = new AbortController();
      const late = sleep(timeoutMs, 'late', { signal: timer.signal }).catch(() => undefined);
      const first = await Promise.race([ended, late]);
      timer.abort();
      if (first !== 'late') return true;
      killGroup(child);
      await ended;
      return false;
    },
  };
}

function endOf(child: ChildProcess): Promise<number | string> {
  return Promise.race([
    once(child, 'close').then(([code, signal]) => code ?? signal),
    once(child, 'error').then(([error]) => String(error)),
  ]);
}

function isApplied(value: unknown): value is AppliedPlan {
  return typeof value === 'object' && value !== null && 'steps' in value && Array.isArray(value.steps);
}

/** Settings of the user's own weir must not reach the demo; haproxy often stands where a plain PATH does not look. */
function cleanEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('WEIR_'));
  return { ...Object.fromEntries(kept), PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin` };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
