import type { Emit } from './events.ts';
import { type Beat, electorateOf, type Group, majorityOf, type NodeId, sameRecord } from './messages.ts';
import type { Timing } from './timing.ts';

/** How a beat's group stands to the own one. */
export type Standing = 'old' | 'same' | 'new' | 'refused';

/** A record, and whether it is known that nothing before it counts any more. */
export interface Known {
  readonly group: Group;
  readonly settled: boolean;
}

/**
 * The record of who votes: taken over one voter at a time, written to disk before it counts, and reported settled before the next may be made.
 * Until it is settled, its own majority and that of the record before are both needed, so two records made at once cannot both count.
 */
export class Membership {
  readonly #self: NodeId;
  readonly #timing: Timing;
  readonly #emit: Emit;
  readonly #write: (known: Known) => void;
  /** Which record each node has on disk, as far as it was heard. */
  readonly #adopted = new Map<NodeId, Group>();
  /** Voters that were heard with the own record since this node began without a disk; true: they have it on theirs. */
  #heard = new Map<NodeId, boolean>();
  #group: Group | undefined;
  #settled = false;
  #novice = false;
  #writing: Group | undefined;
  /** On disk, and not counted yet. */
  #prepared: (Known & { readonly at: number }) | undefined;
  #settledAt: number | undefined;
  #complained = '';
  #waits = '';

  constructor(self: NodeId, timing: Timing, emit: Emit, write: (known: Known) => void) {
    this.#self = self;
    this.#timing = timing;
    this.#emit = emit;
    this.#write = write;
  }

  get group(): Group | undefined {
    return this.#group;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Began without a disk: what it promised before, if anything, is forgotten with the record under which it did. */
  get novice(): boolean {
    return this.#novice;
  }

  get voters(): readonly NodeId[] {
    return this.#group?.voters ?? [];
  }

  votes(node: NodeId): boolean {
    return this.voters.includes(node) && (node !== this.#self || !this.#novice);
  }

  /** Whether a node's promises may count: those of a voter that was removed last do until all know of it. */
  promises(node: NodeId): boolean {
    const knows = node !== this.#self || !this.#novice;
    return knows && this.#group !== undefined && electorateOf(this.#group).includes(node);
  }

  /** The record that a node begins with: what its disk has, else what is configured. */
  load(group: Group, settled: boolean, novice: boolean): void {
    this.#novice = novice;
    this.#take({ group, settled });
    if (settled) this.#emit({ kind: 'report', report: { kind: 'settled', version: group.version } });
    if (novice) this.#learn();
  }

  /** Asks for a newer record to be written; it counts once it is on disk. */
  offer(group: Group, settled: boolean): void {
    const current = this.#group;
    if (current === undefined || group.version < Math.max(current.version, (this.#writing?.version ?? 0) + 1)) return;
    if (group.version === current.version) {
      if (sameRecord(group, current)) {
        if (settled) this.#settle();
        return;
      }
      // Two records were made at once: the one that a majority of the voters before has on disk stays, the other one never counts.
      if (this.#settled || !(settled || this.#chosen(group))) {
        this.#refuse(group, `other voters than here in version ${group.version}: ${current.voters.join(', ')}`);
        return;
      }
    }
    const fault = faultOf(group);
    if (fault !== undefined) this.#refuse(group, fault);
    else if (this.#novice) {
      this.#take({ group, settled });
      this.#learn();
    } else {
      this.#writing = group;
      this.#write({ group, settled });
    }
  }

  /** A record is on disk. A newer one counts a little later, or once it counts elsewhere, so that slow disks find time: who lags behind is not acknowledged. */
  persisted(group: Group, settled: boolean, now: number): void {
    const novice = this.#novice;
    if (novice) {
      this.#novice = false;
      this.#emit({ kind: 'report', report: { kind: 'member', votes: true, waitsFor: [] } });
    }
    const current = this.#group;
    const waits = current !== undefined && group.version > current.version && this.#timing.adoptMs > 0 && !novice;
    if (!waits) this.#adopt({ group, settled }, now);
    else if (!sameRecord(group, this.#prepared?.group)) {
      this.#prepared = { group, settled, at: now + this.#timing.adoptMs };
    }
  }

  /** Another node says what counts there. */
  follow(known: Known, now: number): void {
    if (!this.#adoptPrepared(known.group, now)) this.offer(known.group, known.settled);
  }

  /** Takes note of a beat's group. A beat of an older one counts nowhere, one of a newer one only after that is on disk here. `fresh`: made for this incarnation. */
  judge(beat: Beat, fresh: boolean, now: number): Standing {
    this.#adoptPrepared(beat.group, now);
    const current = this.#group;
    if (current === undefined) return 'refused';
    const had = this.#adopted.get(beat.from)?.version ?? 0;
    if (!beat.novice && beat.group.version >= had) this.#adopted.set(beat.from, beat.group);
    if (beat.group.version < current.version) return 'old';
    if (!sameRecord(beat.group, current)) {
      if (beat.group.version === current.version && this.#settled) return 'old';
      this.offer(beat.group, beat.settled);
      return beat.group.version === current.version ? 'refused' : 'new';
    }
    if (beat.settled) this.#settle();
    this.#count(now);
    if (fresh && this.#novice) {
      this.#heard.set(beat.from, !beat.novice);
      this.#learn();
    }
    return 'same';
  }

  /** A voter has promised something to this node under a record, so that is the one on its disk. */
  acked(node: NodeId, group: Group): void {
    if (!this.#novice || !sameRecord(group, this.#group)) return;
    this.#heard.set(node, true);
    this.#learn();
  }

  tick(now: number): void {
    if (this.#prepared !== undefined && now >= this.#prepared.at) this.#adopt(this.#prepared, now);
    if (this.#settledAt !== undefined && now >= this.#settledAt) this.#settle();
  }

  wakeAt(): number {
    const settled = this.#settled ? undefined : this.#settledAt;
    return Math.min(settled ?? Number.POSITIVE_INFINITY, this.#prepared?.at ?? Number.POSITIVE_INFINITY);
  }

  #adopt({ group, settled }: Known, now: number): void {
    if (!sameRecord(group, this.#group)) this.#take({ group, settled });
    if (sameRecord(group, this.#writing)) this.#writing = undefined;
    if ((this.#prepared?.group.version ?? 0) <= group.version) this.#prepared = undefined;
    this.#adopted.set(this.#self, group);
    this.#count(now);
  }

  #adoptPrepared(group: Group, now: number): boolean {
    const prepared = this.#prepared;
    if (prepared === undefined || !sameRecord(group, prepared.group)) return false;
    this.#adopt(prepared, now);
    return true;
  }

  #take({ group, settled }: Known): void {
    this.#group = group;
    this.#settled = settled;
    this.#settledAt = undefined;
    this.#heard = new Map();
    this.#emit({ kind: 'report', report: { kind: 'group', group } });
  }

  /** Every promise of before has run out once majorities had it on disk for so long. */
  #count(now: number): void {
    const group = this.#group;
    if (group === undefined || this.#settled || this.#settledAt !== undefined) return;
    if (this.#has(group.voters, group) && this.#chosen(group)) this.#settledAt = now + this.#timing.promiseMs;
  }

  /** Whether no other record can follow the same one any more: each node takes one of them only. */
  #chosen(group: Group): boolean {
    return group.previous.length === 0 || this.#has(group.previous, group);
  }

  #has(voters: readonly NodeId[], group: Group): boolean {
    return voters.filter((node) => sameRecord(this.#adopted.get(node), group)).length >= majorityOf(voters);
  }

  #settle(): void {
    const group = this.#group;
    if (this.#settled || group === undefined) return;
    this.#settled = true;
    // A newer record on its way to the disk is not taken back.
    if (!this.#novice && this.#writing === undefined) this.#write({ group, settled: true });
    this.#emit({ kind: 'report', report: { kind: 'settled', version: group.version } });
  }

  /**
   * A voter without a disk votes when all others have the same record, which so is the newest: a first start; or when so many have it on
   * disk that no other one can have been adopted by a majority: its own memory is not needed then. A node that is no voter has promised nothing under
   * the record that it learns so, and may be made one by the next.
   */
  #learn(): void {
    const group = this.#group;
    if (group === undefined) return;
    const all = [group.voters, this.#settled ? [] : group.previous].filter((voters) => voters.length > 0);
    const own = all.filter((voters) => voters.includes(this.#self));
    const lists = own.length > 0 ? own : all;
    const missing = [...new Set(lists.flat())].filter((node) => node !== this.#self && !this.#heard.has(node));
    const enough = lists.every((voters) => {
      const full = voters.filter((node) => this.#heard.get(node) === true).length;
      return (
        full > voters.length - majorityOf(voters) || (own.length > 0 && voters.every((node) => !missing.includes(node)))
      );
    });
    if (enough) {
      if (sameRecord(group, this.#writing)) return;
      this.#writing = group;
      this.#write({ group, settled: this.#settled });
    } else if (own.length > 0 && missing.length > 0 && this.#waits !== missing.join()) {
      this.#waits = missing.join();
      this.#emit({ kind: 'report', report: { kind: 'member', votes: false, waitsFor: missing } });
    }
  }

  #refuse(group: Group, reason: string): void {
    const complaint = `${group.version} ${group.voters.join()} ${reason}`;
    if (complaint === this.#complained) return;
    this.#complained = complaint;
    this.#emit({ kind: 'report', report: { kind: 'groupRefused', group, reason } });
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
