import { accept, type Parsed, refuse } from './parsed.ts';

const pattern = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/** A name of letters, digits, `-`, `.` and `_`, at most 253 characters, begun and ended by a letter or digit, without `..`. */
export function parseName(value: unknown): Parsed<string> {
  if (typeof value !== 'string') return refuse('E_FIELD_TYPE', 'must be a text');
  if (value === '') return refuse('E_NAME', 'must not be empty');
  if (value.length > 253) return refuse('E_NAME', 'must have at most 253 characters');
  if (!pattern.test(value)) {
    return refuse('E_NAME', 'must be of letters, digits, - . _ only, begun and ended by a letter or digit');
  }
  if (value.includes('..')) return refuse('E_NAME', 'must not contain ..');
  return accept(value);
}
