import { type ErrorClass, type ErrorCode, WeirError } from '../model/index.ts';

/** A failure as it is reported: what the error table knows about it, and its own words. */
export interface Failure {
  readonly code: ErrorCode;
  readonly class: ErrorClass;
  readonly message: string;
}

/** Anything thrown. What carries no code is a fault of ours (or of a provider): class bug. */
export function failureOf(error: unknown): Failure {
  if (error instanceof WeirError) return { code: error.code, class: error.class, message: error.message };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  // A line of a table.
  return { code: 'E_BUG', class: 'bug', message: message.replace(/\s+/g, ' ') };
}

const severity: readonly ErrorClass[] = ['warning', 'retry', 'refused', 'bug'];

/** The one of several failures that decides what is told and how soon to try again: the soonest retry does not hide what needs a person. */
export function worstFailure(failures: readonly Failure[]): Failure | undefined {
  let worst: Failure | undefined;
  for (const failure of failures) {
    if (worst === undefined || severity.indexOf(failure.class) > severity.indexOf(worst.class)) worst = failure;
  }
  return worst;
}
