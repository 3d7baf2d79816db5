import { InvalidArgumentError, Option } from 'commander';
import type { PlanReport } from '../model/index.ts';

const reasons = ['gap', 'delete', 'refused'] as const;
export type FailOn = (typeof reasons)[number];

/** `--fail-on gap,delete,refused`: what a plan must not contain, for CI. */
export function failOnOption(): Option {
  return new Option(
    '--fail-on <list>',
    'exit 1 when the plan has one of these, by commas: gap, delete (also in replacements), refused',
  ).argParser((value) =>
    value.split(',').map((part) => {
      const found = reasons.find((reason) => reason === part.trim());
      if (found === undefined) throw new InvalidArgumentError(`use ${reasons.join(', ')}`);
      return found;
    }),
  );
}

/** Which of the unwanted things the plan has. */
export function findUnwanted(plan: PlanReport, failOn: unknown): readonly FailOn[] {
  if (!Array.isArray(failOn)) return [];
  const steps = plan.units.flatMap((unit) => unit.steps);
  const has: Readonly<Record<FailOn, boolean>> = {
    gap: steps.some(({ gap }) => gap !== undefined && gap.length > 0),
    delete: steps.some(({ op }) => op === 'delete'),
    refused: plan.units.some(({ refused }) => refused.length > 0),
  };
  return reasons.filter((reason) => failOn.includes(reason) && has[reason]);
}
