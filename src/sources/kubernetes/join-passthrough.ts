import type { Action, Front, Route } from '../../model/index.ts';
import { ownPrefix } from '../../model/prefix.ts';
import type { Draft } from './draft.ts';
import type { IngressView } from './ingress.ts';
import type { IngressBackends } from './ingress-backends.ts';
import { assemble, frontTerms, type Joined } from './join.ts';
import { guardsOf } from './own-filters.ts';

const annotation = (key: string) => ({ path: ['metadata', 'annotations', ownPrefix + key], name: ownPrefix + key });

/**
 * An Ingress whose TLS ends at its targets: one port, hosts told apart by the name in the hello. Paths cannot be seen, so each host has one
 * backend; requests cannot be seen, so what guards them cannot stand beside it.
 */
export function joinPassthrough(
  view: IngressView,
  className: string | undefined,
  routes: readonly Route[],
  draft: Draft,
  backends: IngressBackends,
): Joined {
  const guard = view.own.clientCaSecret === undefined ? guardsOf(view.own) : 'client-ca-secret';
  if (guard !== undefined) {
    const reason = `cannot stand beside ${ownPrefix}tls-passthrough: requests cannot be read inside TLS; the object is not served`;
    draft.tell({ code: 'E_ANNOTATION_VALUE', ...annotation(guard), reason });
    return { draft };
  }
  const hosts = new Map<string, Action[]>();
  for (const {
    hosts: [host = ''],
    action,
  } of routes)
    hosts.set(host, [...(hosts.get(host) ?? []), action]);
  const named: Route[] = [];
  for (const [host, [action, ...more]] of hosts) {
    const text = JSON.stringify(action);
    if (host === '' || action === undefined || more.some((other) => JSON.stringify(other) !== text)) {
      const reason =
        host === ''
          ? 'needs rules with a host; the rule without one is left out'
          : `passes ${host} on as a whole, and its paths lead to several backends; give the host one backend (it is left out until then)`;
      draft.tell({ code: 'E_ANNOTATION_VALUE', ...annotation('tls-passthrough'), value: host, reason });
    } else named.push({ hosts: [host], filters: [], action, order: named.length });
  }
  if (named.length === 0) return { draft };
  const front: Front = {
    key: 'tls',
    port: view.own.httpsPort ?? 443,
    protocol: 'tls',
    tls: { mode: 'passthrough', certs: [] },
    ...frontTerms(view.own),
    routes: named,
  };
  return assemble(view, className, draft, { fronts: [front], backends: backends.all() });
}
