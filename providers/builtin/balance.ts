/** Choosing among targets. Pure apart from the counters that the caller keeps. */
import { createHash } from 'node:crypto';

/** What a choice is made of. */
export interface Candidate {
  readonly key: string;
  readonly weight: number;
  /** Connections or requests under way. */
  readonly active: number;
}

/** Smooth weighted round robin: of every `sum of weights` choices each candidate gets its weight, spread evenly. */
export class RoundRobin {
  readonly #credit = new Map<string, number>();

  choose<T extends Omit<Candidate, 'active'>>(candidates: readonly T[]): T | undefined {
    let best: T | undefined;
    let total = 0;
    for (const candidate of candidates) {
      if (candidate.weight <= 0) continue;
      total += candidate.weight;
      const credit = (this.#credit.get(candidate.key) ?? 0) + candidate.weight;
      this.#credit.set(candidate.key, credit);
      if (best === undefined || credit > (this.#credit.get(best.key) ?? 0)) best = candidate;
    }
    if (best !== undefined) this.#credit.set(best.key, (this.#credit.get(best.key) ?? 0) - total);
    return best;
  }

  /** Forgets who is no longer there. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#credit.keys()) if (!keys.has(key)) this.#credit.delete(key);
  }
}

/** The fewest under way for its weight; `turn` decides between equals. */
export function leastConnections<T extends Candidate>(candidates: readonly T[], turn: number): T | undefined {
  const load = ({ active, weight }: Candidate) => (active + 1) / weight;
  const usable = candidates.filter(({ weight }) => weight > 0);
  const least = Math.min(...usable.map(load));
  const equals = usable.filter((candidate) => load(candidate) === least);
  return equals[turn % equals.length];
}

/** Rendezvous hashing with weights: a key keeps its target while that is there, and only the keys of a lost target move. */
export function byHash<T extends Candidate>(candidates: readonly T[], key: string): T | undefined {
  let best: T | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    if (candidate.weight <= 0) continue;
    const digest = createHash('sha1').update(`${candidate.key}\n${key}`).digest();
    const uniform = (digest.readUInt32BE(0) + 1) / 2 ** 32;
    const score = candidate.weight / -Math.log(Math.min(uniform, 1 - 2 ** -33));
    if (score > bestScore) [best, bestScore] = [candidate, score];
  }
  return best;
}
