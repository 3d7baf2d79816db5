/**
 * Cookie affinity of spares. HAProxy knows a cookie by a name that stands in the file; clients know that of the service. So a spare
 * uses a name of its own, and the two are exchanged on the way in and out: the same client stays at its target when its service moves
 * between a spare and a section of its own, and at every node.
 */
import { cookieKey } from './names.ts';
import { literal, word } from './quote.ts';

const inner = 'weir-target';
const secureMark = 'secure';

/** What the map says of a spare: the name for clients, and whether it is for TLS alone. */
export function cookieText(name: string, secure: boolean): string {
  return `${name}|${secure ? secureMark : ''}`;
}

/** The lines of a spare with affinity. The values are those of a section of its own: address, port and key make them. */
export function stickLines(map: string): readonly string[] {
  // Name and header in one text: the expression finds the first part of it again in the second.
  const exchange = `var(txn.c),regsub('^([^|]*)[|](.*; *)?\\1=(.*)$','\\2${inner}=\\3')`;
  const renamed = (end: string) => `${literal(`^${inner}=(.*)$`)} ${literal(`%[var(txn.k),field(1,|)]=\\1${end}`)}`;
  const secure = `{ var(txn.k),field(2,|) -m str ${secureMark} }`;
  return [
    `cookie ${inner} insert indirect nocache httponly dynamic`,
    `dynamic-cookie-key ${word(cookieKey)}`,
    `http-request set-var(txn.k) be_name,map_str(${word(map)})`,
    // Cookies in several lines are left alone: a client gets its target's name once more then.
    "http-request set-var-fmt(txn.c) '%[var(txn.k),field(1,|)]|%[req.fhdr(cookie)]' if { req.fhdr_cnt(cookie) eq 1 }",
    `http-request set-var(txn.d) ${literal(exchange)} if { var(txn.c) -m found }`,
    'http-request set-header Cookie %[var(txn.d)] if { var(txn.d) -m found } !{ var(txn.d),strcmp(txn.c) eq 0 }',
    `http-after-response replace-header Set-Cookie ${renamed('; Secure')} if ${secure}`,
    `http-after-response replace-header Set-Cookie ${renamed('')} if !${secure}`,
  ];
}
