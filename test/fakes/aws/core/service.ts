import type { Enums } from '../wire/enums.ts';
import type { Action } from './action.ts';
import type { Range } from './validate.ts';

/** One AWS API: its protocol, its table of actions and how it words errors. */
export interface Service {
  /** Name in the signature's scope. */
  readonly name: string;
  /** Prefix of IAM actions. */
  readonly iam: string;
  readonly protocol: 'query' | 'ec2' | 'json';
  readonly version: string;
  readonly xmlNamespace: string;
  readonly actions: ReadonlyMap<string, Action>;
  readonly enums: Enums;
  readonly ranges: Readonly<Record<string, Range>>;
  readonly patterns: Readonly<Record<string, RegExp>>;
  /** `Action.Parameter`s that change nothing in the fake's world, said here so that every other one that is not looked at is loud. */
  readonly inert: ReadonlySet<string>;
  readonly codes: {
    readonly missing: string;
    readonly invalid: string;
    readonly throttled: string;
    readonly denied: string;
  };
}

export function tableOf(actions: readonly Action[]): ReadonlyMap<string, Action> {
  return new Map(actions.map((action) => [action.name, action]));
}
