import {
  type ExportedService,
  type Front,
  type FrontGroup,
  inStrides,
  type Listener,
  type MergedAction,
  type MergedHost,
  type Problem,
  type Resource,
  type Sliced,
} from '../../src/model/index.ts';
import type { BackendUse } from './model-backend.ts';
import { actionFault, frontFault } from './model-check.ts';
import { addressFault, buildFrontend } from './model-frontend.ts';
import { type KeptPort, keepsFrom } from './model-kept.ts';
import { type HostPart, keep, type ListenerPart, type Memo } from './model-memo.ts';
import { type Fault, problemOf } from './model-problem.ts';
import { buildNamed, buildRest, buildRoute, type RoutePlace, type RouteResult } from './model-route.ts';

export interface GroupPart {
  readonly resources: readonly Resource[];
  readonly uses: readonly BackendUse[];
  readonly problems: readonly Problem[];
}

/**
 * Frontends and Routes of the listeners of one group, and the backends that they lead to. `kept`: ports that no service gets. `brought`:
 * another balancer brings the group's addresses to this machine.
 */
export function* modelGroup(
  group: FrontGroup,
  unit: string,
  memo: Memo,
  kept: readonly KeptPort[],
  brought: boolean,
): Sliced<GroupPart> {
  const resources: Resource[] = [];
  const uses: BackendUse[] = [];
  const problems: Problem[] = [];
  const fault = addressFault(group);
  if (fault !== undefined) {
    return { resources, uses, problems: group.services.map((service) => problemOf(service, fault)) };
  }
  for (const listener of group.listeners) {
    yield;
    const keeper = kept.find((one) => keepsFrom(one, listener.port, group.addresses));
    if (keeper !== undefined) {
      for (const { service, front } of listener.fronts)
        problems.push(problemOf(service, keptFault(keeper, service, front)));
      continue;
    }
    const { resource, uses: own, problems: told } = listenerPart(group, listener, unit, memo, brought);
    problems.push(...told);
    if (resource === undefined) continue;
    resources.push(resource);
    uses.push(...own);
    yield* inStrides(listener.hosts, (host) => {
      const { routes, uses: reached, problems: told } = hostPart(host, listener, resource.id, unit, memo);
      for (const route of routes) resources.push(route);
      for (const use of reached) uses.push(use);
      for (const problem of told) problems.push(problem);
    });
  }
  return { resources, uses, problems };
}

function keptFault({ option, does }: KeptPort, { fronts }: ExportedService, front: Front): Fault {
  const field = `fronts[${fronts.indexOf(front)}].port`;
  const reason = `is the port of options.${option}, where HAProxy ${does}; choose another port here or there`;
  return { code: 'E_PORT_CONFLICT', field, value: front.port, reason };
}

function listenerPart(group: FrontGroup, listener: Listener, unit: string, memo: Memo, brought: boolean): ListenerPart {
  const known = memo.listeners.get(listener);
  if (known !== undefined && known.group === group.key && known.brought === brought) return known;
  const place = `${group.key} ${listener.key}`;
  const last = memo.lastListeners.get(place);
  const part =
    last !== undefined && last.part.brought === brought && saysTheSame(listener, last.listener)
      ? last.part
      : makeListenerPart(group, listener, unit, memo, brought);
  memo.listeners.set(listener, part);
  memo.lastListeners.set(place, { listener, part });
  return part;
}

/** Fronts are compared by what they ask for: services whose targets alone are others make another listener, and the same port. */
function saysTheSame(now: Listener, before: Listener): boolean {
  return (
    now.default === before.default &&
    now.certs === before.certs &&
    now.protocol === before.protocol &&
    now.endPort === before.endPort &&
    now.beside === before.beside &&
    now.fronts.length === before.fronts.length &&
    now.fronts.every(({ service, front }, i) => {
      const old = before.fronts[i];
      if (old?.front !== front) return false;
      return (
        old.service === service ||
        (old.service.id === service.id &&
          old.service.origin === service.origin &&
          old.service.fronts === service.fronts)
      );
    })
  );
}

function makeListenerPart(
  group: FrontGroup,
  listener: Listener,
  unit: string,
  memo: Memo,
  brought: boolean,
): ListenerPart {
  const problems: Problem[] = [];
  let served = false;
  for (const { service, front } of listener.fronts) {
    const fault = faultOfFront(front, `fronts[${service.fronts.indexOf(front)}]`);
    if (fault === undefined) served = true;
    else problems.push(problemOf(service, fault));
  }
  problems.push(...sharedLimits(listener));
  const fallback = usableDefault(listener, problems);
  const result = served ? buildFrontend(unit, group, listener, fallback, brought) : { resource: undefined, uses: [] };
  // A listener changes with each of its hosts; what it says of itself mostly does not.
  const resource = result.resource === undefined ? undefined : keep(memo, result.resource);
  return { uses: result.uses, resource, group: group.key, brought, problems };
}

const frontFaults = new WeakMap<Front, { readonly field: string; readonly fault: Fault | undefined }>();

function faultOfFront(front: Front, field: string): Fault | undefined {
  let known = frontFaults.get(front);
  if (known === undefined || known.field !== field) {
    known = { field, fault: frontFault(front, field) };
    frontFaults.set(front, known);
  }
  return known.fault;
}

function usable({ service, front }: MergedAction): boolean {
  return faultOfFront(front, `fronts[${service.fronts.indexOf(front)}]`) === undefined;
}

function usableDefault(listener: Listener, problems: Problem[]): MergedAction | undefined {
  const action = listener.default;
  if (action === undefined || !usable(action)) return undefined;
  const field = `fronts[${action.service.fronts.indexOf(action.front)}].default`;
  const tcp = listener.protocol === 'tcp' || listener.protocol === 'tls';
  const fault =
    tcp && action.action.type !== 'forward'
      ? ({
          code: 'E_FEATURE',
          field,
          value: action.action.type,
          reason: 'must forward: there is no answer in TCP',
        } as const)
      : actionFault(action.action, field);
  if (fault === undefined) return action;
  problems.push(problemOf(action.service, fault));
  return undefined;
}

/** Limits that belong to a port and not to a route have no effect where several fronts share the port. */
function sharedLimits(listener: Listener): readonly Problem[] {
  if (listener.fronts.length < 2) return [];
  return listener.fronts.flatMap(({ service, front }) => {
    const { maxConnections, timeouts } = front;
    const asked = Object.entries({
      maxConnections,
      'timeouts.clientMs': timeouts?.clientMs,
      'timeouts.requestMs': timeouts?.requestMs,
      'timeouts.keepAliveMs': timeouts?.keepAliveMs,
    }).find(([, value]) => value !== undefined);
    if (asked === undefined) return [];
    const field = `fronts[${service.fronts.indexOf(front)}].${asked[0]}`;
    const reason = `has no effect on port ${front.port}, which several services share; give the service a port or address of its own`;
    return [problemOf(service, { code: 'W_FEATURE', field, value: asked[1], reason })];
  });
}

function hostPart(host: MergedHost, listener: Listener, frontend: string, unit: string, memo: Memo): HostPart {
  // What the port does with the rest anyway needs no route at each host.
  const rest = host.default === listener.default ? undefined : host.default;
  const known = memo.hosts.get(host);
  if (known?.frontend === frontend && known.rest === rest) return known;
  const place: RoutePlace = { unit, frontend, host: host.host };
  const routes: Resource[] = [];
  const uses: BackendUse[] = [];
  const problems: Problem[] = [];
  const take = (action: MergedAction, { resource, uses: reached, fault }: RouteResult): void => {
    if (fault !== undefined) problems.push(problemOf(action.service, fault));
    if (resource !== undefined) routes.push(resource);
    uses.push(...reached);
  };
  const build = listener.protocol === 'tls' ? buildNamed : buildRoute;
  for (const rule of host.rules) {
    if (usable(rule))
      take(
        rule,
        remember(rule, place, memo, () => build(rule, place)),
      );
  }
  if (rest !== undefined && listener.protocol !== 'tls' && usable(rest))
    take(
      rest,
      remember(rest, place, memo, () => buildRest(rest, place)),
    );
  const part = { frontend, rest, routes, uses, problems };
  memo.hosts.set(host, part);
  return part;
}

function remember(action: MergedAction, place: RoutePlace, memo: Memo, build: () => RouteResult): RouteResult {
  let places = memo.routes.get(action);
  if (places === undefined) {
    places = new Map();
    memo.routes.set(action, places);
  }
  const key = `${place.frontend}|${place.host}`;
  let result = places.get(key);
  if (result === undefined) {
    const built = build();
    // A service whose targets changed is a new object, its routes say what they said.
    result = built.resource === undefined ? built : { ...built, resource: keep(memo, built.resource) };
    places.set(key, result);
  }
  return result;
}
