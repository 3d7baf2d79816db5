import type { Call } from './call.ts';
import { seeded } from './random.ts';

export type Effect =
  /** The service's throttling error; nothing is done. */
  | { readonly kind: 'throttle' }
  | { readonly kind: 'error'; readonly code: string; readonly message?: string; readonly status?: number }
  /** The caller's policy does not allow the action. */
  | { readonly kind: 'deny' }
  /** The call takes so much longer. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The connection breaks before anything is done. */
  | { readonly kind: 'lose request' }
  /** The call is done, the connection breaks before the answer. */
  | { readonly kind: 'lose reply' };

/** One line of a fault script. Everything said must hold; what is not said holds always. */
export interface Fault {
  readonly effect: Effect;
  readonly service?: string;
  readonly action?: string | readonly string[] | RegExp;
  readonly when?: (call: Call) => boolean;
  /** Only the n-th call that fits, from 1. */
  readonly nth?: number;
  /** This share of the calls that fit, drawn from `seed`. */
  readonly share?: number;
  readonly seed?: number;
  /** At most so often. */
  readonly times?: number;
}

interface Armed {
  readonly fault: Fault;
  readonly random: () => number;
  fits: number;
  strikes: number;
}

/** The fault script of one account. Every line that strikes takes effect, delays first. */
export class Faults {
  #armed: Armed[] = [];

  /** Arms a fault; the answer takes it away again. */
  add(fault: Fault): () => void {
    const armed: Armed = { fault, random: seeded(fault.seed ?? 1), fits: 0, strikes: 0 };
    this.#armed.push(armed);
    return () => {
      this.#armed = this.#armed.filter((each) => each !== armed);
    };
  }

  clear(): void {
    this.#armed = [];
  }

  /** What strikes this call. */
  strike(call: Call): readonly Effect[] {
    return this.#armed
      .filter((armed) => fits(armed.fault, call) && strikes(armed))
      .map(({ fault }) => fault.effect)
      .sort((a, b) => Number(b.kind === 'delay') - Number(a.kind === 'delay'));
  }
}

function fits({ service, action, when }: Fault, call: Call): boolean {
  if (service !== undefined && service !== call.service) return false;
  if (typeof action === 'string' && action !== call.action) return false;
  if (action instanceof RegExp && !action.test(call.action)) return false;
  if (Array.isArray(action) && !action.includes(call.action)) return false;
  return when?.(call) ?? true;
}

function strikes(armed: Armed): boolean {
  const { nth, share, times } = armed.fault;
  armed.fits++;
  if (nth !== undefined && armed.fits !== nth) return false;
  if (times !== undefined && armed.strikes >= times) return false;
  if (share !== undefined && armed.random() >= share) return false;
  armed.strikes++;
  return true;
}
