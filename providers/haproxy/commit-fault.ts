/**
 * Which resource made HAProxy refuse a configuration, by what HAProxy says. Rendering and quoting should make this impossible; where
 * they do not, one service stops and not all of them. Pure.
 */
import { canonicalJson, type Resource, type WeirError } from '../../src/model/index.ts';
import type { Given, Withheld } from './commit-withhold.ts';
import type { Layout } from './layout.ts';
import { sparesOf } from './layout-placed.ts';
import { backendName, frontendName } from './names.ts';

/** What HAProxy refused so far. A resource stays out until it is another one, so that it costs the others one check and no more. */
export class RefusedResources {
  readonly #errors = new Map<string, WeirError>();

  /** Forgets those that are wanted no more, or changed. */
  keep(wanted: readonly Resource[]): void {
    if (this.#errors.size === 0) return;
    const keys = new Set(wanted.map(keyOf));
    for (const key of this.#errors.keys()) if (!keys.has(key)) this.#errors.delete(key);
  }

  /** Takes the resources that a refusal points to; answers them. Empty: it is nobody's fault that we know. */
  learn(error: WeirError, config: string, layout: Layout, resources: readonly Resource[]): readonly Resource[] {
    const faulty = findFaulty(error.message, config, layout, resources);
    for (const resource of faulty) this.#errors.set(keyOf(resource), error);
    return faulty;
  }

  /** Without the refused: a route or frontend is gone, what led to a refused backend answers 503. */
  withhold(given: Given): Given {
    return withholdFaulty(given, this.#errors);
  }
}

function keyOf({ kind, id, attrs }: Resource): string {
  return `${kind}\n${id}\n${canonicalJson(attrs)}`;
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

function withholdFaulty(given: Given, refused: ReadonlyMap<string, WeirError>): Given {
  if (refused.size === 0) return given;
  const out = given.resources.filter((resource) => refused.has(keyOf(resource)));
  if (out.length === 0) return given;
  const gone = new Set(out.map(({ kind, id }) => `${kind} ${id}`));
  const resources = given.resources.flatMap((resource): readonly Resource[] => {
    if (gone.has(`${resource.kind} ${resource.id}`) || gone.has(`Frontend ${resource.refs.frontend}`)) return [];
    const refs = Object.fromEntries(
      Object.entries(resource.refs).filter(([name, id]) => name === 'frontend' || !gone.has(`Backend ${id}`)),
    );
    const forward = resource.sets.forward;
    const left = forward === undefined ? undefined : new Map([...forward].filter(([id]) => !gone.has(`Backend ${id}`)));
    if (Object.keys(refs).length === Object.keys(resource.refs).length && left?.size === forward?.size)
      return [resource];
    return [{ ...resource, refs, sets: left === undefined ? resource.sets : { ...resource.sets, forward: left } }];
  });
  const withheld = out.map(
    (resource): Withheld => ({
      kind: resource.kind,
      id: resource.id,
      code: 'E_HAPROXY_CONFIG',
      message: `HAProxy refuses it: ${refused.get(keyOf(resource))?.message}`,
      whole: true,
    }),
  );
  return { resources, withheld: [...given.withheld, ...withheld] };
}
