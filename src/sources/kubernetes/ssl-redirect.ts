import type { Action, PathMatch, Route } from '../../model/index.ts';
import { type Secured, securedPart, withHosts } from './ingress-tls.ts';

const challenge: PathMatch = { type: 'prefix', value: '/.well-known/acme-challenge' };

/** 308 to https, keeping method, host and path. */
export function redirectAction(httpsPort: number | undefined): Action {
  return {
    type: 'redirect',
    code: 308,
    scheme: 'https',
    ...(httpsPort === undefined || httpsPort === 443 ? {} : { port: httpsPort }),
  };
}

/**
 * The http routes when ssl-redirect is asked for: routes of hosts with a certificate become redirects; hosts without one go on, because a
 * redirect would lead nowhere. ACME challenges are never redirected: renewing an expired certificate depends on them.
 */
export function redirectRoutes(
  routes: readonly Route[],
  secured: Secured,
  httpsPort: number | undefined,
): readonly Route[] {
  const redirected: Route[] = [];
  for (const route of routes) {
    const host = route.hosts[0] ?? '';
    const hosts = securedPart(host, secured);
    if (hosts[0] !== host) redirected.push(route);
    if (hosts.length === 0) continue;
    const part = withHosts(route, hosts);
    if (isChallenge(route.path)) {
      if (hosts[0] === host) redirected.push(route);
      else redirected.push(part);
      continue;
    }
    redirected.push({ ...part, action: redirectAction(httpsPort) });
    if (coversChallenge(route.path) && !routes.some((other) => answersBetter(other, route)))
      redirected.push({ ...part, path: challenge });
  }
  return redirected.map((route, order) => ({ ...route, order }));
}

function isChallenge(path: PathMatch | undefined): boolean {
  return path?.value.startsWith(challenge.value) === true;
}

/** Challenges fall to this path when no longer one takes them. */
function coversChallenge(path: PathMatch | undefined): boolean {
  if (path === undefined) return true;
  if (path.type === 'stringPrefix') return challenge.value.startsWith(path.value);
  return path.type === 'prefix' && (path.value === '/' || challenge.value.startsWith(`${path.value}/`));
}

/** Another route of the same host is longer and takes the challenges, so that one decides about them. */
function answersBetter(other: Route, route: Route): boolean {
  if (other === route || other.path === undefined || other.hosts[0] !== route.hosts[0]) return false;
  const takes = coversChallenge(other.path) || (other.path.type !== 'exact' && other.path.value === challenge.value);
  return takes && other.path.value.length > (route.path?.value.length ?? 0);
}
