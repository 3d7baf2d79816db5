/** The merged services of the balancer as Listeners, Routes and Backends. Pure; a service that cannot be relayed is a problem. */
import {
  type Attrs,
  type Backend,
  type Front,
  forwards,
  type Listener,
  type Member,
  type MergedAction,
  type MergedRule,
  type ModelInput,
  type ModelResult,
  type Problem,
  type Resource,
} from '../../src/model/index.ts';
import { actionOf, backendAttrsOf, compact, listenerAttrsOf, timeoutsOf } from './attributes.ts';
import { listenerId, routeId, targetKey, unitName } from './names.ts';
import type { Options } from './options.ts';
import { backendProblem, frontProblem } from './refuse.ts';

type Sets = Record<string, ReadonlyMap<string, Member>>;

/** The same resource object comes back while its input object is the same. */
const cache = new WeakMap<object, Map<string, Resource>>();

export function model(input: ModelInput, options: Options): ModelResult {
  const unit = unitName(input.balancer, input.node);
  const resources = new Map<string, Resource>();
  const problems: Problem[] = [];
  const add = (resource: Resource) => resources.set(`${resource.kind} ${resource.id}`, resource);
  for (const group of input.groups) {
    for (const listener of group.listeners) {
      const refused = new Set<Front>();
      for (const { service, front } of listener.fronts) {
        const problem = frontProblem(service, front);
        if (problem === undefined) continue;
        refused.add(front);
        problems.push(problem);
      }
      const usable = ({ front }: MergedAction) => !refused.has(front);
      const rules = listener.hosts.flatMap(rulesOf).filter(({ rule }) => usable(rule));
      const fallback = listener.default !== undefined && usable(listener.default) ? listener.default : undefined;
      if (rules.length === 0 && fallback === undefined) continue;
      const id = listenerId(group.key, listener.key);
      const addresses = group.addresses.length > 0 ? group.addresses : options.addresses;
      add(listenerResource(unit, id, listener, fallback, addresses));
      for (const { host, rule, rank } of rules) add(routeResource(unit, id, host, rule, rank));
      for (const merged of [...(fallback === undefined ? [] : [fallback]), ...rules.map(({ rule }) => rule)]) {
        for (const { key, backend } of forwards(merged)) {
          const problem = backendProblem(merged.service, key, backend);
          if (problem === undefined) add(backendResource(unit, key, backend, merged));
          else if (!problems.some((told) => told.service === problem.service && told.field === problem.field)) {
            problems.push(problem);
          }
        }
      }
    }
  }
  return { resources: [...resources.values()], problems };
}

interface HostRule {
  readonly host: string;
  readonly rule: MergedAction & { readonly path?: MergedRule['path']; readonly route?: MergedRule['route'] };
  readonly rank: number;
}

/** The rules of one host with their place among those that a path alone does not order, so that one more rule does not touch all others. */
function rulesOf(host: Listener['hosts'][number]): readonly HostRule[] {
  const places = new Map<string, number>();
  const rules: HostRule[] = host.rules.map((rule) => {
    const place = `${rule.path.type} ${rule.path.value.length}`;
    const rank = places.get(place) ?? 0;
    places.set(place, rank + 1);
    return { host: host.host, rule, rank };
  });
  return host.default === undefined ? rules : [...rules, { host: host.host, rule: host.default, rank: 0 }];
}

function listenerResource(
  unit: string,
  id: string,
  listener: Listener,
  fallback: MergedAction | undefined,
  addresses: readonly string[],
): Resource {
  return remembered(listener, `${unit} ${id} ${addresses.join()} ${fallback === undefined}`, () => {
    const certs = new Map(
      listener.certs.map(({ cert, hosts }, i) => [
        cert.sha256,
        { attrs: { hosts: [...hosts], origin: cert.origin, isDefault: i === 0 } },
      ]),
    );
    return {
      kind: 'Listener',
      id,
      unit,
      serves: [...new Set(listener.fronts.map(({ service }) => service.id))],
      attrs: { ...listenerAttrsOf(listener, addresses, id), ...(fallback === undefined ? {} : actionOf(fallback)) },
      ...links({}, { certs }, fallback),
    };
  });
}

function routeResource(unit: string, listener: string, host: string, rule: HostRule['rule'], rank: number): Resource {
  return remembered(rule, `${unit} ${listener} ${host} ${rank}`, () => {
    const path = rule.path ?? { type: 'default', value: '' };
    const { methods, headers, query, sourceIps, filters = [] } = rule.route ?? {};
    const conditions = compact({ methods, headers, query, sourceIps });
    const id = routeId(listener, host, path.type, path.value, conditions);
    const attrs: Attrs = compact({
      key: id,
      host,
      path: { type: path.type, value: path.value },
      rank,
      conditions,
      filters: filters.map((filter) => compact({ ...filter })),
      sourceRanges: rule.front.sourceRanges,
      timeouts: timeoutsOf(rule.front.timeouts),
      ...actionOf(rule),
    });
    return { kind: 'Route', id, unit, serves: [rule.service.id], attrs, ...links({ listener }, {}, rule) };
  });
}

function backendResource(unit: string, id: string, backend: Backend, merged: MergedAction): Resource {
  return remembered(backend, `${unit} ${id}`, () => ({
    kind: 'Backend',
    id,
    unit,
    serves: [merged.service.id],
    attrs: backendAttrsOf(backend),
    refs: {},
    sets: {
      targets: new Map(
        backend.targets.map((target): [string, Member] => {
          const weight = target.state === 'ready' ? target.weight : 0;
          const member = { attrs: { weight } };
          return [targetKey(target.address, target.port), target.state === 'gone' ? { ...member, gone: true } : member];
        }),
      ),
    },
  }));
}

/** One backend is a ref, several are a weighted set; what cannot be relayed is left out. */
function links(refs: Record<string, string>, sets: Sets, merged: MergedAction | undefined) {
  const all =
    merged === undefined
      ? []
      : forwards(merged).filter(({ key, backend }) => backendProblem(merged.service, key, backend) === undefined);
  const [only, ...more] = all;
  if (only === undefined) return { refs, sets };
  if (more.length === 0) return { refs: { ...refs, backend: only.key }, sets };
  const forward = new Map(all.map(({ key, weight }): [string, Member] => [key, { attrs: { weight } }]));
  return { refs, sets: { ...sets, forward } };
}

function remembered(source: object, key: string, make: () => Resource): Resource {
  const known = cache.get(source) ?? new Map<string, Resource>();
  cache.set(source, known);
  const resource = known.get(key) ?? make();
  known.set(key, resource);
  return resource;
}
