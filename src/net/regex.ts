import { accept, type Parsed, refuse } from './parsed.ts';
import { safeText } from './text.ts';

const maxLength = 512;
/** Each unbounded repetition can multiply the work of a backtracking matcher by the length of the subject. */
const maxUnbounded = 8;
const maxRepeat = 1000;
/** Bounded choices (`?`, `{n,m}`, `|`) multiply each other: a?a?a?… is exponential without any unbounded repetition. */
const maxChoices = 100_000;
/** Code of a compiled expression in bytes, estimated high. Repeated groups are written out, and PCRE2 gives up at 64 KiB. */
const maxSize = 30_000;

interface Group {
  /** Something inside repeats or branches. */
  varies: boolean;
  branches: number;
  size: number;
}

/** What a group, a class and any other character take: brackets with their links, a bitmap, an opcode with its counts. */
const sizes = { group: 16, class: 48, character: 12 };

/**
 * A regular expression in the subset that RE2, PCRE and JavaScript read alike: literals, `.`, classes, `\d \w \s \b` and their
 * opposites, escaped punctuation, `^ $`, `( )`, `(?: )`, `|`, and `* + ? {n,m}` with their lazy forms. Refused are look-around,
 * backreferences and repeated groups that repeat or branch inside, which take exponential time in a backtracking matcher.
 * That it is safe to run does not make it safe as text: it is quoted like every other value.
 */
export function parseRegex(value: unknown): Parsed<string> {
  const text = safeText(value, maxLength);
  if (!text.ok) return text;
  const source = text.value;
  if (source === '') return refuse('E_REGEX', 'must not be empty');
  if (/[^\x20-\x7e]/.test(source)) return refuse('E_REGEX', 'must be of printable ASCII characters');
  const reason = scan(source);
  if (reason !== undefined) return refuse('E_REGEX', reason);
  try {
    new RegExp(source);
  } catch {
    return refuse('E_REGEX', 'must be a valid regular expression');
  }
  return accept(source);
}

/** Walks the expression once; answers why it is refused. */
function scan(source: string): string | undefined {
  const whole: Group = { varies: false, branches: 1, size: 0 };
  const open: Group[] = [whole];
  let unbounded = 0;
  let choices = 1;
  // What a quantifier that comes next would repeat: nothing, one character, or a closed group.
  let before: 'nothing' | 'atom' | Group = 'nothing';
  const vary = (): void => {
    for (const group of open) group.varies = true;
  };
  const grow = (bytes: number): void => {
    const group = open.at(-1);
    if (group !== undefined) group.size += bytes;
  };
  for (let at = 0; at < source.length; ) {
    const rest = source.slice(at);
    const quantifier = /^(?:[*+?]|\{(\d+)(,(\d*))?\})\??/.exec(rest);
    if (quantifier !== null) {
      if (before === 'nothing') return 'must not repeat nothing (write \\ before a literal * + ? or {)';
      const { least, most } = bounds(quantifier);
      if (most !== Number.POSITIVE_INFINITY && most > maxRepeat) return `must not repeat more than ${maxRepeat} times`;
      if (most > 1 && typeof before === 'object' && before.varies) {
        return 'must not repeat a group that repeats or branches inside (it can take exponential time)';
      }
      if (most === Number.POSITIVE_INFINITY && ++unbounded > maxUnbounded) {
        return `must not have more than ${maxUnbounded} unbounded repetitions`;
      }
      if (typeof before === 'object') grow(before.size * (Math.max(least, Number.isFinite(most) ? most : 1) - 1));
      if (Number.isFinite(most)) choices *= most - least + 1;
      if (least !== most) vary();
      before = 'nothing';
      at += quantifier[0].length;
      continue;
    }
    switch (rest[0]) {
      case '\\': {
        if (!/^\\([^A-Za-z0-9]|[dDwWsSbB])/.test(rest)) return escapeReason(rest);
        before = /^\\[bB]/.test(rest) ? 'nothing' : 'atom';
        grow(sizes.character);
        at += 2;
        break;
      }
      case '[': {
        const set = /^\[\^?(?:\\[^A-Za-z0-9]|\\[dDwWsS]|[^\\[\]])+\]/.exec(rest);
        if (set === null) return 'must have well-formed character classes […] with \\[ and \\] for literal brackets';
        const reason = classReason(set[0]);
        if (reason !== undefined) return reason;
        before = 'atom';
        grow(sizes.class);
        at += set[0].length;
        break;
      }
      case '(': {
        if (rest[1] === '?' && rest[2] !== ':')
          return 'must not use look-around, named groups or inline flags ((?…) other than (?:…))';
        open.push({ varies: false, branches: 1, size: sizes.group });
        before = 'nothing';
        at += rest[1] === '?' ? 3 : 1;
        break;
      }
      case ')': {
        const group = open.pop();
        if (group === undefined || group === whole) return 'must have balanced parentheses';
        choices *= group.branches;
        grow(group.size);
        before = group;
        at += 1;
        break;
      }
      case '{':
      case '}':
      case ']':
        return `must have \\ before a literal ${rest[0]}`;
      case '|': {
        vary();
        const group = open.at(-1);
        if (group !== undefined) group.branches++;
        grow(sizes.group);
        before = 'nothing';
        at += 1;
        break;
      }
      case '^':
      case '$':
        before = 'nothing';
        grow(sizes.character);
        at += 1;
        break;
      default:
        before = 'atom';
        grow(sizes.character);
        at += 1;
    }
  }
  if (open.length > 1) return 'must have balanced parentheses';
  if (whole.size > maxSize) return 'must be smaller when its repeated groups are written out';
  if (choices * whole.branches > maxChoices) return 'must have fewer optional parts and alternatives';
  return undefined;
}

/** How often a quantifier repeats. */
function bounds(quantifier: RegExpExecArray): { readonly least: number; readonly most: number } {
  const [text, first, comma, second] = quantifier;
  if (text.startsWith('?')) return { least: 0, most: 1 };
  if (first === undefined) return { least: text.startsWith('+') ? 1 : 0, most: Number.POSITIVE_INFINITY };
  const least = Number(first);
  if (comma === undefined) return { least, most: least };
  return { least, most: second === undefined || second === '' ? Number.POSITIVE_INFINITY : Number(second) };
}

/** What JavaScript takes for single characters and PCRE2 refuses: it would refuse the whole file of a proxy with it. */
function classReason(set: string): string | undefined {
  if (set === '[^]') return 'must not use [^]; write . for any character';
  if (/^\[([:.=]).*\1\]$/.test(set))
    return 'must not use POSIX names such as [:alpha:]; write the characters, \\d, \\w or \\s';
  const members = set.slice(1, -1).match(/\\.|[^\\]/g) ?? [];
  const first = members[0] === '^' ? 1 : 0;
  for (let at = first; at < members.length; at++) {
    if (members[at + 1] !== '-' || at + 2 >= members.length) continue;
    if ([members[at], members[at + 2]].some((end) => end !== undefined && /^\\[dDwWsS]$/.test(end)))
      return 'must have a literal hyphen in […] first, last or as \\-, not beside \\d, \\w or \\s';
    at += 2;
  }
  return undefined;
}

function escapeReason(rest: string): string {
  if (/^\\[1-9gk]/.test(rest)) return 'must not use backreferences';
  if (rest.length < 2) return 'must not end with \\';
  return `must not use the escape ${rest.slice(0, 2)}; \\d \\D \\w \\W \\s \\S \\b \\B and escaped punctuation are read`;
}
