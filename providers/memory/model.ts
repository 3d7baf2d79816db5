/** The merged services of the balancer as load balancers, target groups, listeners and rules. Pure. */
import {
  type Action,
  type Attrs,
  type Backend,
  canonicalJson,
  type FrontGroup,
  forwards,
  type Json,
  type Listener,
  type Member,
  type MergedAction,
  type ModelInput,
  type ModelResult,
  type Problem,
  type Resource,
} from '../../src/model/index.ts';
import { listenerId, physicalName, targetKey, unitName } from './names.ts';
import { serviceOptions } from './options.ts';

type Sets = Record<string, ReadonlyMap<string, Member>>;

/** Made again only for a group that is another object, or whose settings are. */
const made = new WeakMap<FrontGroup, { readonly key: string; readonly result: ModelResult }>();

export function model(input: ModelInput): ModelResult {
  const results = input.groups.map((group) => {
    const key = canonicalJson([input.balancer, settingsOf(group, input)]);
    const known = made.get(group);
    if (known?.key === key) return known.result;
    const result = groupResources(group, unitName(input.balancer, group.key), settingsOf(group, input));
    made.set(group, { key, result });
    return result;
  });
  return {
    resources: results.flatMap((result) => result.resources),
    problems: results.flatMap((result) => result.problems),
  };
}

/** Settings belong to the load balancer: those of the first service of a bundle count. */
function settingsOf(group: FrontGroup, { settings }: ModelInput): { readonly idleMs: number; readonly scheme: string } {
  const [first] = group.services;
  return serviceOptions.parse(first === undefined ? {} : (settings.get(first.id) ?? {}));
}

function groupResources(group: FrontGroup, unit: string, settings: ReturnType<typeof settingsOf>): ModelResult {
  const resources = new Map<string, Resource>();
  const problems: Problem[] = [];
  const serves = group.services.map((service) => service.id);
  const add = (resource: Omit<Resource, 'unit'>) =>
    resources.set(`${resource.kind} ${resource.id}`, { ...resource, unit });
  const addBackends = (merged: MergedAction) => {
    for (const { key, backend } of forwards(merged)) add(targetGroup(key, backend, merged.service.id));
  };
  if (group.listeners.length === 0) return { resources: [], problems };
  const { idleMs, scheme } = settings;
  const name = physicalName(group.key, { scheme });
  add({ kind: 'LoadBalancer', id: group.key, serves, attrs: { name, scheme, idleMs }, refs: {}, sets: {} });
  for (const listener of group.listeners) {
    const id = listenerId(group.key, listener.key);
    const place = `${group.key}:${listener.key}`;
    add(listenerResource(group.key, id, place, listener));
    if (listener.default !== undefined) addBackends(listener.default);
    let priority = 0;
    for (const { host, rules, default: rest } of listener.hosts) {
      const all =
        rest === undefined
          ? rules
          : [...rules, { ...rest, path: { type: 'prefix', value: '/' } as const, route: undefined }];
      for (const rule of all) {
        const { methods, headers, query, sourceIps } = rule.route ?? {};
        const conditions = compact({ methods, headers, query, sourceIps });
        const match = `${host} ${rule.path.type} ${rule.path.value} ${canonicalJson(conditions)}`;
        addBackends(rule);
        priority++;
        const attrs = {
          place: `${place} ${match}`,
          host,
          path: { ...rule.path },
          conditions,
          priority,
          ...ownAction(rule.action),
        };
        add({
          kind: 'Rule',
          id: `${id}|${match}`,
          serves: [rule.service.id],
          attrs,
          refs: { listener: id },
          sets: forwardSet(rule),
        });
      }
    }
  }
  return { resources: [...resources.values()], problems };
}

function listenerResource(lb: string, id: string, place: string, listener: Listener): Omit<Resource, 'unit'> {
  const certs = new Map(
    listener.certs.map(({ cert, hosts }, i): [string, Member] => [
      cert.sha256,
      { attrs: { hosts: [...hosts], isDefault: i === 0 } },
    ]),
  );
  const [, transport = 'tcp'] = listener.key.split('/');
  const action = listener.default === undefined ? notFound : ownAction(listener.default.action);
  return {
    kind: 'Listener',
    id,
    serves: listener.default === undefined ? [] : [listener.default.service.id],
    attrs: { place, port: listener.port, transport, protocol: listener.protocol, ...action },
    refs: { lb },
    sets: { certs, ...(listener.default === undefined ? {} : forwardSet(listener.default)) },
  };
}

function targetGroup(id: string, backend: Backend, service: string): Omit<Resource, 'unit'> {
  const immutable = { protocol: backend.protocol };
  const targets = new Map(
    backend.targets.map((target): [string, Member] => {
      const member = { attrs: { weight: target.state === 'ready' ? target.weight : 0 } };
      return [targetKey(target.address, target.port), target.state === 'gone' ? { ...member, gone: true } : member];
    }),
  );
  const attrs = { name: physicalName(id, immutable), ...immutable, balance: backend.balance };
  return { kind: 'TargetGroup', id, serves: [service], attrs, refs: {}, sets: { targets } };
}

/** What no rule took and no service answers. */
const notFound: Attrs = { action: { type: 'fixed', status: 404 } };

/** The answer that a front gives itself; nothing when it forwards. */
function ownAction(action: Action): Attrs {
  return action.type === 'forward' ? {} : { action: compact({ ...action }) };
}

function forwardSet(merged: MergedAction): Sets {
  const to = forwards(merged).map(({ key, weight }): [string, Member] => [key, { attrs: { weight } }]);
  return to.length === 0 ? {} : { forward: new Map(to) };
}

/** Without the fields that are not set, and as plain data. */
function compact(fields: Readonly<Record<string, unknown>>): Attrs {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept.map(([key, value]): [string, Json] => [key, JSON.parse(JSON.stringify(value))]));
}
