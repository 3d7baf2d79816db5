import { type Ack, type Beat, type Group, majorityOf, type NodeId, type Refusal, type Vip } from './messages.ts';

/** Whether the third vote of a group of two stands for an address of a beat now. */
export type Third = (round: Round, vip: Vip, now: number) => boolean;

/** What a beat consists of beyond the sender's name and group. */
export type Pulse = Pick<Beat, 'seq' | 'claims' | 'hints' | 'fence' | 'fencings'>;

/** One beat that has left, and what the voters promised for it. */
export class Round {
  readonly pulse: Pulse;
  readonly sentAt: number;
  readonly group: Group;
  /** When the claims that have a majority are confirmed without the rest. */
  confirmAt: number | undefined;
  /** Something of it still waits for promises. */
  waiting = true;
  readonly #voters: readonly (readonly NodeId[])[];
  readonly #third: Third;
  readonly #acks = new Map<NodeId, ReadonlyMap<Vip, Refusal>>();

  /** `settled`: the record before the group counts no more. */
  constructor(pulse: Pulse, sentAt: number, group: Group, settled: boolean, third: Third) {
    this.pulse = pulse;
    this.sentAt = sentAt;
    this.group = group;
    this.#voters = settled || group.previous.length === 0 ? [group.voters] : [group.voters, group.previous];
    this.#third = third;
  }

  /** False: not of a voter of this group. */
  take(ack: Ack): boolean {
    const counts = ack.version === this.group.version && this.#voters.some((voters) => voters.includes(ack.from));
    if (counts) this.#acks.set(ack.from, new Map(ack.refused.map((refusal) => [refusal.vip, refusal])));
    return counts;
  }

  /** Enough voters have answered, whatever they promised. */
  answered(): boolean {
    return this.#voters.every((voters) => voters.filter((voter) => this.#acks.has(voter)).length >= majorityOf(voters));
  }

  heardByAll(): boolean {
    return this.group.voters.every((voter) => this.#acks.has(voter));
  }

  silent(): readonly NodeId[] {
    return this.group.voters.filter((voter) => !this.#acks.has(voter));
  }

  /** Majorities promised every claim, so nothing has to be counted one by one. */
  carriesAll(): boolean {
    return this.#voters.every((voters) => {
      const promised = voters.filter((voter) => this.#acks.get(voter)?.size === 0).length;
      return promised >= majorityOf(voters);
    });
  }

  carries(vip: Vip, now: number): boolean {
    return this.#voters.every((voters) => {
      const promised = voters.filter((voter) => this.#acks.get(voter)?.has(vip) === false).length;
      const least = majorityOf(voters);
      // Of two voters and the third vote, two are the majority.
      return promised >= least || (voters.length === 2 && promised === least - 1 && this.#third(this, vip, now));
    });
  }

  /** So many refuse it that no majority is left. */
  hopeless(vip: Vip, counts: (refusal: Refusal) => boolean): boolean {
    return this.#voters.some((voters) => {
      const refusals = voters.filter((voter) => {
        const refusal = this.#acks.get(voter)?.get(vip);
        return refusal !== undefined && counts(refusal);
      });
      return refusals.length > voters.length - majorityOf(voters);
    });
  }
}
