/** The swarm of clients, seen from the benchmark: test/bench/client/swarm.ts as a process of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../client/monotonic.ts';
import { type Ask, emptyReport, type LoadReport, type SwarmOptions, type SwarmReport } from '../client/swarm-words.ts';
import { startedThrough } from './edge.ts';

export interface Swarm {
  readonly pid: number;
  /** Since the start, of one load. */
  load(name: string): Readonly<LoadReport>;
  /** Since the start, of all. */
  total(): { readonly sent: number; readonly failed: number; readonly cut: number };
  /** Failures and how often, of all loads. */
  errors(): Readonly<Record<string, number>>;
  /** What a load asks for from now on. */
  ask(name: string, asks: readonly Ask[]): void;
  /** Until each target has answered a request of these loads that began at or after `sinceMs`, and 50 in a row of the first came from nobody else. */
  settled(loads: readonly string[], targets: readonly string[], sinceMs: number): Promise<void>;
  /** Until this holds. @throws after `timeoutMs`. */
  until(what: string, holds: () => boolean, timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** `through`: what starts it, such as `ip netns exec NAME`. */
export async function startSwarm(options: SwarmOptions, through: readonly string[] = []): Promise<Swarm> {
  const child = fork(`${import.meta.dirname}/../client/swarm.ts`, [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
    ...startedThrough(through),
  });
  const ended = once(child, 'exit');
  const sums: Record<string, LoadReport> = Object.fromEntries(options.loads.map(({ name }) => [name, emptyReport()]));
  child.on('message', (report: SwarmReport) => {
    for (const [name, part] of Object.entries(report)) {
      const sum = sums[name];
      if (sum !== undefined) add(sum, part);
    }
  });
  await Promise.race([once(child, 'message'), ended.then(() => Promise.reject(new Error('the swarm ended at once')))]);
  const load = (name: string) => sums[name] ?? emptyReport();
  const until: Swarm['until'] = async (what, holds, timeoutMs = 20_000) => {
    const deadline = monotonicMs() + timeoutMs;
    while (!holds()) {
      if (monotonicMs() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
      if (child.exitCode !== null) throw new Error(`the swarm ended with ${child.exitCode}`);
      await sleep(5);
    }
  };
  return {
    pid: child.pid ?? 0,
    load,
    until,
    total() {
      const all = Object.values(sums);
      const failed = all.reduce((sum, one) => sum + one.failed, 0);
      return {
        sent: all.reduce((sum, one) => sum + one.ok, failed),
        failed,
        cut: all.reduce((sum, one) => sum + one.cut, 0),
      };
    },
    errors() {
      const found: Record<string, number> = {};
      for (const [name, { errors }] of Object.entries(sums))
        for (const [reason, count] of Object.entries(errors)) found[`${name}: ${reason}`] = count;
      return found;
    },
    ask(name, asks) {
      child.send({ name, asks });
    },
    async settled(loads, targets, sinceMs) {
      const [first = ''] = loads;
      const list = `${targets.slice(0, 5).join(' ')}${targets.length > 5 ? ` and ${targets.length - 5} more` : ''}`;
      await until(`answers by ${list}`, () =>
        targets.every((target) => loads.some((name) => (load(name).targets[target]?.[1] ?? 0) >= sinceMs)),
      );
      const others = () =>
        Object.entries(load(first).targets).reduce(
          (sum, [target, [count]]) => (targets.includes(target) ? sum : sum + count),
          0,
        );
      let [from, seen] = [load(first).ok, others()];
      await until(`no answers but by ${list}`, () => {
        if (others() !== seen) [from, seen] = [load(first).ok, others()];
        return load(first).ok - from >= 50;
      });
    },
    async stop() {
      if (child.connected) child.send('stop');
      await ended;
    },
  };
}

function add(sum: LoadReport, part: LoadReport): void {
  sum.ok += part.ok;
  sum.failed += part.failed;
  sum.cut += part.cut;
  sum.open = part.open;
  for (const [reason, count] of Object.entries(part.errors)) sum.errors[reason] = (sum.errors[reason] ?? 0) + count;
  for (const [target, [count, lastMs]] of Object.entries(part.targets)) {
    const [before, beforeMs] = sum.targets[target] ?? [0, 0];
    sum.targets[target] = [before + count, Math.max(beforeMs, lastMs)];
  }
  for (const time of part.times) sum.times.push(time);
}
