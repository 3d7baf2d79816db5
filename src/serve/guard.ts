import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import type { TokenCheck } from './token.ts';

export type Env = { Bindings: Partial<HttpBindings> };
export const sessionCookie = 'weir_session';

/** Nothing is loaded from elsewhere, nothing inline runs, nobody frames us; Trusted Types make innerHTML a type error. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

export function securityHeaders(): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next();
    c.header('content-security-policy', policy);
    c.header('x-content-type-options', 'nosniff');
    c.header('x-frame-options', 'DENY');
    c.header('referrer-policy', 'no-referrer');
    c.header('cross-origin-opener-policy', 'same-origin');
    c.header('cross-origin-resource-policy', 'same-origin');
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-cache');
  };
}

/**
 * The Host header must name us: a foreign name that points here (DNS rebinding) would let a web page read as if it were ours.
 * Allowed: localhost and loopback addresses, the address that is listened on or was connected to, configured names.
 */
export function hostGuard(listenHost: string, hosts: readonly string[]): MiddlewareHandler<Env> {
  const names = new Set(['localhost', '127.0.0.1', '::1', listenHost, ...hosts].map((host) => host.toLowerCase()));
  return async (c, next) => {
    const host = hostName(c.req.header('host'));
    const connected = c.env?.incoming?.socket.localAddress?.replace(/^::ffff:/, '');
    if (host !== undefined && (names.has(host) || host === connected)) return next();
    return c.text('this Host is not served here; add it to api.hosts\n', 421);
  };
}

/** `name:port` or `[v6]:port` without its port, in lower case. */
function hostName(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header ?? '');
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

/** GET and HEAD only; the one POST is the login. */
export function methodGuard(): MiddlewareHandler<Env> {
  return async (c, next) => {
    const { method } = c.req;
    if (method === 'GET' || method === 'HEAD' || (method === 'POST' && c.req.path === '/login')) return next();
    return c.text('read only\n', 405, { allow: 'GET, HEAD' });
  };
}

const open = new Set(['/login', '/style.css']);

/** Bearer token or session cookie. A browser is sent to the login page, a program is told 401. */
export function authGuard(check: TokenCheck): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (open.has(c.req.path) || (await allowed(c, check))) return next();
    const wantsPage = c.req.header('accept')?.includes('text/html') === true && !c.req.path.startsWith('/api/');
    if (wantsPage) return c.redirect('/login', 303);
    return c.text('a token is needed: Authorization: Bearer …\n', 401, { 'www-authenticate': 'Bearer realm="weir"' });
  };
}

async function allowed(c: Context<Env>, check: TokenCheck): Promise<boolean> {
  const bearer = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (bearer !== undefined) return check.bearer(bearer);
  const cookie = getCookie(c, sessionCookie);
  return cookie !== undefined && (await check.session(cookie));
}
