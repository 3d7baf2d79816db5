import type { RunEvents } from '../app.ts';
import type { Log, Problem, StepResult } from '../model/index.ts';
import { groupAlike } from './alike.ts';
import type { Io } from './io.ts';
import { jsonLines } from './json-lines.ts';
import { tell, tellProblems } from './say.ts';
import { count, createStepLines, type KindsOf, planText, span } from './text/index.ts';

type OfUnit = Pick<StepResult, 'balancer' | 'unit'>;

/** Steps that are committed together fail together, for one reason, which is to be told once. */
class Repeats {
  readonly #last = new Map<string, { readonly said: string; repeated: number }>();

  /** Whether it says what the one before it of its unit has said. */
  has(result: StepResult): boolean {
    const said = result.result === 'failed' ? `${result.code}\n${result.message}` : '';
    const last = this.#last.get(keyOf(result));
    if (said !== '' && said === last?.said) {
      last.repeated++;
      return true;
    }
    this.#last.set(keyOf(result), { said, repeated: last?.repeated ?? 0 });
    return false;
  }

  /** How many did, at the end of a plan. */
  end(unit: OfUnit): number {
    const { repeated = 0 } = this.#last.get(keyOf(unit)) ?? {};
    this.#last.delete(keyOf(unit));
    return repeated;
  }
}

function keyOf({ balancer, unit }: OfUnit): string {
  return `${balancer}\n${unit}`;
}

/** For people: each plan as it is made, each step as it ends. */
export function textEvents(io: Io, kinds: KindsOf): RunEvents {
  const stepLine = createStepLines(kinds);
  const repeats = new Repeats();
  return {
    planned: (plan) => tell(io, (paint) => planText(plan, paint, { kinds })),
    step: (result) => {
      if (!repeats.has(result)) tell(io, (paint) => stepLine(result, paint));
    },
    applied: ({ result, balancer, unit, steps, durationMs, cause, message }) => {
      const more = repeats.end({ balancer, unit });
      if (more > 0) io.err(`  and ${count(more, 'step')} more, for the same reason\n`);
      tell(io, (paint) => {
        const word = result === 'done' ? paint.good('applied') : paint.bad('failed');
        const why = message === undefined ? '' : `: ${message}`;
        const acting = steps.filter(({ op }) => op !== 'wait').length;
        return `${word} ${balancer} ${unit}: ${count(acting, 'step')} in ${span(durationMs)} (${cause})${why}\n`;
      });
    },
    ready: () => io.err('ready: everything that can be served is served\n'),
    problems: (appeared, gone) => {
      void tellProblems(io, appeared);
      if (gone.length > 0) io.err(`${gone.length === 1 ? '1 problem is' : `${gone.length} problems are`} gone\n`);
    },
  };
}

/** So many that are alike have a line each. */
const apart = 3;
/** Of more so many are named beside the first one. */
const named = 5;

/** One line for a thousand addresses that lose their owner at once, with how many it stands for besides, and some of them. */
function foldAlike(
  problems: readonly Problem[],
): readonly (Problem & { alike?: number; others?: readonly string[] })[] {
  return groupAlike(problems).flatMap((group) => {
    const [first, ...rest] = group;
    if (first === undefined || group.length <= apart) return group;
    const others = rest.slice(0, named).map(({ source }) => source);
    const more = rest.length > named ? ` and ${rest.length - named} more` : '';
    return [
      { ...first, alike: rest.length, others, message: `${first.message} The same of ${others.join(', ')}${more}` },
    ];
  });
}

/** For machines: the same as log lines, with the figures as fields. */
export function logEvents(log: Log): RunEvents {
  const repeats = new Repeats();
  return {
    planned: ({ summary, units }) => log.info({ summary, units: units.map(({ unit }) => unit) }, 'planned'),
    step: (outcome) => {
      const { balancer, unit, step, result, durationMs, code, message } = outcome;
      const { n, op, kind, id, why } = step;
      const fields = { balancer, unit, step: n, op, kind, id, why, result, durationMs, code, reason: message };
      const repeated = repeats.has(outcome);
      if (result === 'failed' && !repeated) log.warn(fields, 'step failed');
      else log.debug(fields, result === 'failed' ? 'step failed, too' : 'step');
    },
    applied: ({ id, balancer, unit, steps, durationMs, cause, result, message }) => {
      repeats.end({ balancer, unit });
      const fields = { plan: id, balancer, unit, steps: steps.length, durationMs, cause, reason: message };
      if (result === 'done') log.info(fields, 'applied');
      else log.warn(fields, 'apply failed');
    },
    ready: () => log.info({}, 'ready'),
    problems: (appeared, gone) => {
      for (const { severity, message, ...rest } of foldAlike(appeared)) {
        if (severity === 'error') log.error(rest, message);
        else log.warn(rest, message);
      }
      for (const { severity, message, ...rest } of foldAlike(gone))
        log.info({ ...rest, reason: message }, 'alike' in rest ? 'problems gone' : 'problem gone');
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
