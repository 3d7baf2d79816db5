import { parseHost } from './host.ts';
import { accept, type Parsed, refuse } from './parsed.ts';
import { parsePort } from './port.ts';
import { safeText } from './text.ts';

/** An origin of the Fetch standard: scheme, host and perhaps a port, as browsers write it; or `*`. */
export function parseOrigin(value: string): Parsed<string> {
  if (value === '*') return accept(value);
  const [, host = '', port] = /^https?:\/\/([^/:]+|\[[0-9a-fA-F:.]+\])(?::(\d+))?$/.exec(value) ?? [];
  const usable = parseHost(host.toLowerCase(), { address: true }).ok && (port === undefined || parsePort(port).ok);
  return usable
    ? accept(value.toLowerCase())
    : refuse('E_FIELD_VALUE', 'must be *, or scheme and host like https://shop.test or https://*.shop.test:8443');
}

const units: Readonly<Record<string, number>> = { '': 1, k: 1_024, m: 1_048_576, g: 1_073_741_824 };

/** Bytes: a number, or one with k, m or g (powers of 1024). */
export function parseSize(value: number | string): Parsed<number> {
  const [, digits, unit = ''] = /^(\d{1,12})([kmg]?)$/i.exec(String(value)) ?? [];
  const bytes = digits === undefined ? Number.NaN : Number(digits) * (units[unit.toLowerCase()] ?? Number.NaN);
  return Number.isSafeInteger(bytes)
    ? accept(bytes)
    : refuse('E_FIELD_VALUE', 'must be a size such as 65536, 512k, 10m or 1g');
}

/** Requests per second: above 0, up to a million. */
export function parseRate(value: number): Parsed<number> {
  return value > 0 && value <= 1_000_000
    ? accept(value)
    : refuse('E_FIELD_VALUE', 'must be a number above 0, up to 1000000');
}

/** The replacement of a rewrite: path characters, and \1 to \9 (or $1 to $9, as the model has them) for groups. */
export function parseReplacement(value: string): Parsed<string> {
  const text = safeText(value, 1024);
  if (!text.ok) return text;
  return /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]|\\[1-9])*$/.test(value)
    ? accept(value.replace(/\\([1-9])/g, '$$$1'))
    : refuse('E_PATH', 'must be of path characters and \\1 to \\9');
}
