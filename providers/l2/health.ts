import { connect } from 'node:net';
import type { Place } from './speaker-words.ts';

export interface HealthParts {
  /** Whether something answers; told when it is different. */
  readonly changed: (served: boolean, reason: string) => void;
  /** For tests: undefined when a connection is made, else why not. */
  readonly ask?: (place: Place) => Promise<string | undefined>;
}

const everyMs = 1000;
/** After a failure: soon, so that a death is known within half a second of the first. */
const againMs = 150;
const waitMs = 500;
const failures = 3;
const successes = 2;

/**
 * Whether the proxy of this machine answers: one connection of TCP a second, to each address in turn. One that never answers is the
 * business of its service; when none does the machine is of no use for any.
 */
export class Health {
  readonly #parts: HealthParts;
  #places: readonly Place[] = [];
  #turn = 0;
  #failed = 0;
  #answered = 0;
  #begun = false;
  #served = true;
  #timer: NodeJS.Timeout | undefined;
  #asking = false;

  constructor(parts: HealthParts) {
    this.#parts = parts;
  }

  /** Nothing is known, or nothing has to answer: true where nothing has to. */
  get served(): boolean {
    return this.#served;
  }

  /** Where something has to answer from now on. The first time nothing is believed before it has. */
  use(places: readonly Place[]): void {
    const begins = this.#places.length === 0 && places.length > 0;
    this.#places = places;
    if (places.length === 0) {
      clearTimeout(this.#timer);
      this.#settle(true, '');
      return;
    }
    if (!begins) return;
    this.#failed = 0;
    // Later it is believed until it fails: a machine that answers now shall not give everything away for a question.
    if (!this.#begun) {
      this.#answered = successes - 1;
      this.#settle(false, `nothing has answered at ${textOf(places[0])} yet`);
    }
    this.#begun = true;
    this.#next(0);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#places = [];
  }

  #next(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), afterMs);
  }

  async #look(): Promise<void> {
    const place = this.#places[this.#turn % this.#places.length];
    if (place === undefined || this.#asking) return;
    this.#turn += 1;
    this.#asking = true;
    const fault = await (this.#parts.ask ?? ask)(place);
    this.#asking = false;
    if (this.#places.length === 0) return;
    if (fault === undefined) [this.#failed, this.#answered] = [0, this.#answered + 1];
    else [this.#failed, this.#answered] = [this.#failed + 1, 0];
    if (this.#answered >= successes) this.#settle(true, '');
    // As many failures in a row as cannot come from one address alone, where there are more.
    if (this.#failed >= Math.max(failures, Math.min(this.#places.length, 8)))
      this.#settle(false, `${textOf(place)} ${fault ?? ''}`);
    const settled = this.#served ? this.#failed === 0 : false;
    this.#next(settled ? everyMs : againMs);
  }

  #settle(served: boolean, reason: string): void {
    if (served === this.#served) return;
    this.#served = served;
    this.#parts.changed(served, reason);
  }
}

function textOf(place: Place | undefined): string {
  const [vip = '', port = 0] = place ?? [];
  return vip.includes(':') ? `[${vip}]:${port}` : `${vip}:${port}`;
}

/** Connects and lets go at once, by a reset: a proxy that would connect on has nothing to do then. */
function ask([host, port]: Place): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (fault: string | undefined) => {
      socket.resetAndDestroy();
      resolve(fault);
    };
    socket.setTimeout(waitMs, () => end(`did not answer within ${waitMs} ms`));
    socket.once('error', (error) => end(`does not answer: ${error.message}`));
    socket.once('connect', () => end(undefined));
  });
}
