import type { VoteAnswer, VoteRecord, VoteRequest } from '../../../../providers/l2/protocol/events.ts';
import type { Agenda } from './agenda.ts';
import type { Random } from './random.ts';

/** One record elsewhere, changed by compare-and-swap; answers take 6 to 40 ms, and some machines do not reach it for a time. */
export class ApiServer {
  asked = 0;
  readonly #agenda: Agenda;
  readonly #random: Random;
  #outages: { readonly of: (machine: number) => boolean; readonly until: number }[] = [];
  #record: VoteRecord | undefined;
  #writes = 0;

  constructor(agenda: Agenda, random: Random) {
    this.#agenda = agenda;
    this.#random = random;
  }

  get holder(): string {
    return this.#record?.holder ?? '';
  }

  disturb(of: (machine: number) => boolean, until: number): void {
    this.#outages.push({ of, until });
  }

  heal(): void {
    this.#outages = [];
  }

  ask(machine: number, request: VoteRequest, answer: (answer: VoteAnswer) => void): void {
    this.asked += 1;
    const there = this.#agenda.now + this.#random.between(3, 20);
    this.#agenda.at(there, () => {
      const done = this.#cut(machine) ? undefined : this.#do(request);
      const back = there + this.#random.between(3, 20);
      const lost = { id: request.id, kind: 'failed', reason: 'no answer' } as const;
      this.#agenda.at(back, () => {
        if (done !== undefined && !this.#cut(machine)) answer(done);
        else this.#agenda.at(back + this.#random.between(0, 1000), () => answer(lost));
      });
    });
  }

  #cut(machine: number): boolean {
    return this.#outages.some(({ of, until }) => this.#agenda.now < until && of(machine));
  }

  #do(request: VoteRequest): VoteAnswer {
    if (request.kind === 'swap') {
      if (request.revision !== this.#record?.revision) return { id: request.id, kind: 'conflict' };
      this.#writes += 1;
      this.#record = { holder: request.holder, fence: request.fence, revision: `${this.#writes}` };
    }
    return { id: request.id, kind: 'record', record: this.#record };
  }
}
