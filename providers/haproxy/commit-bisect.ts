/**
 * Which resources make HAProxy refuse a configuration when its message names none of them: it is asked about parts, fewer and fewer
 * at a time. Pure but for the asking.
 */
import type { Resource } from '../../src/model/index.ts';

/** Questions of one search: each costs as long as HAProxy needs to read its part. */
export const mostQuestions = 64;
/** Kept for each later layer. */
const reserved = 12;

/** In this order: a route leads from a frontend to a backend, so both are judged without it. */
const layers = ['Frontend', 'Backend', 'Route'] as const;

export interface Clues {
  /** They were at fault before: tried first. */
  readonly suspects: ReadonlySet<Resource>;
  /** HAProxy took them before as they are. */
  readonly trusted: ReadonlySet<Resource>;
}

export interface Findings {
  readonly faulty: readonly Resource[];
  /** Not told apart within the questions allowed: more that are faulty are among them, and the next search goes on there. */
  readonly unclear: readonly Resource[];
}

/**
 * `passes`: whether HAProxy takes the configuration without these resources.
 * @returns undefined when HAProxy does not even take one without any service: then it is no service's fault.
 */
export async function findRefused(
  resources: readonly Resource[],
  { suspects, trusted }: Clues,
  passes: (without: ReadonlySet<Resource>) => Promise<boolean>,
): Promise<Findings | undefined> {
  let left = mostQuestions;
  const ask = (without: ReadonlySet<Resource>) => {
    left--;
    return passes(without);
  };
  if (suspects.size > 0 && (await ask(suspects))) return { faulty: [...suspects], unclear: [] };
  const all = layers.map((layer) => resources.filter(({ kind }) => kind === layer));
  let parts = all.map((part) => part.filter((resource) => !trusted.has(resource)));
  let out = new Set(parts.flat());
  if (trusted.size === 0 || !(await ask(out))) {
    parts = all;
    out = new Set(all.flat());
    if (!(await ask(out))) return undefined;
  }
  const faulty: Resource[] = [];
  const unclear: Resource[] = [];

  /** Takes in what can be of a part; answers whether that is all of it. `refused`: as a whole it cannot be, as was found out. */
  const admit = async (part: readonly Resource[], reserve: number, refused: boolean): Promise<boolean> => {
    if (part.length === 0) return true;
    if (!refused) {
      if (left <= reserve) {
        unclear.push(...part);
        return false;
      }
      for (const resource of part) out.delete(resource);
      if (await ask(out)) return true;
      for (const resource of part) out.add(resource);
    }
    if (part.length === 1) faulty.push(...part);
    else {
      const middle = part.length >> 1;
      // Where the first half passed and the whole did not, it is the second: no need to ask.
      const first = await admit(part.slice(0, middle), reserve, false);
      await admit(part.slice(middle), reserve, first);
    }
    return false;
  };
  for (const [i, part] of parts.entries()) await admit(part, (parts.length - 1 - i) * reserved, false);
  return { faulty, unclear };
}
