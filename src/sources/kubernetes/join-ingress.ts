import type { Action, CertRef, Front, FrontTls, Route } from '../../model/index.ts';
import { ownPrefix } from '../../model/prefix.ts';
import { Draft } from './draft.ts';
import type { IngressView } from './ingress.ts';
import { IngressBackends } from './ingress-backends.ts';
import { readSecured, securedRoutes } from './ingress-tls.ts';
import { assemble, frontTerms, type JoinContext, type Joined } from './join.ts';
import { joinPassthrough } from './join-passthrough.ts';
import { claimOf, joinPeerIngress, readsPeers } from './join-peer.ts';
import { isHeld, leave } from './leaving.ts';
import { ownFilters } from './own-filters.ts';
import { redirectAction, redirectRoutes } from './ssl-redirect.ts';
import { classOf, takeIngress } from './take-class.ts';
import { takeAuthority } from './take-material.ts';

/** An exported Ingress: http on port 80, and https on 443 for the hosts that have a certificate. */
export function joinIngress(view: IngressView, context: JoinContext): Joined {
  const { options, lookup } = context;
  const draft = new Draft(view.id, view.place, options);
  const held = isHeld(view, options);
  const exported = !view.meta.deleting && view.own.export !== false;
  if (!exported && !held) return { draft, silent: view };
  if (exported && view.classBad) return { draft };
  const known = classOf(view, lookup);
  const claim = claimOf(view, known);
  const taken = takeIngress(view, lookup, options, claim?.reader.controllers);
  if (exported && taken.ours && taken.gone !== true) return joinTaken(view, taken.class, claim, known, draft, context);
  if (exported && taken.ours) return joinWithoutClass(view, taken.class, claim, draft, context);
  if (held) return leave(view, joinTaken(view, undefined, claim, known, draft, context), context);
  if (!taken.ours && taken.reason !== undefined) tellClass(view, 'E_FIELD_VALUE', taken.reason, draft);
  return { draft, silent: view };
}

/** Where the class alone says by whose rules it is read, what is served of it stays as it is. */
function joinWithoutClass(
  view: IngressView,
  className: string | undefined,
  claim: ReturnType<typeof claimOf>,
  draft: Draft,
  context: JoinContext,
): Joined {
  const frozen = claim === undefined && readsPeers(context.options);
  const stays = frozen ? 'what is served of it stays as it is' : 'it is served on';
  const reason = `names no IngressClass that exists (${className} is gone); ${stays}. Make the class again; to end it delete the Ingress or give it another class`;
  if (frozen) {
    tellClass(view, 'E_FIELD_VALUE', reason, draft);
    return { draft, silent: view };
  }
  const joined = joinTaken(view, className, claim, undefined, draft, context);
  tellClass(view, 'W_CLASS_GONE', reason, joined.draft);
  return joined;
}

function tellClass(view: IngressView, code: 'E_FIELD_VALUE' | 'W_CLASS_GONE', reason: string, draft: Draft): void {
  draft.tell({ code, path: ['spec', 'ingressClassName'], value: view.className, reason });
}

function joinTaken(
  view: IngressView,
  className: string | undefined,
  claim: ReturnType<typeof claimOf>,
  known: ReturnType<typeof classOf>,
  draft: Draft,
  context: JoinContext,
): Joined {
  if (claim !== undefined) return joinPeerIngress(view, claim, known, context);
  if (view.refused) return { draft };
  const backends = new IngressBackends(view, draft, context);
  const fallback = view.defaultBackend === undefined ? undefined : backends.forward(view.defaultBackend);
  const routes = makeRoutes(view, backends, fallback, draft);
  if (routes.length === 0 && fallback === undefined) return { draft };
  const secured = readSecured(view, draft, context.lookup);
  // Who must show a certificate shall not be served without one at the other port, unless its owner says so.
  const verified = view.own.clientCaSecret !== undefined && view.own.sslRedirect !== false;
  const tls = secured.certs.length === 0 ? undefined : tlsOf(view, secured.certs, draft, context);
  if (verified && tls === undefined) {
    const name = `${ownPrefix}client-ca-secret`;
    const reason = 'needs spec.tls with a usable certificate, and authorities; nothing is served until then';
    draft.tell({ code: 'E_ANNOTATION_VALUE', path: ['metadata', 'annotations', name], name, reason });
    return { draft };
  }
  const redirected = view.own.sslRedirect === true || verified;
  const plain = verified ? securedRoutes(routes, secured) : routes;
  const filters = ownFilters(view.own, view.meta.namespace, draft, context.lookup);
  const terms = { ...frontTerms(view.own), ...(filters.length === 0 ? {} : { filters }) };
  if (view.own.tlsPassthrough === true) return joinPassthrough(view, className, routes, draft, backends);
  const whole = fallback === undefined ? {} : { default: fallback };
  const bare =
    redirected && secured.every && fallback !== undefined ? { default: redirectAction(view.own.httpsPort) } : whole;
  const fronts: Front[] = [
    {
      key: 'http',
      port: view.own.httpPort ?? 80,
      protocol: 'http',
      ...terms,
      routes: redirected ? redirectRoutes(plain, secured, view.own.httpsPort) : routes,
      ...bare,
    },
  ];
  if (tls !== undefined) {
    fronts.push({
      key: 'https',
      port: view.own.httpsPort ?? 443,
      protocol: 'https',
      tls,
      ...terms,
      routes: securedRoutes(routes, secured),
      ...whole,
    });
  }
  return assemble(view, className, draft, { fronts, backends: backends.all() });
}

/** Undefined: clients cannot be verified as asked, so nobody is let in. */
function tlsOf(
  view: IngressView,
  certs: readonly CertRef[],
  draft: Draft,
  { lookup }: JoinContext,
): FrontTls | undefined {
  const secret = view.own.clientCaSecret;
  if (secret === undefined) return { mode: 'terminate', certs };
  const wish = { namespace: view.meta.namespace, secret, annotation: 'client-ca-secret' };
  const ca = takeAuthority(wish, 'its hosts are not served with TLS until then', draft, lookup);
  return ca === undefined ? undefined : { mode: 'mutual', certs, ca };
}

/** One route for each path, in the order of the object. Of two with the same host and path the first one counts. */
function makeRoutes(
  view: IngressView,
  backends: IngressBackends,
  fallback: Action | undefined,
  draft: Draft,
): readonly Route[] {
  const routes: Route[] = [];
  const seen = new Set<string>();
  for (const { host, paths } of view.rules) {
    const hosts = host === '' ? [] : [host];
    // A rule without paths sends all of its host to the default backend.
    if (paths === undefined && fallback !== undefined)
      routes.push({ hosts, filters: [], action: fallback, order: routes.length });
    for (const { match, backend, at } of paths ?? []) {
      const key = `${host} ${match.type} ${match.value}`;
      if (seen.has(key)) {
        const reason = `repeats the host and path of an earlier rule of this Ingress; the first one is in force`;
        draft.tell({ code: 'E_ROUTE_CONFLICT', path: [...at, 'path'], value: match.value, reason });
        continue;
      }
      seen.add(key);
      routes.push({ hosts, path: match, filters: [], action: backends.forward(backend), order: routes.length });
    }
  }
  return routes;
}
