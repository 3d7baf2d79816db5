import { WeirError } from '../model/index.ts';

/** A time in which this weir alone writes to a system: the same text while it lasts, another one where somebody else may have written since. */
export type Term = string;

/**
 * Asked right before every call that changes a system that several weirs share. Shut while another one leads, and after that until the
 * system has been read within the own term: nothing that was planned before may go on. `term` looks at the clock, not at what was told.
 */
export class WriteGate {
  readonly #term: () => Term | undefined;
  #admitted: Term | undefined;

  constructor(term: () => Term | undefined) {
    this.#term = term;
  }

  /** The term that lasts at this moment; undefined: another one leads. */
  get term(): Term | undefined {
    return this.#term();
  }

  /** Whether a call may start at this moment. */
  get open(): boolean {
    const term = this.#term();
    return term !== undefined && term === this.#admitted;
  }

  /** The system has been read within this term, and nothing of an earlier one is under way any more. */
  admit(term: Term): void {
    this.#admitted = term;
  }

  /** Throws E_NOT_LEADER where it is shut. */
  check(): void {
    if (!this.open) throw new WeirError('E_NOT_LEADER', 'this weir does not lead any more: the call was not made');
  }
}

/** Of a system that nobody else writes. */
export function ownGate(): WriteGate {
  const gate = new WriteGate(() => 'own');
  gate.admit('own');
  return gate;
}

/** Whether something was not done because the gate is shut: no failure, its plan is dropped. */
export function isShut(error: unknown): boolean {
  return error instanceof WeirError && error.code === 'E_NOT_LEADER';
}
