/** `weir demo`: back ends, example services and `weir run` on loopback; shows what weir does with them. Leaves nothing behind. */
import type { DemoOptions } from '../deps.ts';
import type { Io } from '../io.ts';
import { loadKinds } from '../load-kinds.ts';
import { realDeps } from '../real-deps.ts';
import { say, tell, tellProblems } from '../say.ts';
import { planText } from '../text/plan-text.ts';
import { count, span } from '../text/words.ts';
import { checkGone, checkServing } from './check.ts';
import { judgeFor } from './judge.ts';
import { counterLine, welcome } from './screen.ts';
import { show } from './show.ts';
import { buildStage, type Stage } from './stage.ts';
import { startWeir, type WeirProcess } from './weir-process.ts';

/** Runs until Ctrl-C (exit code 0), or with `check` until the script is played (0 or 1). */
export async function demo(options: DemoOptions, io: Io): Promise<number> {
  const interrupted = new AbortController();
  const release = io.onInterrupt((times) => {
    if (times === 1) interrupted.abort();
    else io.abandon(130);
  });
  // The variable is for the demo's own tests.
  const provider = io.env.WEIR_DEMO_PROVIDER ?? ((await io.runnable('haproxy')) ? 'haproxy' : 'builtin');
  if (provider === 'builtin') {
    io.err(
      'The demo runs on the builtin relay, which is for trying out; with HAProxy (apt-get install haproxy) it runs on that.\n',
    );
  }
  const stage = await buildStage(provider);
  const line = counterLine(io);
  const kinds = await loadKinds({ balancers: [{ name: 'demo', provider }] }, realDeps.providers);
  const weir = startWeir(stage.config, {
    planned: (plan) =>
      line.above(() => say(io, (paint) => `\n${paint.strong('plan')}\n${planText(plan, paint, { kinds })}`)),
    applied: ({ result, steps, durationMs, cause, message = '' }) =>
      line.above(() =>
        say(io, (paint) =>
          result === 'done'
            ? `${paint.good('applied')} ${count(steps.length, 'step')} in ${span(durationMs)} (${cause})\n`
            : `${paint.bad('failed')} ${message}\n`,
        ),
      ),
    problems: (appeared) => line.above(() => void tellProblems(io, appeared)),
    log: (text) => line.above(() => tell(io, (paint) => `${paint.weak(`weir: ${text}`)}\n`)),
  });
  const judge = judgeFor(io);
  try {
    await Promise.race([weir.ready, stopOf(interrupted.signal)]);
    say(io, (paint) => welcome(stage, provider, paint));
    if (options.check) await checkServing(stage, judge, interrupted.signal);
    else await show(stage, weir, line, (text) => line.above(() => judge.say(text)), interrupted.signal);
  } catch (error) {
    if (!interrupted.signal.aborted)
      judge.expect('the demo runs', false, error instanceof Error ? error.message : String(error));
  } finally {
    line.end();
    const byItself = await clear(stage, weir, io);
    if (options.check || !byItself) judge.expect('weir stops by itself', byItself, 'it had to be killed');
    release();
  }
  if (!options.check) {
    io.err('stopped; nothing is left behind\n');
    return judge.failed() === 0 ? 0 : 1;
  }
  await checkGone(stage, judge);
  const failed = judge.failed();
  io.out(failed === 0 ? 'demo: everything as it should be\n' : `demo: ${failed} checks failed\n`);
  if (interrupted.signal.aborted) return 130;
  return failed === 0 ? 0 : 1;
}

/** Stops weir first, so that nobody asks back ends that are gone. Answers whether it went by itself. */
async function clear(stage: Stage, weir: WeirProcess, io: Io): Promise<boolean> {
  io.err('stopping: weir, its proxy, the back ends, the temporary folder\n');
  try {
    return await weir.stop();
  } finally {
    await stage.clear();
  }
}

function stopOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
