import { isIP } from 'node:net';
import { accept, type Parsed, refuse } from './parsed.ts';
import { safeText } from './text.ts';

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

export interface HostOptions {
  /** An IP address may stand for the name (a client that is given only an address sends it as Host). */
  readonly address?: boolean;
  /** `*.name` is allowed; default true. */
  readonly wildcard?: boolean;
}

/**
 * A DNS name in lower case, or `*.name` for exactly one label (RFC 1123 letters, digits and hyphens, and the underscore that is in
 * real use; at most 253 characters). No port, no final dot, no bare `*`.
 */
export function parseHost(value: unknown, options: HostOptions = {}): Parsed<string> {
  const text = safeText(value, 4096);
  if (!text.ok) return text;
  const host = text.value.toLowerCase();
  if (isIP(host) !== 0) {
    return options.address === true ? accept(host) : refuse('E_HOST', 'must be a DNS name, not an address');
  }
  const name = host.startsWith('*.') ? host.slice(2) : host;
  const reason = whyNot(host, name, options);
  return reason === undefined ? accept(host) : refuse('E_HOST', `must ${reason}`);
}

function whyNot(host: string, name: string, options: HostOptions): string | undefined {
  if (host === '') return 'not be empty';
  if (host === '*') return 'be a DNS name; for every host leave it out';
  if (/^(\*\.)?[a-z0-9_.-]+:\d+$/.test(host)) return 'be a DNS name without a port';
  if (name.endsWith('.')) return 'be a DNS name without a final dot';
  if (host !== name && options.wildcard === false) return 'be a DNS name without a wildcard';
  if (name.includes('*')) return 'have a wildcard only as its whole first label (*.name)';
  if (host.length > 253) return 'have at most 253 characters';
  if (/[^\x20-\x7e]/.test(name)) return 'be a DNS name in its ASCII form (xn--…)';
  const labels = name.split('.');
  if (labels.some((part) => part.length > 63)) return 'have labels of at most 63 characters';
  if (!labels.every((part) => label.test(part))) {
    return 'be a DNS name of letters, digits and hyphens, or *.name';
  }
  // A name whose last label is a number is read as an address by clients (WHATWG URL), so it can never arrive as a name.
  if (/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) return 'be a DNS name whose last label is not a number';
  return undefined;
}

/** Whether a host pattern (exact or `*.name` for one label) covers a host name; both as `parseHost` gives them. */
export function hostCovers(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host;
  const dot = host.indexOf('.');
  return dot > 0 && host.slice(dot) === pattern.slice(1) && !host.startsWith('*');
}
