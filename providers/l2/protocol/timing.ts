/** All spans of the protocol in ms; the same on every node of a group, so they belong into the hash of the configuration. */
export interface Timing {
  /** A node tells its claims once in this span. */
  readonly beatMs: number;
  /** While the newest beat has no majority, a new one follows after this span. */
  readonly retryMs: number;
  /** What need not be told with each beat is told once in this span: that a node without claims lives, and what it has to those who do not vote. */
  readonly restMs: number;
  /** A gate closes by itself this long after the kernel armed its token. */
  readonly gateMs: number;
  /** A voter's promise to a holder, from the receipt of a beat; also the silence of a voter after its start. */
  readonly promiseMs: number;
  /** How long a confirmation waits for the acknowledgements of the last addresses of its beat. */
  readonly gatherMs: number;
  /** A release is told again after this span until every voter has heard it. */
  readonly releaseMs: number;
  /** A hint to a successor stands in every beat for this span. */
  readonly hintMs: number;
  /** The named successor lets no refusal stop it for this span. */
  readonly insistMs: number;
  /** Everybody but the named successor keeps away from a handed-over address for this span. */
  readonly holdOffMs: number;
  /** And the one that handed it over for this one. */
  readonly returnMs: number;
  /** So long an address that nobody was ever heard to have is left to the first of the plan: after a start of all, or where others hear later of what is new. */
  readonly coldMs: number;
  /** A record of voters that is on disk here counts after this span, or when it counts elsewhere; 0: at once. */
  readonly adoptMs: number;
}

/** Clocks that differ by 200 ppm, expiry up to two jiffies late at HZ=100, and some room. */
const slackMs = 25;

/**
 * The spans that belong to a beat of so many ms: 100 ms make a gate of 300 ms and a promise of 330 ms.
 * Parts may be given apart; a promise that a gate could outlive is refused with a RangeError, because then two nodes could answer.
 */
export function deriveTiming(beatMs = 100, parts: Partial<Timing> = {}): Timing {
  if (!Number.isFinite(beatMs) || beatMs < 10 || beatMs > 10_000) {
    throw new RangeError(`beatMs is ${beatMs}: give 10 to 10000`);
  }
  const gateMs = parts.gateMs ?? 3 * beatMs;
  const timing: Timing = {
    beatMs,
    retryMs: beatMs / 4,
    restMs: 10 * beatMs,
    promiseMs: Math.max(3.3 * beatMs, gateMs + slackMs),
    gatherMs: beatMs / 5,
    releaseMs: Math.max(2, beatMs * 0.08),
    hintMs: 2 * beatMs,
    insistMs: beatMs,
    holdOffMs: 1.5 * beatMs,
    returnMs: 5 * beatMs,
    coldMs: 30 * beatMs,
    adoptMs: 10 * beatMs,
    ...parts,
    gateMs,
  };
  for (const [name, value] of Object.entries(timing)) {
    if (!Number.isFinite(value) || value < 0 || (value === 0 && name !== 'adoptMs' && name !== 'coldMs'))
      throw new RangeError(`${name} is ${value}: give a number above 0`);
  }
  if (timing.promiseMs < timing.gateMs + slackMs) {
    const least = timing.gateMs + slackMs;
    throw new RangeError(
      `promiseMs is ${timing.promiseMs}, less than gateMs ${timing.gateMs} + ${slackMs}: give ${least} or more`,
    );
  }
  return timing;
}
