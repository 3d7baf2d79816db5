/**
 * Generated names: nothing that a service wrote becomes a name as it is. A name is a short readable part (letters, digits, hyphens)
 * and 128 bits of hash, so that nobody can choose two ids whose names meet.
 */
import { hash } from 'node:crypto';
import type { Resource } from '../../src/model/index.ts';
import { parseAddress } from '../../src/net/index.ts';

/** 128 bits in 22 characters of `A-Za-z0-9_-`. */
export function shortHash(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22);
}

/** Up to 28 characters `a-z0-9-` that remind of the text; may be empty. */
function reminder(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 28)
    .replace(/^-+|-+$/g, '');
}

function name(prefix: string, id: string): string {
  const word = reminder(id);
  return word === '' ? `${prefix}_${shortHash(id)}` : `${prefix}_${word}_${shortHash(id)}`;
}

/** Name of the frontend section of a Frontend resource. */
export function frontendName(id: string): string {
  return name('f', id);
}

/** Name of the backend section of a Backend resource. */
export function backendName(id: string): string {
  return name('b', id);
}

const ownNames = new WeakMap<Resource, string>();

/** `backendName` of a Backend, made once for each resource. */
export function ownName(resource: Resource): string {
  let known = ownNames.get(resource);
  if (known === undefined) {
    known = backendName(resource.id);
    ownNames.set(resource, known);
  }
  return known;
}

/** Backends that answer by themselves: `404` and `503`. */
export function answerName(status: 404 | 503): string {
  return `a_${status}`;
}

/** The cookie of a backend whose service names none: every backend its own, so that two behind one host never take each other's. */
export function cookieName(id: string): string {
  return `weir-${shortHash(`cookie ${id}`).slice(0, 8)}`;
}

/**
 * What HAProxy mixes into the values of cookies. The same on every node, in every section and after every reload, so that clients stay
 * where they are; it protects nothing: who knows it can choose a target, and no more.
 */
export const cookieKey = shortHash('cookie key');

/** The name of a server that is the process itself. */
export const ownServer = 'own';

/** The name of a socket of the process to itself, in the kernel's namespace and not in a directory that the worker's account may not enter. */
export function ownSocket(directory: string, purpose: string): string {
  return `abns@weir-${purpose}-${shortHash(`${purpose} ${directory}`)}`;
}

/** Name of the backend section of a redirect or fixed answer, by its content: equal answers share one. */
export function actionName(content: string): string {
  return `a_${shortHash(content)}`;
}

/** `v4-10.0.0.7_8080`, `v6-2001-db8--7_8080`: reversible, of the characters that the runtime socket allows. */
export function serverName(address: string, port: number): string {
  return address.includes(':') ? `v6-${address.replaceAll(':', '-')}_${port}` : `v4-${address}_${port}`;
}

/** From 1 to 1,048,575: of an id HAProxy's consistent hash knows the lowest twenty bits. */
export function serverId(address: string, port: number): number {
  const id = Number.parseInt(hash('sha256', serverName(address, port), 'hex').slice(0, 5), 16);
  return id === 0 ? 1 : id;
}

/** The target that a server name stands for; undefined when the name is not one of ours. */
export function parseServerName(text: string): { readonly address: string; readonly port: number } | undefined {
  const match = /^(v[46])-([0-9a-f.-]+)_([1-9]\d{0,4})$/.exec(text);
  if (match === null) return undefined;
  const [, family, body = '', digits] = match;
  const address = family === 'v6' ? body.replaceAll('-', ':') : body;
  const port = Number(digits);
  const parsed = parseAddress(address);
  const same = parsed.ok && parsed.value === address && address.includes(':') === (family === 'v6');
  return same && port <= 65_535 ? { address, port } : undefined;
}

/** Path of a certificate file by content, relative to the configuration directory. */
export function certPath(sha256: string): string {
  return `certs/${sha256}.pem`;
}

/**
 * Path of the default certificate of a frontend: a stable name whose content is replaced at run time, because the first line of
 * a crt-list can never be deleted while the process lives.
 */
export function defaultCertPath(frontend: string): string {
  return `certs/default-${frontend}.pem`;
}

/** Path of the OCSP response of a certificate: where HAProxy looks for it. */
export function staplePath(cert: string): string {
  return `${cert}.ocsp`;
}

/** A path of an OCSP response. */
export function isStaple(path: string): boolean {
  return path.endsWith('.ocsp');
}

/** Path of a crt-list. */
export function crtListPath(frontend: string): string {
  return `crt/${frontend}.list`;
}

/** Path of a map of a frontend. */
export function mapPath(frontend: string, what: 'routes' | 'regex' | 'shares' | 'rest'): string {
  return `maps/${frontend}.${what}.map`;
}

/** Path of the map that lists allowed source ranges, by its content. */
export function rangesPath(ranges: readonly string[]): string {
  return `maps/from-${shortHash(ranges.join(' '))}.map`;
}

/** Of the process: whether answers ask clients to close their connections. */
export const drainVariable = 'proc.weir_drain';
