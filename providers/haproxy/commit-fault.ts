/**
 * Which resource made HAProxy refuse a configuration, by what HAProxy says. Rendering and quoting should make this impossible; where
 * they do not, one service stops and not all of them. Pure.
 */
import { canonicalJson, type Resource, type WeirError } from '../../src/model/index.ts';
import { type Findings, findRefused } from './commit-bisect.ts';
import type { Given, Withheld } from './commit-withhold.ts';
import type { Layout } from './layout.ts';
import { sparesOf } from './layout-placed.ts';
import { backendName, frontendName } from './names.ts';

interface Refused {
  readonly error: WeirError;
  /** It is one of several that were not told apart yet. */
  readonly unclear?: true;
}

/** What HAProxy refused so far. A resource stays out until it is another one, so that it costs the others one check and no more. */
export class RefusedResources {
  readonly #refused = new Map<string, Refused>();
  /** `kind id` of what was ever found by asking: at fault again when it changed and the file is refused again. */
  readonly #known = new Set<string>();

  /** Forgets those that are wanted no more, or changed; those that were not told apart are judged anew. */
  keep(wanted: readonly Resource[]): void {
    if (this.#refused.size === 0) return;
    const keys = new Set(wanted.map(keyOf));
    for (const [key, { unclear }] of this.#refused) if (unclear || !keys.has(key)) this.#refused.delete(key);
    const names = new Set(wanted.map(nameOf));
    for (const name of this.#known) if (!names.has(name)) this.#known.delete(name);
  }

  /** Takes the resources that a refusal points to; answers them. Empty: it is nobody's fault that we know. */
  learn(error: WeirError, config: string, layout: Layout, resources: readonly Resource[]): readonly Resource[] {
    const faulty = findFaulty(error.message, config, layout, resources);
    for (const resource of faulty) this.#refused.set(keyOf(resource), { error });
    return faulty;
  }

  /**
   * Finds what a refusal is about by asking `passes` about parts. `before`: what HAProxy took the last time. Answers what is to be left
   * out: empty when it is no service's fault.
   */
  async search(
    error: WeirError,
    resources: readonly Resource[],
    before: readonly Resource[],
    passes: (resources: readonly Resource[]) => Promise<boolean>,
  ): Promise<Findings> {
    const took = new Set(before.map(keyOf));
    const clues = {
      suspects: new Set(resources.filter((resource) => this.#known.has(nameOf(resource)))),
      trusted: new Set(resources.filter((resource) => took.has(keyOf(resource)))),
    };
    const found = await findRefused(resources, clues, (without) =>
      passes(leaveOut(resources, new Set([...without].map(nameOf)))),
    );
    const { faulty, unclear } = found ?? { faulty: [], unclear: [] };
    for (const resource of faulty) {
      this.#refused.set(keyOf(resource), { error });
      this.#known.add(nameOf(resource));
    }
    for (const resource of unclear) this.#refused.set(keyOf(resource), { error, unclear: true });
    return { faulty, unclear };
  }

  /**
   * Without the refused. `before`: what HAProxy took the last time; where that has another version it stays, else a route or frontend is
   * gone, and what led to a backend answers 503.
   */
  withhold(given: Given, before: readonly Resource[]): Given {
    return withholdFaulty(given, this.#refused, before);
  }
}

function nameOf({ kind, id }: Resource): string {
  return `${kind} ${id}`;
}

function keyOf(resource: Resource): string {
  const sets = Object.entries(resource.sets).map(([name, members]) => [
    name,
    [...members].map(([key, { attrs }]) => [key, attrs]),
  ]);
  return `${nameOf(resource)}\n${canonicalJson(resource.attrs)}\n${JSON.stringify(sets)}`;
}

/** The resources that a message of HAProxy points to; empty when it points to none of them. `config` is the text that was refused. */
function findFaulty(
  message: string,
  config: string,
  layout: Layout,
  resources: readonly Resource[],
): readonly Resource[] {
  const routes = faultyRoutes(message, layout, resources);
  if (routes.length > 0) return routes;
  const names = new Set(
    [...message.matchAll(/(?:proxy|frontend|backend|server) '?((?:f|b|sp)_[A-Za-z0-9_-]+)/gi)].map(
      ([, name = '']) => name,
    ),
  );
  const lines = config.split('\n');
  for (const [, number] of message.matchAll(/\[haproxy\.cfg:(\d+)\]/g)) {
    const head = lines.slice(0, Number(number)).findLast((line) => line !== '' && !line.startsWith(' '));
    names.add(head?.split(' ')[1] ?? '');
  }
  for (const [own, spare] of sparesOf(layout)) if (names.has(spare)) names.add(own);
  return resources.filter(
    ({ kind, id }) =>
      (kind === 'Frontend' && names.has(frontendName(id))) || (kind === 'Backend' && names.has(backendName(id))),
  );
}

/** A regular expression that HAProxy's library does not take is named by the line of its map: that route alone is at fault. */
function faultyRoutes(message: string, layout: Layout, resources: readonly Resource[]): readonly Resource[] {
  const keys = [...message.matchAll(/at line (\d+) of file '([^']+)'/g)].flatMap(([, line, path = '']) => {
    const [key] = [...(layout.maps.get(path)?.entries.keys() ?? [])].slice(Number(line) - 1);
    return key === undefined ? [] : [{ key, path }];
  });
  return resources.filter(({ kind, attrs, refs }) => {
    const path = attrs.path;
    if (
      kind !== 'Route' ||
      typeof path !== 'object' ||
      path === null ||
      !('value' in path) ||
      !('type' in path) ||
      path.type !== 'regex'
    )
      return false;
    const expression = String(path.value).replace(/^\^/, '');
    return keys.some(
      (named) => named.path.includes(frontendName(refs.frontend ?? '')) && named.key.includes(expression),
    );
  });
}

/**
 * Without what was refused. What HAProxy took before in its place stays in force, with the members that it has now where they are not
 * what is refused: targets come and go while somebody mends the rest.
 */
function withholdFaulty(given: Given, refused: ReadonlyMap<string, Refused>, before: readonly Resource[]): Given {
  if (refused.size === 0) return given;
  const out = given.resources.filter((resource) => refused.has(keyOf(resource)));
  if (out.length === 0) return given;
  const names = new Set(out.map(nameOf));
  const there = new Set(given.resources.map(nameOf));
  const last = new Map(before.filter((resource) => names.has(nameOf(resource))).map((one) => [nameOf(one), one]));
  const kept = new Map<string, Resource>();
  for (const resource of out) {
    const name = nameOf(resource);
    const old = last.get(name);
    if (old === undefined || !refersTo(old, there)) continue;
    const mixed = { ...resource, attrs: old.attrs, refs: old.refs };
    const version = [mixed, { ...mixed, sets: old.sets }].find((one) => !refused.has(keyOf(one)));
    if (version !== undefined) kept.set(name, version);
  }
  const withheld = out.map((resource): Withheld => {
    const { error, unclear } = refused.get(keyOf(resource)) ?? {};
    const whole = !kept.has(nameOf(resource));
    const why = unclear
      ? 'it is one of several that HAProxy refuses together, and the search goes on'
      : 'HAProxy refuses it';
    const rest = whole ? '' : '; it stays as it was before';
    return {
      kind: resource.kind,
      id: resource.id,
      code: 'E_HAPROXY_CONFIG',
      message: `${why}: ${error?.message}${rest}`,
      whole,
      ...(unclear ? { retry: 'search' as const } : {}),
    };
  });
  const resources = given.resources.map((resource) => kept.get(nameOf(resource)) ?? resource);
  const gone = new Set([...names].filter((name) => !kept.has(name)));
  return { resources: leaveOut(resources, gone), withheld: [...given.withheld, ...withheld] };
}

/** Everything that a resource leads to, or stands in, is still there. */
function refersTo({ refs, sets }: Resource, there: ReadonlySet<string>): boolean {
  const backends = [...Object.entries(refs)].filter(([name]) => name !== 'frontend').map(([, id]) => id);
  return (
    (refs.frontend === undefined || there.has(`Frontend ${refs.frontend}`)) &&
    [...backends, ...(sets.forward?.keys() ?? [])].every((id) => there.has(`Backend ${id}`))
  );
}

/** Without the resources of these names, the routes of such frontends, and what leads to such backends. */
function leaveOut(resources: readonly Resource[], gone: ReadonlySet<string>): readonly Resource[] {
  return resources.flatMap((resource): readonly Resource[] => {
    if (gone.has(nameOf(resource)) || gone.has(`Frontend ${resource.refs.frontend}`)) return [];
    const refs = Object.fromEntries(
      Object.entries(resource.refs).filter(([name, id]) => name === 'frontend' || !gone.has(`Backend ${id}`)),
    );
    const forward = resource.sets.forward;
    const left = forward === undefined ? undefined : new Map([...forward].filter(([id]) => !gone.has(`Backend ${id}`)));
    if (Object.keys(refs).length === Object.keys(resource.refs).length && left?.size === forward?.size)
      return [resource];
    return [{ ...resource, refs, sets: left === undefined ? resource.sets : { ...resource.sets, forward: left } }];
  });
}
