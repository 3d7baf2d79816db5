import { InvalidArgumentError, Option } from 'commander';
import type { PlanReport } from '../model/index.ts';

/** What no step says. */
const risky: ReadonlySet<string> = new Set(['W_NAME_CHANGES', 'W_OPENED']);
const reasons = ['gap', 'risk', 'delete', 'release', 'refused'] as const;
export type FailOn = (typeof reasons)[number];

/** `--fail-on gap,delete,refused`: what a plan must not contain, for CI. */
export function failOnOption(): Option {
  return new Option(
    '--fail-on <list>',
    'exit 1 when the plan has one of these, by commas: gap (an interruption that no order avoids, an address of a service that changes), risk (a turn to what is not known to be healthy, a DNS name that changes, a port that is opened to everybody), delete (also in replacements, and of targets in what is released), release, refused',
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
    gap: steps.some(({ gap = [] }) => gap.length > 0) || (plan.moves ?? []).length > 0,
    // Clients that know the old name of a service are turned to nobody.
    risk: steps.some(({ risk = [] }) => risk.length > 0) || plan.problems.some(({ code }) => risky.has(code)),
    // What stays and loses all that was ours in it is gone for who was served by that.
    delete: steps.some(
      ({ op, borrowed, kind, handle }) =>
        op === 'delete' &&
        (borrowed !== true || steps.some((one) => one.op === 'remove' && one.kind === kind && one.handle === handle)),
    ),
    release: steps.some(({ op, borrowed }) => op === 'delete' && borrowed === true),
    refused: plan.units.some(({ refused }) => refused.length > 0),
  };
  return reasons.filter((reason) => failOn.includes(reason) && has[reason]);
}
