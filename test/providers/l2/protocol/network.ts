import type { Agenda } from './agenda.ts';
import type { Random } from './random.ts';

export interface Weather {
  /** Share of datagrams lost, doubled, and held back for up to 3 s. */
  readonly loss: number;
  readonly doubled: number;
  readonly late: number;
}

export const calm: Weather = { loss: 0, doubled: 0, late: 0 };

/** Datagrams between nodes by number: lost, doubled, late, and links that carry nothing or little for a time. */
export class Network {
  weather: Weather = calm;
  readonly #agenda: Agenda;
  readonly #random: Random;
  #rules: { readonly hits: (from: number, to: number) => boolean; readonly loss: number; readonly until: number }[] =
    [];

  constructor(agenda: Agenda, random: Random) {
    this.#agenda = agenda;
    this.#random = random;
  }

  /** Loses so much of what goes over some links, until a time. */
  disturb(hits: (from: number, to: number) => boolean, until: number, loss = 1): void {
    this.#rules.push({ hits, loss, until });
  }

  heal(): void {
    this.#rules = [];
    this.weather = calm;
  }

  carry(from: number, to: number, deliver: () => void): void {
    const random = this.#random;
    const copies = random.chance(this.weather.doubled) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.lost(from, to)) continue;
      let delay = random.chance(0.01) ? random.between(0.1, 5) : random.between(0.1, 0.5);
      if (random.chance(this.weather.late)) delay += random.between(0, 3000) * random.next();
      this.#agenda.at(this.#agenda.now + delay, deliver);
    }
  }

  /** Whether a datagram between these two gets lost now. */
  lost(from: number, to: number): boolean {
    const now = this.#agenda.now;
    for (const { hits, loss, until } of this.#rules) {
      if (now < until && hits(from, to) && this.#random.chance(loss)) return true;
    }
    return this.#random.chance(this.weather.loss);
  }
}
