import type { Json, PathMatch, Route } from '../../model/index.ts';
import type { PeerContext, PeerIngress, PeerService } from '../reader.ts';
import type { AlbAction, AlbActions } from './alb-action.ts';
import type { AlbBackends } from './alb-backends.ts';
import { authOf, warnOpen } from './auth.ts';
import { Picked } from './backend-words.ts';
import { type Conditions, conditionsOf } from './conditions.ts';
import { patternOf } from './path.ts';
import type { IngressReading } from './reading.ts';
import { isLoop } from './redirect.ts';
import type { Settings } from './settings.ts';

/** One rule before it is put at a listener. */
interface Draft {
  readonly host: string;
  readonly path: PathMatch | undefined;
  readonly backend: AlbAction;
  readonly conditions: Conditions;
  /** Fields of `rules.NAME`. */
  readonly extra: ReadonlyMap<string, Json>;
  readonly auth: Json | undefined;
  /** Where `auth` was said. */
  readonly words: Picked;
}

interface Listener {
  readonly protocol: 'http' | 'https';
  readonly port: number;
}

const rank: Readonly<Record<PathMatch['type'], number>> = { exact: 0, prefix: 1, stringPrefix: 2, regex: 2 };

/** The rules of one Ingress in the order in which the peer has them match. */
export class AlbRules {
  readonly #drafts: Draft[] = [];
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Reads every path. False: one of them cannot be read, so none may be served; the reason was told. */
  read(ingress: PeerIngress, parts: RuleParts): boolean {
    for (const { host, paths = [] } of ingress.rules) {
      // Within one rule: exact paths, then prefixes from long to short, then patterns as they are written.
      const sorted = [...paths].sort(
        (a, b) =>
          rank[a.type] - rank[b.type] || (a.type === 'prefix' ? b.match.value.length - a.match.value.length : 0),
      );
      for (const { match, backend: ref } of sorted) {
        const backend = parts.actions.read(ref);
        if (backend === undefined) return false;
        const words = wordsOf(backend, parts);
        const auth = authOf(words, parts.context);
        if (auth === 'fault') return false;
        this.#drafts.push({ ...draftOf(host, match, backend, ref.service, parts.reading), auth, words });
      }
    }
    return true;
  }

  /** The routes of one listener. What leads back to itself is left out, and what stands behind a redirect of everything. */
  at(listener: Listener): readonly Route[] {
    const routes: Route[] = [];
    const open = new Map<PeerService | undefined, Picked>();
    for (const [order, draft] of this.#drafts.entries()) {
      if (isLoop(draft.backend.redirect, listener, draft.host)) continue;
      routes.push(this.#route(draft, order, listener));
      const { auth, backend, words } = draft;
      if (auth !== undefined && backend.action.type === 'forward') open.set(backend.service, words);
      if (takesAll(draft)) break;
    }
    if (listener.protocol === 'http') for (const words of open.values()) warnOpen(words, listener.port);
    return routes;
  }

  #route({ path, backend, conditions, extra, auth }: Draft, order: number, { protocol }: Listener): Route {
    // Logging in needs TLS: at a listener without it there is no such step.
    const asks = protocol === 'https' ? auth : undefined;
    const rule = extra.size === 0 && asks === undefined ? undefined : `${order}${asks === undefined ? '' : '-auth'}`;
    if (rule !== undefined) {
      for (const [field, value] of extra) this.#settings.set(['rules', rule, field], value, backend.origin);
      this.#settings.set(['rules', rule, 'auth'], asks);
    }
    return {
      hosts: conditions.hosts,
      ...(path === undefined ? {} : { path }),
      ...conditions.route,
      filters: [],
      action: backend.action,
      order,
      ...(rule === undefined ? {} : { rule }),
    };
  }
}

export interface RuleParts {
  readonly reading: IngressReading;
  readonly actions: AlbActions;
  readonly backends: AlbBackends;
  readonly context: PeerContext;
}

/** Who may come in: annotations of the one Service count first, else those of the Ingress alone. */
export function wordsOf({ service }: AlbAction, { reading, backends }: RuleParts): Picked {
  return service === undefined ? new Picked(undefined, reading) : backends.words(service);
}

function draftOf(
  host: string,
  match: PathMatch,
  backend: AlbAction,
  name: string,
  reading: IngressReading,
): Omit<Draft, 'auth' | 'words'> {
  const written = reading.named('conditions.', name);
  const conditions = conditionsOf(written, host);
  const pattern = patternOf(match);
  const patterns = pattern === undefined ? [] : [{ field: 'path-pattern', values: [pattern] }];
  const extra = new Map(backend.extra);
  const rest = [...patterns, ...conditions.rest];
  if (rest.length > 0) extra.set('conditions', rest);
  const transforms = reading.named('transforms.', name);
  if (transforms !== undefined)
    extra.set(
      'transforms',
      transforms.map((one) => {
        const { rewrites } = one.type === 'url-rewrite' ? one.urlRewriteConfig : one.hostHeaderRewriteConfig;
        return { type: one.type, rewrites };
      }),
    );
  const whole = match.value === '' || pattern !== undefined;
  return { host, path: whole ? undefined : match, backend, conditions, extra };
}

/** A redirect of everything: nothing behind it is ever reached. */
function takesAll({ path, backend, conditions, extra }: Draft): boolean {
  const everything = path === undefined || (path.type !== 'exact' && path.value === '/');
  const { methods, sourceIps } = conditions.route;
  return (
    backend.redirect !== undefined &&
    everything &&
    !extra.has('conditions') &&
    conditions.hosts.length === 0 &&
    methods === undefined &&
    sourceIps === undefined
  );
}
