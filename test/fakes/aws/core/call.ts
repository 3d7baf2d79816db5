import type { JsonLike } from './journal.ts';

/** One call as everybody inside the fake sees it. */
export interface Call {
  /** Its number, from 1, over all services. */
  readonly index: number;
  readonly service: string;
  readonly action: string;
  /** `elasticloadbalancing:CreateListener`, as IAM policies name it. */
  readonly iamAction: string;
  readonly params: JsonLike;
  readonly atMs: number;
}
