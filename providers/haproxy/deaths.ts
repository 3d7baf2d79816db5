/** Ends of HAProxy that nobody wanted, remembered for a while: it serves again within a second, and who looks later shall know why clients were cut. */
import type { Context } from '../../src/model/index.ts';
import type { Pressure } from './pressure.ts';

interface Death {
  readonly how: string;
  readonly atMs: number;
  readonly wallMs: number;
  servesAfterMs?: number;
}

const toldForMs = 900_000;

export class Deaths {
  readonly #clock: Context['clock'];
  #deaths: readonly Death[] = [];

  constructor(clock: Context['clock']) {
    this.#clock = clock;
  }

  add(how: string): void {
    this.#deaths = [...this.#recent(), { how, atMs: this.#clock.now(), wallMs: this.#clock.wall() }];
  }

  /** It serves again. Answers how long it did not, in milliseconds; undefined: it had not ended. */
  over(): number | undefined {
    const nowMs = this.#clock.now();
    const [first] = this.#deaths.filter(({ servesAfterMs }) => servesAfterMs === undefined);
    for (const death of this.#deaths) death.servesAfterMs ??= nowMs - death.atMs;
    return first === undefined ? undefined : Math.round(nowMs - first.atMs);
  }

  /** What status tells; undefined: it serves for long, or does not serve, which is told elsewhere. */
  get trouble(): Pressure | undefined {
    const deaths = this.#recent();
    const last = deaths.at(-1);
    if (last?.servesAfterMs === undefined) return undefined;
    const how = last.how === '' ? '' : ` (${last.how})`;
    const more = deaths.length === 1 ? '' : `; ${deaths.length} times within 15 minutes`;
    const seconds = (last.servesAfterMs / 1_000).toFixed(1);
    return {
      code: 'W_HAPROXY_DIED',
      message: `HAProxy ended at ${new Date(last.wallMs).toISOString()}${how} and served again ${seconds} s later; requests and streams that were open were cut${more}`,
    };
  }

  #recent(): readonly Death[] {
    const nowMs = this.#clock.now();
    return this.#deaths.filter(({ atMs }) => nowMs - atMs < toldForMs);
  }
}
