import type { Section } from './layout.ts';
import { mapPath, ownServer, ownSocket } from './names.ts';
import type { Options } from './options.ts';
import { word } from './quote.ts';
import { connectionLines } from './section-log.ts';
import { restKey } from './section-routes.ts';

/** The backend that hands connections on to a frontend of the same process. */
export function handOverName(frontend: string): string {
  return `h_${word(frontend)}`;
}

/** The way to it, which tells who the client is. */
export function handOverSection(frontend: string, directory: string): Section {
  return {
    head: `backend ${handOverName(frontend)}`,
    lines: [`server ${ownServer} ${handOverSocket(frontend, directory)} send-proxy-v2`],
  };
}

export function handOverSocket(frontend: string, directory: string): string {
  return ownSocket(`${directory} ${frontend}`, 'tls');
}

/**
 * For the frontend where TLS ends: a connection that was made for another host of its certificate and is now used for one whose TLS is
 * passed through (RFC 9113, 9.1.1) is sent back. `names`: the frontend that knows those.
 */
export function misdirectedLines(names: string, ended: string): readonly string[] {
  const routes = word(mapPath(names, 'routes'));
  const own = handOverName(ended);
  return [
    `http-request set-var(txn.o) var(txn.h),concat(/),map_beg(${routes})`,
    "http-request set-var-fmt(txn.v) '*.%[var(txn.h),field(2,.,0)]/' if !{ var(txn.o) -m found }",
    `http-request set-var(txn.o) var(txn.v),map_beg(${routes}) if { var(txn.v) -m found }`,
    `http-request return status 421 if { var(txn.o) -m found } !{ var(txn.o) -m str ${own} }`,
  ];
}

const hello = '{ req.ssl_hello_type 1 }';
const missed = '!{ var(txn.r) -m found }';
const look = 'tcp-request content';

/**
 * The rules that choose a backend by the name in a TLS hello, which is all that is read; what is no TLS is closed, and so is what leads
 * to no backend: there is no answer to give in TCP. The same whatever the routes are.
 * `ended`: the frontend of the process where TLS ends, for every other name.
 *   txn.h  name, lower case, with a slash behind it      txn.r  the value found: backend|profile
 */
export function sniLines(frontend: string, options: Options, ended?: string): readonly string[] {
  const routes = word(mapPath(frontend, 'routes'));
  const share = `var(txn.r),field(1,|),concat(:,txn.n),map_beg(${word(mapPath(frontend, 'shares'))})`;
  const rest =
    ended === undefined ? `str(${restKey}),map_str(${word(mapPath(frontend, 'rest'))})` : `str(${handOverName(ended)})`;
  return [
    'tcp-request inspect-delay 5000',
    `${look} set-var(txn.h) req.ssl_sni,lower,concat(/) if ${hello}`,
    `${look} set-var(txn.r) var(txn.h),map_beg(${routes}) if ${hello}`,
    `${look} set-var(txn.w) var(txn.h),field(2,.,0) if ${hello} ${missed}`,
    `${look} set-var(txn.r) str(*.),concat(,txn.w),map_beg(${routes}) if ${hello} ${missed}`,
    `${look} set-var(txn.r) ${rest} if ${hello} ${missed}`,
    `${look} reject if { var(txn.r) -m beg a_ }`,
    `${look} set-var(txn.n) rand(10000),add(10000) if { var(txn.r) -m beg w_ }`,
    `${look} set-var(txn.b) ${share} if { var(txn.r) -m beg w_ }`,
    `${look} set-var(txn.b) var(txn.r),field(1,|) if { var(txn.r) -m found } !{ var(txn.b) -m found }`,
    ...connectionLines(options, look, 'var(txn.b)'),
    ...(ended === undefined || options.log === undefined
      ? []
      : [`${look} set-log-level silent if { var(txn.b) -m str ${handOverName(ended)} }`]),
    `${look} accept if ${hello} { var(txn.r) -m found }`,
    `${look} reject`,
    'use_backend %[var(txn.b)]',
  ];
}
