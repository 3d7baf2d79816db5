import type { RouteFilter } from './attrs.ts';
import { aclEquals, aclRegex, formatLiteral, regexLiteral } from './quote.ts';

type Cors = Extract<RouteFilter, { readonly type: 'cors' }>;

/**
 * Cross-origin requests: `txn.o` is the origin that the answer may name. Preflights are answered here; every other answer, also one of
 * our own that denies something, gets the headers, else scripts could not read why.
 */
export function corsLines(cors: Cors, chosen: string): readonly string[] {
  const allowed = '{ var(txn.o) -m found }';
  const every = cors.origins.includes('*') && !cors.credentials;
  const preflight = `${chosen} ${allowed} { method OPTIONS } { req.hdr(access-control-request-method) -m found }`;
  const after = (text: string, condition = allowed): string => `http-after-response ${text} if ${chosen} ${condition}`;
  const expose = cors.exposeHeaders.join(', ');
  return [
    ...originConditions(cors).map(
      (fits) => `http-request set-var(txn.o) ${every ? 'str(*)' : 'req.fhdr(origin)'} if ${chosen} ${fits}`,
    ),
    // What the target says of it has no effect: the filter decides.
    after('del-header Access-Control-Allow-Origin', `!${allowed}`),
    after(`set-header Access-Control-Allow-Origin %[var(txn.o)]`),
    ...(cors.credentials ? [after('set-header Access-Control-Allow-Credentials true')] : []),
    ...(expose === '' ? [] : [after(`set-header Access-Control-Expose-Headers ${formatLiteral(expose)}`)]),
    ...(every ? [] : [`http-after-response add-header Vary Origin if ${chosen}`]),
    `http-request return status 204 ${preflightHeaders(cors)} if ${preflight}`,
  ];
}

function preflightHeaders({ methods, headers, maxAgeMs }: Cors): string {
  const asked = '%[req.fhdr(access-control-request-headers)]';
  const parts = [
    `hdr Access-Control-Allow-Methods ${formatLiteral(methods.join(', '))}`,
    `hdr Access-Control-Allow-Headers ${headers.length === 0 ? asked : formatLiteral(headers.join(', '))}`,
  ];
  if (maxAgeMs !== undefined) parts.push(`hdr Access-Control-Max-Age ${Math.floor(maxAgeMs / 1_000)}`);
  return parts.join(' ');
}

/** One condition for each origin: any of them lets it in. */
function originConditions({ origins }: Cors): readonly string[] {
  if (origins.includes('*')) return ['{ req.fhdr(origin) -m found }'];
  return origins.map((origin) => `{ req.fhdr(origin),lower ${patternOf(origin)} }`);
}

/** `*.` stands for exactly one label. */
function patternOf(origin: string): string {
  const [scheme = '', rest] = origin.split('*');
  if (rest === undefined) return aclEquals(origin);
  return aclRegex(`^${regexLiteral(scheme)}[a-z0-9_-]+${regexLiteral(rest)}$`);
}
