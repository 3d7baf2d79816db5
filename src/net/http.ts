import { accept, type Parsed, refuse } from './parsed.ts';
import { safeText } from './text.ts';

/** RFC 9110 token. */
const token = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** A header field name (RFC 9110 token, at most 128 characters), as written. */
export function parseHeaderName(value: unknown): Parsed<string> {
  if (typeof value !== 'string') return refuse('E_FIELD_TYPE', 'must be a text');
  if (value.length > 128) return refuse('E_FIELD_VALUE', 'must have at most 128 characters');
  return token.test(value)
    ? accept(value)
    : refuse('E_FIELD_VALUE', 'must be a header name: letters, digits and - without spaces or colons');
}

/** A header field value: printable ASCII and inner spaces, at most 4096 characters; may be empty. */
export function parseHeaderValue(value: unknown): Parsed<string> {
  const text = safeText(value);
  if (!text.ok) return text;
  if (/[^\x20-\x7e]/.test(text.value)) return refuse('E_FIELD_VALUE', 'must be of printable ASCII characters');
  return text.value === text.value.trim() ? text : refuse('E_FIELD_VALUE', 'must not begin or end with a space');
}

/** A request method in upper case. */
export function parseMethod(value: unknown): Parsed<string> {
  if (typeof value !== 'string') return refuse('E_FIELD_TYPE', 'must be a text');
  const method = value.toUpperCase();
  return /^[A-Z][A-Z-]{0,31}$/.test(method)
    ? accept(method)
    : refuse('E_FIELD_VALUE', 'must be a request method such as GET or POST');
}

/** A cookie name (RFC 6265 token, at most 64 characters). */
export function parseCookieName(value: unknown): Parsed<string> {
  if (typeof value !== 'string') return refuse('E_FIELD_TYPE', 'must be a text');
  return /^[A-Za-z0-9_-]{1,64}$/.test(value)
    ? accept(value)
    : refuse('E_FIELD_VALUE', 'must be a cookie name of 1 to 64 letters, digits, - and _');
}
