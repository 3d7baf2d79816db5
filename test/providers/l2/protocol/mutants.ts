import type { Timing } from '../../../../providers/l2/protocol/timing.ts';
import type { KernelFaults } from './kernel.ts';
import type { Edit } from './mutate.ts';
import type { Fault, Mix } from './scenario.ts';

/** A rule of the protocol, broken. */
export interface Mutant extends Mix {
  readonly rule: string;
  readonly edits?: readonly Edit[];
  readonly timing?: Partial<Timing>;
  readonly kernel?: KernelFaults;
  readonly votersPerRecord?: number;
  /** What shows it: two that answer at once, or numbers of claims out of order. */
  readonly shows?: 'disorder';
  /** Where the search begins, for the few that show once in hundreds of histories; 1 by default. */
  readonly firstSeed?: number;
}

const silence: readonly Fault[] = ['kill', 'stop', 'isolation', 'oneWay', 'partition'];
const membership: readonly Fault[] = ['membership', 'partition', 'isolation', 'stop', 'kill'];

/** Every one must be caught by a simulated history. */
export const mutants: readonly Mutant[] = [
  { rule: 'a promise outlives the gates it opens', timing: { promiseMs: 285 }, faults: silence },
  {
    rule: 'V2: what is promised to a living holder is refused',
    edits: [{ file: 'voter', from: 'remainingMs > 0 &&', to: 'remainingMs > 1e9 &&' }],
    faults: silence,
  },
  {
    rule: 'O1: the own vote is a promise too',
    edits: [
      {
        file: 'voter',
        from: 'sender.deadline = now + this.#timing.promiseMs;',
        to: 'sender.deadline = beat.from === this.#self ? now : now + this.#timing.promiseMs;',
      },
    ],
    faults: ['isolation', 'partition', 'oneWay'],
  },
  {
    rule: 'V5: a voter that started is mute for one promise',
    edits: [{ file: 'voter', from: 'return now < this.mutedUntil;', to: 'return false;' }],
    firstSeed: 260,
    storm: true,
    faults: ['kill', 'crash', 'isolation', 'partition'],
  },
  {
    rule: 'V1: replays and late beats are ignored',
    edits: [{ file: 'voter', from: "if (beat.seq <= sender.seq) return 'late';", to: '' }],
    faults: ['handOver', 'stop'],
  },
  {
    rule: 'V1: beats of an older incarnation are ignored',
    edits: [
      {
        file: 'voter',
        from: "if (beat.inc < sender.inc) return 'stale';",
        to: '',
      },
      { file: 'voter', from: 'if (beat.inc > sender.inc) {', to: 'if (beat.inc !== sender.inc) {' },
    ],
    storm: true,
    faults: ['kill', 'handOver', 'stop'],
  },
  {
    rule: 'O2: a promise for an earlier claim does not count',
    edits: [
      {
        file: 'owner',
        from: 'return claim?.wanted === true && seq >= claim.since;',
        to: 'return claim?.wanted === true;',
      },
      { file: 'owner', from: ' && seq >= this.#youngest', to: '' },
    ],
    storm: true,
    faults: ['handOver'],
  },
  {
    rule: 'O2: only what is still wanted is confirmed',
    edits: [
      {
        file: 'owner',
        from: 'return claim?.wanted === true && seq >= claim.since;',
        to: 'return claim === undefined || seq >= claim.since;',
      },
      { file: 'owner', from: ' && this.#unwanted === 0', to: '' },
    ],
    faults: ['handOver'],
  },
  {
    rule: 'O2: a refusal is no promise',
    edits: [{ file: 'round', from: 'this.#acks.get(voter)?.has(vip) === false', to: 'this.#acks.has(voter)' }],
    faults: silence,
  },
  {
    rule: 'a timeout is never relative to the confirmation (rest of the gate)',
    kernel: { lateTimeout: 'remaining' },
    firstSeed: 330,
    storm: true,
    faults: ['writer', 'isolation', 'stop'],
  },
  {
    rule: 'a timeout is never relative to the confirmation (whole gate)',
    kernel: { lateTimeout: 'full' },
    storm: true,
    faults: ['writer', 'isolation', 'stop'],
  },
  {
    rule: 'O3: a release is told after the gate closed',
    edits: [
      { file: 'owner', from: 'if (wanted || !this.gate.closed(vip, now)) continue;', to: 'if (wanted) continue;' },
    ],
    faults: ['handOver', 'writer'],
  },
  {
    rule: 'O4: closed is what a completed transaction closed',
    edits: [
      { file: 'gate', from: 'return this.#completed > opening.id ||', to: 'return !this.#owned.includes(vip) ||' },
    ],
    faults: ['handOver', 'writer'],
  },
  {
    rule: 'O6: transactions reach the kernel in order',
    kernel: { reorders: true },
    storm: true,
    faults: ['handOver', 'writer'],
  },
  { rule: 'R1: a start closes the gates of before', kernel: { keepsTables: true }, faults: ['kill'] },
  {
    rule: 'a majority is more than half',
    edits: [{ file: 'messages', from: 'Math.floor(voters.length / 2) + 1', to: 'Math.ceil(voters.length / 2)' }],
    faults: silence,
  },
  {
    rule: 'M2: one voter a record, or both majorities',
    edits: [
      { file: 'membership', from: 'return added + removed === 1 ? undefined :', to: 'return added >= 0 ? undefined :' },
      { file: 'round', from: 'settled || group.previous.length === 0', to: 'settled || group.previous.length >= 0' },
    ],
    votersPerRecord: 3,
    faults: membership,
  },
  {
    rule: 'M2: the next record waits until majorities adopted this one',
    edits: [{ file: 'membership', from: 'this.#has(group.voters, group) && this.#chosen(group)', to: 'true' }],
    storm: true,
    faults: membership,
  },
  {
    rule: 'M2: and until every promise of before has ended',
    edits: [
      { file: 'membership', from: 'this.#settledAt = now + this.#timing.promiseMs;', to: 'this.#settledAt = now;' },
    ],
    firstSeed: 160,
    faults: membership,
  },
  {
    rule: 'M2: beats and promises count in their own group only',
    edits: [
      { file: 'round', from: 'ack.version === this.group.version && this', to: 'this' },
      { file: 'membership', from: "if (beat.group.version < current.version) return 'old';", to: '' },
      { file: 'membership', from: 'if (!sameRecord(beat.group, current)) {', to: 'if (false) {' },
    ],
    faults: membership,
  },
  {
    rule: 'M2: until a record is settled, the majority of before is needed too',
    edits: [
      { file: 'round', from: 'settled || group.previous.length === 0', to: 'settled || group.previous.length >= 0' },
    ],
    storm: true,
    faults: [...membership, 'rashEditors'],
  },
  {
    rule: 'M3: a voter that lost its disk does not vote before it has learned',
    edits: [{ file: 'protocol', from: 'settled, group === undefined)', to: 'settled, false)' }],
    firstSeed: 1300,
    storm: true,
    faults: [...membership, 'diskLost'],
  },
  {
    rule: 'R: without a disk no incarnation is used twice',
    edits: [{ file: 'protocol', from: 'event.wallClockMs)', to: 'Math.floor(event.wallClockMs / 1e4))' }],
    storm: true,
    faults: ['diskLost', 'isolation', 'handOver'],
  },
  {
    rule: 'api: the vote of the other is not taken while it lasts',
    edits: [{ file: 'api-vote', from: 'needs && others && now < this.#seenAt + untouchedMs', to: 'false' }],
    mode: 'api',
    faults: [...silence, 'apiOutage'],
  },
  {
    rule: 'api: the vote lasts for so long only after it was taken',
    edits: [{ file: 'api-vote', from: 'if (round.sentAt + gateMs > this.#heldFrom + lastsMs) return false;', to: '' }],
    mode: 'api',
    long: true,
    faults: ['isolation', 'apiOutage'],
  },
  {
    rule: 'api: the vote is given back after the last gate that it opened has closed',
    edits: [{ file: 'api-vote', from: 'Math.max(this.#askAt, this.#usedUntil)', to: 'this.#askAt' }],
    mode: 'api',
    storm: true,
    faults: ['isolation', 'oneWay', 'partition', 'stop'],
  },
  {
    rule: 'F1: a claim with a number that is not higher is refused',
    edits: [{ file: 'voter', from: 'if (older) return', to: 'if (false) return' }],
    shows: 'disorder',
    storm: true,
    faults: ['handOver', 'isolation', 'partition', 'oneWay', 'stop'],
  },
];
