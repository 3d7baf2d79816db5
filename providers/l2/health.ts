import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TakenConnections } from './kernel/tcp-taken.ts';
import type { Place } from './speaker-words.ts';

export interface HealthParts {
  /** Whether something answers; told when it is different. */
  readonly changed: (served: boolean, reason: string) => void;
  /** For tests: undefined when a connection is taken, else why not. */
  readonly ask?: (place: Place) => Promise<string | undefined>;
}

const everyMs = 1000;
/** After a failure: soon, so that a death is known within half a second of the first. */
const againMs = 150;
const waitMs = 500;
/** So often it is looked whether a connection is taken. */
const takenMs = 5;
const failures = 3;
const successes = 2;

/**
 * Whether the proxy of this machine answers: one connection of TCP a second, to each address in turn, that it has to take. One that never
 * answers is the business of its service; when none does the machine is of no use for any.
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

/** Opened by the first question, for the life of the thread. Undefined where the kernel does not tell: a connection is enough then. */
let connections: Promise<TakenConnections | undefined> | undefined;

/** Connects and, when the program behind it has taken the connection, lets go by a reset: a proxy that would connect on has little to do then. */
async function ask([host, port]: Place): Promise<string | undefined> {
  connections ??= TakenConnections.open().catch(() => undefined);
  const known = await connections;
  const socket = connect({ host, port });
  socket.on('error', () => {});
  const over = AbortSignal.timeout(waitMs);
  try {
    await once(socket, 'connect', { signal: over });
    // The kernel makes connections for a program that is stopped or hangs, too.
    const here = { address: socket.localAddress ?? host, port: socket.localPort ?? 0 };
    while (known?.taken({ address: host, port }, here) === false) await sleep(takenMs, undefined, { signal: over });
    return undefined;
  } catch (error) {
    if (!over.aborted) return `does not answer: ${error instanceof Error ? error.message : String(error)}`;
    const what = socket.connecting ? 'did not answer' : 'took no connection, as a program that is stopped or hangs,';
    return `${what} within ${waitMs} ms`;
  } finally {
    socket.resetAndDestroy();
  }
}
