import type { PathMatch } from '../model/service.ts';
import { accept, type Parsed, refuse } from './parsed.ts';
import { parseRegex } from './regex.ts';
import { safeText } from './text.ts';

/** RFC 3986 path characters; `%` only as an escape. Quotes, braces, backslash, `?`, `#` and spaces never stand in a request path. */
const characters = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;

const maxLength = 1024;

/**
 * A path to match requests with, judged by its type. exact and prefix follow the rules of the Kubernetes API (no empty element, no dot
 * segment, no encoded slash); stringPrefix may have empty elements; regex is checked by `parseRegex`.
 */
export function parsePath(value: unknown, type: PathMatch['type']): Parsed<string> {
  if (type === 'regex') return parseRegex(value);
  const text = safeText(value, maxLength);
  if (!text.ok) return text;
  const path = text.value;
  if (!path.startsWith('/')) return refuse('E_PATH', 'must start with /');
  if (/[?#]/.test(path)) return refuse('E_PATH', 'must be a path only, without query (?) or fragment (#)');
  if (/[^\x21-\x7e]/.test(path)) {
    return refuse('E_PATH', 'must be of printable ASCII characters; write others percent-encoded');
  }
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return refuse('E_PATH', 'must have two hexadecimal digits after each %');
  if (/%(0[0-9a-f]|1[0-9a-f]|7f)/i.test(path)) return refuse('E_PATH', 'must not contain encoded control characters');
  if (!characters.test(path))
    return refuse(
      'E_PATH',
      'must not contain quotes, brackets, braces, backslashes or other characters that no path has',
    );
  if (/(^|\/)\.{1,2}(\/|$)/.test(path)) return refuse('E_PATH', 'must not contain the elements . or ..');
  if (type !== 'stringPrefix' && path.includes('//')) return refuse('E_PATH', 'must not contain //');
  if (type !== 'stringPrefix' && /%2f/i.test(path)) return refuse('E_PATH', 'must not contain an encoded slash (%2F)');
  return accept(path);
}
