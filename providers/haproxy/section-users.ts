import type { User } from '../../src/net/index.ts';
import { parseUsers } from '../../src/net/index.ts';
import type { RouteFilter } from './attrs.ts';
import type { Section } from './layout.ts';
import { shortHash } from './names.ts';
import { bytes, literal, word } from './quote.ts';

type BasicAuth = Extract<RouteFilter, { readonly type: 'basicAuth' }>;

const kind = 'userlist ';
const prefix = `${kind}u_`;

/** Name of the list of users with this content. */
function listName(sha256: string): string {
  return `u_${shortHash(sha256)}`;
}

/** Name of the section that remembers whose password was right. */
function memoryName(sha256: string): string {
  return `t_${shortHash(`users ${sha256}`)}`;
}

/**
 * Asks for name and password. crypt(3) takes milliseconds in which a thread does nothing else, so what was right is remembered for a minute,
 * as a hash, under the users that it was right for: other users are another list with another memory.
 */
export function authLines({ realm, users }: BasicAuth, chosen: string): readonly string[] {
  if (users === undefined) {
    const body = `content-type text/plain string ${bytes('503: nobody can log in here now\n')}`;
    return [`http-request return status 503 ${body} if ${chosen}`];
  }
  const memory = word(memoryName(users));
  // Of several headers HAProxy checks the first.
  return [
    `http-request set-var(txn.a) req.fhdr(authorization,1),sha2(256),hex if ${chosen}`,
    `http-request auth realm ${literal(realm)} if ${chosen} !{ var(txn.a),in_table(${memory}) } !{ http_auth(${word(listName(users))}) }`,
    `http-request track-sc1 var(txn.a) table ${memory} if ${chosen}`,
  ];
}

/** What the rules of a filter look into: the users, put in when the file is written, and the memory. */
export function authSections({ users }: BasicAuth): readonly Section[] {
  if (users === undefined) return [];
  return [
    { head: `${prefix}${shortHash(users)}`, lines: [], users },
    {
      head: `backend ${memoryName(users)}`,
      lines: ['stick-table type string len 64 size 10k expire 1m store gpc0'],
    },
  ];
}

/** The lines of a list of users. */
export function userLines(users: readonly User[]): readonly string[] {
  return users.map(({ name, hash }) => `user ${word(name)} password ${literal(hash)}`);
}

/** Whether a section's lines are users of a service: they are no part of the layout. */
export function holdsUsers(head: string): boolean {
  return head.startsWith(prefix);
}

/** The users that a haproxy.cfg of ours has under this content, in the form of a secret's text; undefined when it has none. */
export function usersIn(config: string, sha256: string): string | undefined {
  const [, body] = config.split(`\n${kind}${listName(sha256)}\n`);
  if (body === undefined) return undefined;
  const [section = ''] = body.split('\n\n');
  const text = section
    .split('\n')
    .map((line) => line.replace(/^ {2}user (\S+) password '([^']+)'$/, '$1:$2\n'))
    .join('');
  return parseUsers(text).ok ? text : undefined;
}
