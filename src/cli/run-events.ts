import type { RunEvents } from '../app.ts';
import type { Log } from '../model/index.ts';
import type { Io } from './io.ts';
import { jsonLines } from './json-lines.ts';
import { tell, tellProblems } from './say.ts';
import { count, createStepLines, type KindsOf, planText, span } from './text/index.ts';

/** For people: each plan as it is made, each step as it ends. */
export function textEvents(io: Io, kinds: KindsOf): RunEvents {
  const stepLine = createStepLines(kinds);
  return {
    planned: (plan) => tell(io, (paint) => planText(plan, paint, { kinds })),
    step: (result) => tell(io, (paint) => stepLine(result, paint)),
    applied: ({ result, balancer, unit, steps, durationMs, cause, message }) =>
      tell(io, (paint) => {
        const word = result === 'done' ? paint.good('applied') : paint.bad('failed');
        const why = message === undefined ? '' : `: ${message}`;
        const acting = steps.filter(({ op }) => op !== 'wait').length;
        return `${word} ${balancer} ${unit}: ${count(acting, 'step')} in ${span(durationMs)} (${cause})${why}\n`;
      }),
    ready: () => io.err('ready: everything that can be served is served\n'),
    problems: (appeared, gone) => {
      void tellProblems(io, appeared);
      if (gone.length > 0) io.err(`${gone.length === 1 ? '1 problem is' : `${gone.length} problems are`} gone\n`);
    },
  };
}

/** For machines: the same as log lines, with the figures as fields. */
export function logEvents(log: Log): RunEvents {
  return {
    planned: ({ summary, units }) => log.info({ summary, units: units.map(({ unit }) => unit) }, 'planned'),
    step: ({ balancer, unit, step, result, durationMs, code, message }) => {
      const { n, op, kind, id, why } = step;
      const fields = { balancer, unit, step: n, op, kind, id, why, result, durationMs, code, reason: message };
      if (result === 'failed') log.warn(fields, 'step failed');
      else log.debug(fields, 'step');
    },
    applied: ({ id, balancer, unit, steps, durationMs, cause, result, message }) => {
      const fields = { plan: id, balancer, unit, steps: steps.length, durationMs, cause, reason: message };
      if (result === 'done') log.info(fields, 'applied');
      else log.warn(fields, 'apply failed');
    },
    ready: () => log.info({}, 'ready'),
    problems: (appeared, gone) => {
      for (const { code, severity, message, ...rest } of appeared) {
        if (severity === 'error') log.error({ code, ...rest }, message);
        else log.warn({ code, ...rest }, message);
      }
      for (const { code, service, field } of gone) log.info({ code, service, field }, 'problem gone');
    },
  };
}

/** For programs that follow along (`run -o jsonl`): everything, whole, on stdout. */
export function lineEvents(io: Io): RunEvents {
  const line = jsonLines(io);
  return {
    planned: (plan) => line('plan', { plan }),
    step: (result) => line('step', result),
    applied: (applied) => line('applied', applied),
    ready: () => line('ready', {}),
    problems: (appeared, gone) => line('problems', { appeared, gone }),
  };
}
