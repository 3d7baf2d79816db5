/** The likely spelling of a mistyped word: for unknown fields, flags, annotations and names. */

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours count one each. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** Letters from which on the beginning of a word tells which one is meant. */
const beginning = 5;

/**
 * The candidate that `word` most likely meant, or undefined when none is near (at most 2 edits, or a quarter of its length) and none but
 * one begins with it.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const longer: string[] = [];
  if (word === '' || word.length > 200) return undefined;
  const lower = word.toLowerCase();
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 4)) + 1;
  for (const candidate of candidates) {
    if (lower.length >= beginning && candidate.toLowerCase().startsWith(lower)) longer.push(candidate);
    // A length difference is a lower bound of the distance: most candidates need no table.
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const edits = distance(lower, candidate.toLowerCase());
    // Two edits turn any two-letter word into any other: demand that something remains.
    if (edits < least && edits < Math.max(word.length, candidate.length)) {
      best = candidate;
      least = edits;
    }
  }
  return best ?? (longer.length === 1 ? longer[0] : undefined);
}

/** `; did you mean "x"?` or nothing: the end of a message about an unknown word. */
export function suggestion(word: string, candidates: Iterable<string>): string {
  const near = closest(word, candidates);
  return near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
}
