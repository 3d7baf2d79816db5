/** How machines that share no place where it could be written down tell each other which addresses they give to services. */

/** What another machine says. */
export interface Voice {
  readonly words: string;
  /** It is heard now; else this is what it said last. */
  readonly present: boolean;
  /** Name of those words of this machine that it had taken in when it said this; absent: none. */
  readonly knows?: string;
}

export interface Hearing {
  /**
   * listening: who is there is not known yet. few: less than what decides together, so that nothing new may be given. enough: everybody who
   * is there was heard, and that is what decides.
   */
  readonly state: 'listening' | 'few' | 'enough';
  /** Of `few`: whom it takes. */
  readonly reason?: string;
  /** By machine, those that are peers now. The same map while nobody says anything else. */
  readonly voices: ReadonlyMap<string, Voice>;
}

/** Carries words between machines and understands none of them: late at times, but whole, authentic and in their order. */
export interface Agreement {
  hear(): Hearing;
  /** Whether this machine and those others are enough to decide. */
  decide(others: ReadonlySet<string>): boolean;
  /** What this machine says from now on, with the voices that it has taken in. Answers the name of these words. */
  say(words: string, takenIn: Hearing['voices']): string;
}
