/** Where a text stops being JSON (RFC 8259). V8 names the place only for some errors, and quotes the text around it, which may be a secret. */
export interface JsonError {
  readonly offset: number;
  /** What was expected there. */
  readonly reason: string;
}

const space = /[ \t\r\n]*/y;
const scalar =
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | 'end' | ', or ]' | ', or }';

/** The first place that no JSON text can have; undefined for valid JSON. */
export function findJsonError(text: string): JsonError | undefined {
  const open: ('[' | '{')[] = [];
  let expected: Expected = 'value';
  let at = 0;
  const afterValue = (): Expected => (open.length === 0 ? 'end' : open.at(-1) === '[' ? ', or ]' : ', or }');
  const close = (): Expected => {
    open.pop();
    return afterValue();
  };
  for (;;) {
    at = skip(space, text, at);
    if (at >= text.length)
      return expected === 'end' ? undefined : { offset: at, reason: `it ends where ${expected} is expected` };
    const char = text[at] ?? '';
    const next = follow(char);
    if (next !== undefined) {
      expected = next;
      at++;
      continue;
    }
    const end = skip(scalar, text, at);
    const isKey: boolean = expected === 'key' || expected === 'key or }';
    const wanted: boolean = isKey ? char === '"' : expected === 'value' || expected === 'value or ]';
    if (end === at || !wanted)
      return { offset: at, reason: `${isKey ? 'a key in double quotes' : expected} is expected` };
    expected = isKey ? ':' : afterValue();
    at = end;
  }

  /** What comes after a punctuation mark; undefined when it may not stand here. */
  function follow(char: string): Expected | undefined {
    const value = expected === 'value' || expected === 'value or ]';
    if ((char === '[' || char === '{') && value) {
      open.push(char);
      return char === '[' ? 'value or ]' : 'key or }';
    }
    if (char === ']' && (expected === 'value or ]' || expected === ', or ]')) return close();
    if (char === '}' && (expected === 'key or }' || expected === ', or }')) return close();
    if (char === ',' && expected === ', or ]') return 'value';
    if (char === ',' && expected === ', or }') return 'key';
    return char === ':' && expected === ':' ? 'value' : undefined;
  }
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
