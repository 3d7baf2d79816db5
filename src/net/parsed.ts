import type { ErrorCode } from '../model/errors.ts';

export interface Refused {
  readonly ok: false;
  readonly code: ErrorCode;
  /** A clause that follows the field's name, e.g. `must be a whole number from 1 to 65535`. Never repeats the value. */
  readonly reason: string;
}

/** What every parser of this folder answers: a canonical value, or why not. Parsers take `unknown` and never throw. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | Refused;

export function accept<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function refuse(code: ErrorCode, reason: string): Refused {
  return { ok: false, code, reason };
}
