import type { Emit } from './events.ts';
import { type Beat, type Group, majorityOf, type NodeId } from './messages.ts';
import type { Timing } from './timing.ts';

/** How a beat's group stands to the own one. */
export type Standing = 'old' | 'same' | 'new' | 'refused';

/** The record of who votes: taken over one voter at a time, written to disk before it counts, and reported settled before the next may be made. */
export class Membership {
  readonly #self: NodeId;
  readonly #timing: Timing;
  readonly #emit: Emit;
  readonly #write: (group: Group) => void;
  /** Version that each node was heard to have on disk. */
  readonly #adopted = new Map<NodeId, number>();
  #group: Group | undefined;
  #writing = 0;
  #settledAt: number | undefined;
  #reported = 0;

  constructor(self: NodeId, timing: Timing, emit: Emit, write: (group: Group) => void) {
    this.#self = self;
    this.#timing = timing;
    this.#emit = emit;
    this.#write = write;
  }

  get group(): Group | undefined {
    return this.#group;
  }

  get voters(): readonly NodeId[] {
    return this.#group?.voters ?? [];
  }

  votes(node: NodeId): boolean {
    return this.voters.includes(node);
  }

  /** The record that a node begins with: what its disk has, else what is configured. */
  load(group: Group): void {
    this.#group = group;
  }

  /** Asks for a newer record to be written; it counts once it is on disk. */
  offer(group: Group): void {
    const current = this.#group;
    if (current === undefined || group.version <= Math.max(current.version, this.#writing)) return;
    const reason = faultOf(group);
    if (reason !== undefined) {
      this.#emit({ kind: 'report', report: { kind: 'groupRefused', group, reason } });
      return;
    }
    this.#writing = group.version;
    this.#write(group);
  }

  /** A record is on disk. */
  adopt(group: Group, now: number): void {
    if (group.version > (this.#group?.version ?? 0)) this.#group = group;
    this.#settledAt = undefined;
    this.seen(this.#self, group.version, now);
  }

  /** Another node said which version it has on disk. */
  seen(node: NodeId, version: number, now: number): void {
    this.#adopted.set(node, Math.max(version, this.#adopted.get(node) ?? 0));
    if (this.#settledAt === undefined && this.#adoptedByMajorities()) this.#settledAt = now + this.#timing.promiseMs;
  }

  /** Takes note of a beat's group. A beat of an older one counts nowhere, one of a newer one only after that is on disk here. */
  judge(beat: Beat, now: number): Standing {
    const current = this.#group;
    if (current === undefined) return 'refused';
    this.seen(beat.from, beat.group.version, now);
    if (beat.group.version < current.version) return 'old';
    if (beat.group.version > current.version) {
      this.offer(beat.group);
      return 'new';
    }
    if (sameVoters(beat.group.voters, current.voters)) return 'same';
    const reason = `${beat.from} has other voters in version ${current.version}: ${beat.group.voters.join(', ')}`;
    this.#emit({ kind: 'report', report: { kind: 'groupRefused', group: beat.group, reason } });
    return 'refused';
  }

  tick(now: number): void {
    const version = this.#group?.version ?? 0;
    if (this.#settledAt === undefined || now < this.#settledAt || this.#reported >= version) return;
    this.#reported = version;
    this.#emit({ kind: 'report', report: { kind: 'settled', version } });
  }

  wakeAt(now: number): number {
    const at = this.#reported >= (this.#group?.version ?? 0) ? undefined : this.#settledAt;
    return at === undefined || now >= at ? Number.POSITIVE_INFINITY : at;
  }

  #adoptedByMajorities(): boolean {
    const group = this.#group;
    return group !== undefined && [group.voters, group.previous].every((voters) => this.#majorityHas(voters, group));
  }

  #majorityHas(voters: readonly NodeId[], { version }: Group): boolean {
    if (voters.length === 0) return true;
    return voters.filter((node) => (this.#adopted.get(node) ?? 0) >= version).length >= majorityOf(voters);
  }
}

/** What is wrong with a record by itself, if anything. */
function faultOf({ version, voters, previous }: Group): string | undefined {
  if (voters.length === 0 || new Set(voters).size !== voters.length)
    return 'voters must be different, and one at least';
  if (version <= 1) return undefined;
  const added = voters.filter((voter) => !previous.includes(voter)).length;
  const removed = previous.filter((voter) => !voters.includes(voter)).length;
  return added + removed === 1 ? undefined : `it adds ${added} and removes ${removed} voters: change one at a time`;
}

function sameVoters(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((voter) => b.includes(voter));
}
