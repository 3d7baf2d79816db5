import { mapPath } from './names.ts';
import type { Options } from './options.ts';
import { word } from './quote.ts';
import { connectionLines } from './section-log.ts';
import { restKey } from './section-routes.ts';

const hello = '{ req.ssl_hello_type 1 }';
const missed = '!{ var(txn.r) -m found }';
const look = 'tcp-request content';

/**
 * The rules that choose a backend by the name in a TLS hello, which is all that is read; what is no TLS is closed, and so is what leads
 * to no backend: there is no answer to give in TCP. The same whatever the routes are.
 *   txn.h  name, lower case, with a slash behind it      txn.r  the value found: backend|profile
 */
export function sniLines(frontend: string, options: Options): readonly string[] {
  const routes = word(mapPath(frontend, 'routes'));
  const share = `var(txn.r),field(1,|),concat(:,txn.n),map_beg(${word(mapPath(frontend, 'shares'))})`;
  return [
    'tcp-request inspect-delay 5000',
    `${look} set-var(txn.h) req.ssl_sni,lower,concat(/) if ${hello}`,
    `${look} set-var(txn.r) var(txn.h),map_beg(${routes}) if ${hello}`,
    `${look} set-var(txn.w) var(txn.h),field(2,.,0) if ${hello} ${missed}`,
    `${look} set-var(txn.r) str(*.),concat(,txn.w),map_beg(${routes}) if ${hello} ${missed}`,
    `${look} set-var(txn.r) str(${restKey}),map_str(${word(mapPath(frontend, 'rest'))}) if ${hello} ${missed}`,
    `${look} reject if { var(txn.r) -m beg a_ }`,
    `${look} set-var(txn.n) rand(10000),add(10000) if { var(txn.r) -m beg w_ }`,
    `${look} set-var(txn.b) ${share} if { var(txn.r) -m beg w_ }`,
    `${look} set-var(txn.b) var(txn.r),field(1,|) if { var(txn.r) -m found } !{ var(txn.b) -m found }`,
    ...connectionLines(options, look, 'var(txn.b)'),
    `${look} accept if ${hello} { var(txn.r) -m found }`,
    `${look} reject`,
    'use_backend %[var(txn.b)]',
  ];
}
