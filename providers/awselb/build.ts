import type { ExportedService, Node, Problem } from '../../src/model/index.ts';
import type { AwsEnvironment } from './environment.ts';
import type { Options } from './options.ts';
import type { Present } from './present.ts';
import type { ServiceOptions } from './service-options.ts';

/** What every part of the model is made from. */
export interface Build {
  readonly balancer: string;
  readonly cluster: string;
  readonly options: Options;
  readonly environment: AwsEnvironment;
  readonly nodes: readonly Node[];
  readonly present: Present;
  /** There may be services of which nobody can tell now. */
  readonly incomplete: boolean;
  /** ARN of a target group of others → the one service that fills it. */
  readonly holders: ReadonlyMap<string, ExportedService>;
  readonly settings: (service: ExportedService) => ServiceOptions;
  /** Stops one service, and nothing else: what exists of it stays as it is. */
  refuse(service: ExportedService, problem: Problem): void;
  warn(problem: Problem): void;
}
