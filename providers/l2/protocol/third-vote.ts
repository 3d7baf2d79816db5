import type { Emit, Event } from './events.ts';
import type { NodeId } from './messages.ts';
import type { Owner } from './owner.ts';
import type { Round, Third } from './round.ts';
import type { Timing } from './timing.ts';

/** What a third vote has of the node around it. */
export interface ThirdVoteParts {
  readonly self: NodeId;
  readonly timing: Timing;
  readonly emit: Emit;
  readonly owner: () => Owner | undefined;
  /** How long the other voter has acknowledged nothing, ms. */
  readonly silentMs: (now: number) => number;
}

/** What stands in for the other voter of a group of two while that is silent. */
export interface ThirdVote {
  readonly counts: Third;
  /** A beat has left. */
  sent(round: Round, now: number): void;
  /** Takes an answer; true: what the newest beats lacked they may have now. */
  take(event: Event, now: number): boolean;
  /** Asks for what is due. `active`: the group has two voters. */
  proceed(active: boolean, now: number): void;
  /** When there is something to ask for, if nothing happens before. */
  wakeAt(): number;
}

/** No third vote: both must agree. */
export const noThirdVote: ThirdVote = {
  counts: () => false,
  sent() {},
  take: () => false,
  proceed() {},
  wakeAt: () => Number.POSITIVE_INFINITY,
};
