import type { Action, Json } from '../../model/index.ts';
import type { AlbAction } from './alb-action.ts';

/** A redirect in the API's words; `#{host}` and its like stand for what was asked. */
export interface ApiRedirect {
  readonly protocol?: 'HTTP' | 'HTTPS' | '#{protocol}' | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly path?: string | undefined;
  readonly query?: string | undefined;
  readonly statusCode: 'HTTP_301' | 'HTTP_302';
}

/** What changes nothing is left out: each field's default is what was asked. */
export function redirectOf(written: ApiRedirect): AlbAction {
  const { statusCode } = written;
  const protocol = written.protocol === '#{protocol}' ? undefined : written.protocol;
  const host = written.host === '#{host}' ? undefined : written.host;
  const port = written.port === '#{port}' ? undefined : written.port;
  const path = written.path === '/#{path}' ? undefined : written.path;
  const query = written.query === '#{query}' ? undefined : written.query;
  const action: Action = {
    type: 'redirect',
    code: statusCode === 'HTTP_301' ? 301 : 302,
    ...(protocol === undefined ? {} : { scheme: protocol === 'HTTPS' ? 'https' : 'http' }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(path === undefined ? {} : { path }),
  };
  const redirect: ApiRedirect = { statusCode, protocol, host, port, path, query };
  const said = query === undefined && ![host, path].some((text) => text?.includes('#{') === true);
  const fields = Object.entries(redirect).flatMap(([key, value]): [string, Json][] =>
    value === undefined ? [] : [[key, value]],
  );
  const extra: ReadonlyMap<string, Json> = said ? new Map() : new Map([['redirect', Object.fromEntries(fields)]]);
  return { action, extra, redirect };
}

/** A redirect that leads to where it stands: the peer leaves it out, and so the same Ingress can serve HTTP and HTTPS. */
export function isLoop(
  redirect: ApiRedirect | undefined,
  front: { readonly protocol: 'http' | 'https'; readonly port: number },
  host: string,
): boolean {
  if (redirect === undefined || redirect.path !== undefined || redirect.query !== undefined) return false;
  if (redirect.protocol !== undefined && redirect.protocol.toLowerCase() !== front.protocol) return false;
  if (redirect.port !== undefined && Number(redirect.port) !== front.port) return false;
  return redirect.host === undefined || redirect.host === host;
}
