/** The attended demo: traffic all the time, every ten seconds something happens, until Ctrl-C. */
import { setTimeout as sleep } from 'node:timers/promises';
import { killOne, rollOut } from './acts.ts';
import type { CounterLine } from './screen.ts';
import { hosts, type Stage } from './stage.ts';
import { startTraffic } from './traffic.ts';
import type { WeirProcess } from './weir-process.ts';

const pauseMs = 10_000;

/** Resolves when the signal aborts; rejects when weir ends by itself. */
export async function show(
  stage: Stage,
  weir: WeirProcess,
  line: CounterLine,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const traffic = startTraffic(stage.ports.http, hosts.shop, '/', 100);
  const timer = setInterval(() => line.draw(traffic), 200);
  const early = weir.ended.then((how) => {
    if (!signal.aborted) throw new Error(`weir run ended by itself with ${how}`);
  });
  try {
    await Promise.race([play(stage, traffic, tell, signal), early]);
  } finally {
    clearInterval(timer);
    line.draw(traffic);
    await traffic.stop();
  }
}

async function play(
  stage: Stage,
  traffic: ReturnType<typeof startTraffic>,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  tell('in 10 s a back end is killed, in 20 s one is rolled out, again and again; Ctrl-C ends everything');
  for (let version = 2; !signal.aborted; version++) {
    for (const act of [killOne, rollOutVersion(version)]) {
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await act(stage, traffic, tell, signal);
      } catch (error) {
        if (signal.aborted) return;
        // The files are the user's to edit: a script that no longer fits them says so and goes on.
        tell(`the script cannot go on here: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
}

function rollOutVersion(version: number) {
  return (...[stage, traffic, tell, signal]: Parameters<typeof killOne>) =>
    rollOut(stage, traffic, version, tell, signal);
}
