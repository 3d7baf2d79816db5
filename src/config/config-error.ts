import { type Problem, WeirError } from '../model/index.ts';

/** A configuration that cannot be used: every problem found in one pass, each with its place. */
export class ConfigError extends WeirError {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems[0]?.code ?? 'E_CONFIG', problems.map((problem) => problem.message).join('; '));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
