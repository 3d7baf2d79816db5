import type { FrontendAttrs } from './attrs.ts';
import type { Options } from './options.ts';
import { bytes, literal } from './quote.ts';
import { trustedRanges } from './section-forwarded.ts';

const told = [
  ['Verify', 'SUCCESS'],
  ['Subject-DN', '%[ssl_c_s_dn]'],
  ['Issuer-DN', '%[ssl_c_i_dn]'],
  ['CN', '%[ssl_c_s_dn(cn)]'],
  ['Serial', '%[ssl_c_serial,hex]'],
  ['SHA1', '%[ssl_c_sha1,hex]'],
  ['Cert', '%[ssl_c_der,base64]'],
] as const;

/** What the targets are told about the certificate of a client: `X-SSL-Client-*`; what a client says of itself is removed. */
export function clientLines(attrs: FrontendAttrs, options: Options): readonly string[] {
  const believed = options.forwardedHeaders === 'keep' || trustedRanges(options) !== undefined;
  const unless = options.forwardedHeaders === 'keep' ? undefined : believed ? ' unless { var(txn.t) -m bool }' : '';
  const remove = unless === undefined ? [] : [`http-request del-header X-SSL-Client- -m beg${unless}`];
  if (attrs.clientCa === undefined) return remove;
  const shown = '{ ssl_c_used }';
  return [
    ...remove,
    // A name in a certificate may hold any byte; in a header a line break would begin another one.
    `http-request deny deny_status 400 if ${shown} { ssl_c_s_dn -m reg -- ${literal('[[:cntrl:]]')} }`,
    `http-request deny deny_status 400 if ${shown} { ssl_c_i_dn -m reg -- ${literal('[[:cntrl:]]')} }`,
    ...told.map(([name, value]) => `http-request set-header X-SSL-Client-${name} ${value} if ${shown}`),
  ];
}

/**
 * Only for clients that showed a certificate, on a connection that was made for the host asked for (RFC 9110, 15.5.20): who connected for
 * another host of the port was asked for none, or for nothing that counts here.
 */
export function verifiedLines(chosen: string): readonly string[] {
  const answer = `status 421 content-type text/plain string ${bytes('421: connect for this host, with a certificate\n')}`;
  return ['{ ssl_c_used }', '{ ssl_c_verify 0 }', '{ ssl_fc_sni,lower,strcmp(txn.h) eq 0 }'].map(
    (condition) => `http-request return ${answer} if ${chosen} !${condition}`,
  );
}
