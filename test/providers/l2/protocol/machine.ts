import type {
  Action,
  Disk,
  Event,
  Ranks,
  Report,
  VoteAnswer,
  VoteRequest,
} from '../../../../providers/l2/protocol/events.ts';
import type { Group, Message } from '../../../../providers/l2/protocol/messages.ts';
import type { Protocol } from '../../../../providers/l2/protocol/protocol.ts';
import type { Agenda } from './agenda.ts';
import { Kernel, type KernelFaults } from './kernel.ts';
import type { Random } from './random.ts';

/** What a machine needs of the world around it. */
export interface Surroundings {
  readonly agenda: Agenda;
  readonly random: Random;
  readonly faults: KernelFaults;
  readonly create: (name: string) => Protocol;
  readonly send: (from: number, to: string, message: Message) => void;
  readonly opened: (machine: number, vip: string) => void;
  readonly report: (machine: number, report: Report) => void;
  readonly vote: (machine: number, request: VoteRequest, answer: (answer: VoteAnswer) => void) => void;
  readonly probe: (machine: number, target: string, withinMs: number, answer: (answered: boolean) => void) => void;
}

interface Process {
  readonly protocol: Protocol;
  dead: boolean;
  timer: number;
}

/** One machine: a drifting clock, a disk, a kernel with its gates, and a process that is started, killed and stopped. */
export class Machine {
  readonly name: string;
  readonly kernel: Kernel;
  /** How long a write to the disk takes. */
  diskMs = 2;
  disk: Disk | undefined;
  readonly #number: number;
  readonly #world: Surroundings;
  readonly #rate: number;
  readonly #offset: number;
  #process: Process | undefined;
  #stoppedUntil = 0;

  constructor(number: number, name: string, world: Surroundings) {
    const { agenda, random, faults } = world;
    this.#number = number;
    this.name = name;
    this.#world = world;
    this.#rate = 1 + random.between(-200, 200) / 1e6;
    this.#offset = random.between(0, 1e6);
    const kernelRate = 1 + random.between(-200, 200) / 1e6;
    this.kernel = new Kernel(agenda, random, kernelRate, faults, (vip) => world.opened(number, vip));
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  get protocol(): Protocol | undefined {
    return this.#process?.protocol;
  }

  /** Whether it knows on what it may vote. */
  get whole(): boolean {
    return this.disk?.group !== undefined;
  }

  loseDisk(): void {
    this.disk = undefined;
  }

  start(group: Group, ranks: Ranks): void {
    if (this.#process !== undefined) return;
    const process: Process = { protocol: this.#world.create(this.name), dead: false, timer: 0 };
    this.#process = process;
    this.#stoppedUntil = 0;
    const wallClockMs = 1e6 + Math.floor(this.#world.agenda.now);
    this.#give(process, { kind: 'rank', ranks });
    this.#give(process, { kind: 'start', disk: this.disk, wallClockMs, group });
  }

  /** Ends the process; its kernel and what its writer still holds go on. */
  kill(): void {
    if (this.#process !== undefined) this.#process.dead = true;
    this.#process = undefined;
  }

  /** Ends the machine. */
  crash(): void {
    this.kill();
    this.kernel.clear();
  }

  stop(until: number): void {
    this.#stoppedUntil = Math.max(until, this.#stoppedUntil);
  }

  give(event: Event): void {
    if (this.#process !== undefined) this.#give(this.#process, event);
  }

  /** A stopped process hears everything at once when it goes on. */
  #give(process: Process, event: Event): void {
    const { agenda } = this.#world;
    if (process.dead) return;
    if (agenda.now < this.#stoppedUntil) {
      agenda.at(this.#stoppedUntil, () => this.#give(process, event));
      return;
    }
    const now = this.#offset + agenda.now * this.#rate;
    for (const action of process.protocol.step(event, now)) this.#do(process, action);
  }

  #do(process: Process, action: Action): void {
    const { agenda, random, send, report } = this.#world;
    switch (action.kind) {
      case 'send':
        send(this.#number, action.to, action.message);
        return;
      case 'kernel': {
        const { inc, id } = action;
        this.kernel.submit(inc, action.transaction, (ok) => {
          agenda.at(agenda.now + random.between(0.02, 0.2), () =>
            this.#give(process, { kind: 'kernelDone', inc, id, ok }),
          );
        });
        return;
      }
      case 'persist':
        agenda.at(agenda.now + this.diskMs, () => {
          if (process.dead) return;
          this.disk = action.disk;
          this.#give(process, { kind: 'persisted', disk: action.disk });
        });
        return;
      case 'vote':
        this.#world.vote(this.#number, action.request, (answer) => this.#give(process, { kind: 'vote', answer }));
        return;
      case 'probe': {
        const { id, target, withinMs } = action;
        this.#world.probe(this.#number, target, withinMs, (answered) =>
          this.#give(process, { kind: 'probed', id, answered }),
        );
        return;
      }
      case 'timer':
        this.#set(process, (action.at - this.#offset) / this.#rate);
        return;
      case 'report':
        report(this.#number, action.report);
    }
  }

  #set(process: Process, at: number): void {
    if (at === process.timer || at === Number.POSITIVE_INFINITY) return;
    process.timer = at;
    // A little late, so that the own clock has surely reached the time asked for.
    this.#world.agenda.at(at + 0.01, () => {
      if (process.timer !== at) return;
      process.timer = 0;
      this.#give(process, { kind: 'tick' });
    });
  }
}
