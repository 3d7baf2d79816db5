/** The words of one line, quotes and escapes resolved. */
export type ShapeLine = readonly string[];

/**
 * Splits a line as HAProxy does (configuration manual, 2.2 "Quoting and escaping"): spaces part words, single quotes keep everything,
 * a backslash outside quotes escapes. What our builders never write is not read: double quotes and `$` outside of single quotes (the
 * environment would be put in), `#` outside of them (a comment would swallow the rest), other escapes, an open quote. Undefined then.
 */
export function splitLine(line: string): ShapeLine | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; ) {
    const char = line[at] ?? '';
    if (char === ' ') {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
    } else if (char === "'") {
      const end = line.indexOf("'", at + 1);
      if (end === -1) return undefined;
      word = (word ?? '') + line.slice(at + 1, end);
      at = end + 1;
    } else if (char === '\\') {
      const escaped = /^\\(?:'|x([0-9a-f]{2}))/.exec(line.slice(at, at + 4));
      if (escaped === null || escaped[1] === '00') return undefined;
      word = (word ?? '') + (escaped[1] === undefined ? "'" : String.fromCharCode(Number.parseInt(escaped[1], 16)));
      at += escaped[0].length;
    } else if (char === '"' || char === '$' || char === '#') {
      return undefined;
    } else {
      word = (word ?? '') + char;
      at++;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
