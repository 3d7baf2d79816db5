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
    edits: [{ file: 'voter', from: 'return now >= this.#deadline(holder);', to: 'return true;' }],
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
    firstSeed: 115,
    storm: true,
    faults: ['kill', 'crash', 'isolation', 'partition'],
  },
  {
    rule: 'V1: replays and late beats are ignored',
    edits: [{ file: 'voter', from: "if (beat.seq <= sender.seq) return { kind: 'silent' };", to: '' }],
    faults: ['handOver', 'stop'],
  },
  {
    rule: 'V1: beats of an older incarnation are ignored',
    edits: [
      {
        file: 'voter',
        from: "if (beat.inc < sender.inc) return { kind: 'stale', knownInc: sender.inc };",
        to: '',
      },
      { file: 'voter', from: 'if (beat.inc > sender.inc) {', to: 'if (beat.inc !== sender.inc) {' },
    ],
    firstSeed: 60,
    storm: true,
    faults: ['kill', 'handOver', 'stop'],
  },
  {
    rule: 'O2: a promise for an earlier claim does not count',
    edits: [
      {
        file: 'owner',
        from: 'return claim?.wanted === true && sent.seq >= claim.since;',
        to: 'return claim?.wanted === true;',
      },
    ],
    storm: true,
    faults: ['handOver'],
  },
  {
    rule: 'O2: only what is still wanted is confirmed',
    edits: [
      {
        file: 'owner',
        from: 'return claim?.wanted === true && sent.seq >= claim.since;',
        to: 'return claim === undefined || sent.seq >= claim.since;',
      },
    ],
    faults: ['handOver'],
  },
  {
    rule: 'O2: a refusal is no promise',
    edits: [{ file: 'owner', from: 'if (!refused.has(vip)) promises += 1;', to: 'promises += 1;' }],
    faults: silence,
  },
  {
    rule: 'a timeout is never relative to the confirmation (rest of the gate)',
    kernel: { lateTimeout: 'remaining' },
    firstSeed: 30,
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
    rule: 'M2: one voter a record',
    edits: [
      { file: 'membership', from: 'return added + removed === 1 ? undefined :', to: 'return added >= 0 ? undefined :' },
    ],
    votersPerRecord: 3,
    faults: membership,
  },
  {
    rule: 'M2: the next record waits until majorities adopted this one',
    edits: [{ file: 'membership', from: 'this.#settledAt === undefined && this.#adoptedByMajorities()', to: 'true' }],
    firstSeed: 150,
    storm: true,
    faults: membership,
  },
  {
    rule: 'M2: and until every promise of before has ended',
    edits: [
      { file: 'membership', from: 'this.#settledAt = now + this.#timing.promiseMs;', to: 'this.#settledAt = now;' },
    ],
    faults: membership,
  },
  {
    rule: 'M2: beats and promises count in their own group only',
    edits: [
      { file: 'owner', from: 'ack.version !== sent.group.version ||', to: '' },
      { file: 'membership', from: "if (beat.group.version < current.version) return 'old';", to: '' },
      { file: 'membership', from: 'if (sameVoters(beat.group.voters, current.voters))', to: 'if (true)' },
      { file: 'owner', from: '!sent.group.voters.includes(ack.from)', to: 'false' },
    ],
    faults: membership,
  },
];
