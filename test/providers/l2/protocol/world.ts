import type { Ranks, Report } from '../../../../providers/l2/protocol/events.ts';
import { type Group, type Message, majorityOf } from '../../../../providers/l2/protocol/messages.ts';
import type { Protocol } from '../../../../providers/l2/protocol/protocol.ts';
import type { Timing } from '../../../../providers/l2/protocol/timing.ts';
import { Agenda } from './agenda.ts';
import type { KernelFaults } from './kernel.ts';
import { Machine } from './machine.ts';
import { Network } from './network.ts';
import type { Random } from './random.ts';

/** The protocol under test: the real one or a mutant of it, and how it is embedded. */
export interface Subject {
  readonly create: (name: string, timing: Timing) => Protocol;
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
  /** When a gate last opened that had not been the last open one of its address. */
  readonly moves: { readonly vip: string; readonly to: number; readonly at: number }[] = [];
  group: Group;
  changesLeft = 0;
  readonly #random: Random;
  readonly #first: Group;
  readonly #subject: Subject;
  readonly #last = new Map<string, number>();
  #settled = 0;
  #authorityBusy = false;

  constructor(nodes: number, voters: number, random: Random, subject: Subject) {
    this.#random = random;
    this.#subject = subject;
    this.network = new Network(this.agenda, random);
    this.names = Array.from({ length: nodes }, (_, index) => `node-${index}`);
    this.group = { version: 1, voters: random.shuffle(this.names).slice(0, voters), previous: [] };
    this.#first = this.group;
    this.machines = this.names.map(
      (name, number) =>
        new Machine(number, name, {
          agenda: this.agenda,
          random,
          faults: subject.kernel,
          create: (node) => subject.create(node, subject.timing),
          send: (from, to, message) => this.#send(from, to, message),
          opened: (machine, vip) => this.#opened(machine, vip),
          report: (_, report) => this.#hear(report),
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
    const target = this.names.indexOf(to);
    this.network.carry(from, target, () => this.machines[target]?.give({ kind: 'received', message }));
  }

  #opened(number: number, vip: string): void {
    this.openings += 1;
    const open = this.openAt(vip);
    if (open.length > 1) {
      this.violation ??= { at: this.agenda.now, vip, nodes: open.map((index) => this.names[index] ?? '') };
    }
    if (this.#last.get(vip) === number) return;
    this.#last.set(vip, number);
    this.moves.push({ vip, to: number, at: this.agenda.now });
  }

  #hear(report: Report): void {
    if (report.kind !== 'settled') return;
    this.#settled = Math.max(this.#settled, report.version);
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
    for (const machine of this.machines) {
      if (random.chance(majorityOf(this.names) / this.names.length))
        machine.give({ kind: 'regroup', group: this.group });
    }
  }
}
