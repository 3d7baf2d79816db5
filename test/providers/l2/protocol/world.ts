import type { Ranks, Report } from '../../../../providers/l2/protocol/events.ts';
import { outranks } from '../../../../providers/l2/protocol/fences.ts';
import { type Group, type Message, majorityOf, type NodeId } from '../../../../providers/l2/protocol/messages.ts';
import type { Mode } from '../../../../providers/l2/protocol/modes.ts';
import type { Protocol } from '../../../../providers/l2/protocol/protocol.ts';
import type { Timing } from '../../../../providers/l2/protocol/timing.ts';
import { Agenda } from './agenda.ts';
import { ApiServer } from './api-server.ts';
import type { KernelFaults } from './kernel.ts';
import { Machine } from './machine.ts';
import { Network } from './network.ts';
import type { Random } from './random.ts';

/** The protocol under test: the real one or a mutant of it, and how it is embedded. */
export type Create = (name: string, timing: Timing, mode: Mode | undefined) => Protocol;

export interface Subject {
  readonly create: Create;
  readonly timing: Timing;
  readonly kernel: KernelFaults;
  /** How many voters the authority changes in one record. */
  readonly votersPerRecord: number;
}

export interface Violation {
  readonly at: number;
  readonly vip: string;
  readonly nodes: readonly string[];
}

/** Machines, network, and the one who writes the records of the group; watches that no two machines have a gate open for one address. */
export class World {
  readonly agenda = new Agenda();
  readonly network: Network;
  readonly machines: readonly Machine[];
  readonly names: readonly string[];
  violation: Violation | undefined;
  openings = 0;
  /** A gate opened under a number that is not higher than the one before; the last of them. */
  disorder: string | undefined;
  readonly api: ApiServer;
  readonly reports: (Report & { readonly from: number; readonly at: number })[] = [];
  /** To whom a machine sends: it may not know where somebody is. */
  knows: (from: number, to: string) => boolean = () => true;
  /** Two records are made at once, now and then. */
  editors: 'one' | 'two' | 'rash' = 'one';
  /** When a gate last opened that had not been the last open one of its address. */
  readonly moves: { readonly vip: string; readonly to: number; readonly at: number }[] = [];
  group: Group;
  changesLeft = 0;
  readonly #random: Random;
  readonly #first: Group;
  readonly #subject: Subject;
  readonly #last = new Map<string, number>();
  readonly #fences = new Map<string, number>();
  readonly #opened = new Map<string, { readonly fence: number; readonly node: NodeId }>();
  #settled = 0;
  #authorityBusy = false;

  constructor(nodes: number, voters: number, random: Random, subject: Subject, mode?: Mode) {
    this.#random = random;
    this.#subject = subject;
    this.network = new Network(this.agenda, random);
    this.api = new ApiServer(this.agenda, random);
    this.names = Array.from({ length: nodes }, (_, index) => `node-${index}`);
    this.group = { version: 1, voters: random.shuffle(this.names).slice(0, voters), previous: [] };
    this.#first = this.group;
    this.machines = this.names.map(
      (name, number) =>
        new Machine(number, name, {
          agenda: this.agenda,
          random,
          faults: subject.kernel,
          create: (node) => subject.create(node, subject.timing, mode),
          send: (from, to, message) => this.#send(from, to, message),
          opened: (machine, vip) => this.#open(machine, vip),
          report: (from, report) => this.#hear(from, report),
          vote: (from, request, answer) => this.api.ask(from, request, answer),
          probe: (from, target, withinMs, answer) => this.#probe(from, target, withinMs, answer),
        }),
    );
  }

  start(number: number, ranks: Ranks): void {
    this.machines[number]?.start(this.#first, ranks);
  }

  /** Numbers of the machines whose gate for an address is open now. */
  openAt(vip: string): readonly number[] {
    return [...this.machines.keys()].filter((number) => this.machines[number]?.kernel.open(vip));
  }

  run(until: number): void {
    this.agenda.run(until, () => this.violation !== undefined);
  }

  /** Everybody hears of the newest record. */
  tellGroup(): void {
    for (const machine of this.machines) machine.give({ kind: 'regroup', group: this.group });
  }

  #send(from: number, to: string, message: Message): void {
    if (!this.knows(from, to)) return;
    const target = this.names.indexOf(to);
    this.network.carry(from, target, () => this.machines[target]?.give({ kind: 'received', message }));
  }

  /** The gateway is at number -1; addresses are answered by the kernel of whoever has a gate open. */
  #probe(from: number, target: string, withinMs: number, answer: (answered: boolean) => void): void {
    const { agenda, network } = this;
    const sides = target === 'gateway' ? [gateway] : [...this.machines.keys()].filter((number) => number !== from);
    let answered = false;
    for (const side of sides) {
      if (network.lost(from, side)) continue;
      const at = agenda.now + this.#random.between(0.1, 0.5);
      agenda.at(at, () => {
        const answers = side === gateway || this.machines[side]?.kernel.open(target);
        if (!answers || network.lost(side, from) || answered) return;
        answered = true;
        agenda.at(agenda.now + this.#random.between(0.1, 0.5), () => answer(true));
      });
    }
    agenda.at(agenda.now + withinMs, () => {
      if (!answered) answer(false);
      answered = true;
    });
  }

  #open(number: number, vip: string): void {
    this.openings += 1;
    const open = this.openAt(vip);
    if (open.length > 1) {
      this.violation ??= { at: this.agenda.now, vip, nodes: open.map((index) => this.names[index] ?? '') };
    }
    const opened = { fence: this.#fences.get(`${number} ${vip}`) ?? 0, node: this.names[number] ?? '' };
    const before = this.#opened.get(vip);
    if (before !== undefined && before.node !== opened.node && !outranks(opened, before)) {
      this.disorder = `${opened.node} ${opened.fence} after ${before.node} ${before.fence} for ${vip}`;
    }
    this.#opened.set(vip, opened);
    if (this.#last.get(vip) === number) return;
    this.#last.set(vip, number);
    this.moves.push({ vip, to: number, at: this.agenda.now });
  }

  #hear(from: number, report: Report): void {
    this.reports.push({ ...report, from, at: this.agenda.now });
    if (report.kind === 'claimed') this.#fences.set(`${from} ${report.vip}`, report.fence);
    if (report.kind !== 'settled') return;
    this.#settled = Math.max(this.#settled, report.version);
    if (report.version === this.group.version) this.group = this.machines[from]?.protocol?.group ?? this.group;
    if (this.#settled < this.group.version || this.changesLeft === 0 || this.#authorityBusy) return;
    this.#authorityBusy = true;
    this.agenda.at(this.agenda.now + this.#random.between(0, 100), () => {
      this.#authorityBusy = false;
      this.#change();
    });
  }

  /** The next record, told to some of the nodes; the beats bring it to the rest. */
  #change(): void {
    if (this.#settled < this.group.version || this.changesLeft === 0) return;
    this.changesLeft -= 1;
    const random = this.#random;
    const previous = this.group.voters;
    let voters = [...previous];
    for (let change = 0; change < this.#subject.votersPerRecord; change += 1) {
      const outside = this.names.filter((name) => !voters.includes(name) && !previous.includes(name));
      const grow = outside.length > 0 && (voters.length === 1 || (voters.length < 5 && random.chance(0.5)));
      if (grow) voters = [...voters, random.pick(outside)];
      else if (voters.length > 1) voters.splice(random.whole(0, voters.length - 1), 1);
    }
    if (voters.length === previous.length && voters.every((name) => previous.includes(name))) return;
    this.group = { version: this.group.version + 1, voters, previous };
    const two = this.editors !== 'one' && this.machines.every(({ whole }) => whole);
    const other = { ...this.group, voters: this.#otherChange(previous, voters) };
    for (const machine of this.machines) {
      if (random.chance(majorityOf(this.names) / this.names.length)) {
        machine.give({ kind: 'regroup', group: two && random.chance(0.5) ? other : this.group });
      }
    }
  }

  /** Another record that may follow the same one. */
  #otherChange(previous: readonly NodeId[], voters: readonly NodeId[]): readonly NodeId[] {
    const outside = this.names.filter((name) => !voters.includes(name) && !previous.includes(name));
    const inside = previous.filter((name) => voters.includes(name));
    if (previous.length % 2 === 0 && this.editors !== 'rash') return voters;
    return outside.length > 0 ? [...previous, this.#random.pick(outside)] : inside;
  }
}

const gateway = -1;
