import { accept, type Parsed, refuse } from './parsed.ts';

/** Somebody who may log in. */
export interface User {
  readonly name: string;
  /** As crypt(3) makes it: no password is ever read. */
  readonly hash: string;
}

const maxUsers = 1_000;
/** A check blocks a thread of the proxy for all of its services: what takes longer than some 20 ms is an attack on them. */
const maxRounds = 20_000;
const maxCost = 8;

const sha = /^\$[56]\$(?:rounds=(\d{4,9})\$)?[./A-Za-z0-9]{1,16}\$(?:[./A-Za-z0-9]{43}|[./A-Za-z0-9]{86})$/;
const bcrypt = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

/**
 * The users of a text in the form of htpasswd: `name:hash` a line, empty lines and lines with # first do not count. Hashes are those that
 * crypt(3) of every system knows: SHA-256 ($5$), SHA-512 ($6$), bcrypt ($2y$). Reasons never repeat the text.
 */
export function parseUsers(text: unknown): Parsed<readonly User[]> {
  if (typeof text !== 'string') return refuse('E_USERS_INVALID', 'must be a text');
  const users = new Map<string, User>();
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const at = line.indexOf(':');
    const [name, hash] = [line.slice(0, at), line.slice(at + 1)];
    const fault = at < 0 ? 'is no name:hash' : (nameFault(name) ?? hashFault(hash));
    if (fault !== undefined) return refuse('E_USERS_INVALID', `has a line ${i + 1} that ${fault}`);
    if (users.has(name)) return refuse('E_USERS_INVALID', `has a line ${i + 1} that names a user once more`);
    users.set(name, { name, hash });
  }
  if (users.size === 0) return refuse('E_USERS_INVALID', 'has no users');
  if (users.size > maxUsers) return refuse('E_USERS_INVALID', `has more than ${maxUsers} users`);
  return accept([...users.values()]);
}

/** The canonical text of users: what a `SecretRef` of users is the hash of. */
export function usersText(users: readonly User[]): string {
  return users.map(({ name, hash }) => `${name}:${hash}\n`).join('');
}

function nameFault(name: string): string | undefined {
  return /^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}$/.test(name)
    ? undefined
    : 'has a name that is not of 1 to 64 letters, digits and . _ @ + -';
}

function hashFault(hash: string): string | undefined {
  const [, rounds] = sha.exec(hash) ?? [];
  const [, cost] = bcrypt.exec(hash) ?? [];
  if (rounds !== undefined && Number(rounds) > maxRounds)
    return `asks for more than ${maxRounds} rounds: each request would hold up those of others; use \`openssl passwd -5\``;
  if (cost !== undefined && Number(cost) > maxCost)
    return `asks for a bcrypt cost above ${maxCost}: each request would hold up those of others; use \`htpasswd -B -C 5\``;
  if (sha.test(hash) || (cost !== undefined && Number(cost) >= 4)) return undefined;
  if (hash.startsWith('$apr1$') || hash.startsWith('$1$'))
    return 'has an MD5 hash; use `htpasswd -B` or `openssl passwd -5`';
  if (hash.startsWith('{SHA}')) return 'has a hash without salt; use `htpasswd -B` or `openssl passwd -5`';
  return 'has no hash of $5$, $6$ or $2y$; use `htpasswd -B` or `openssl passwd -5`';
}

/** What a browser shows when it asks for name and password. */
export function parseRealm(value: unknown): Parsed<string> {
  if (typeof value !== 'string') return refuse('E_FIELD_TYPE', 'must be a text');
  return /^[A-Za-z0-9_.:/@+,=() -]{1,64}$/.test(value) && value === value.trim()
    ? accept(value)
    : refuse('E_FIELD_VALUE', 'must be of 1 to 64 letters, digits, spaces and _ . : / @ + , = ( ) -');
}
