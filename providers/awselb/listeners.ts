import type { Attrs, ExportedService, Listener, Member, MergedAction, Resource } from '../../src/model/index.ts';
import { type Acting, actOf, foreignGroupOf, notFound } from './actions.ts';
import { securityBefore } from './former-security.ts';
import { protocolOf, securityOf } from './listener-security.ts';
import { listenerId } from './names.ts';
import { rulesOf } from './rules.ts';
import type { ListenerOptions } from './service-options.ts';
import type { Settled } from './settle.ts';
import { stickyAttributes } from './sticky-attributes.ts';
import { type Frame, targetGroupOf } from './target-group.ts';
import { tell, tellSetting } from './tell.ts';

/** A listener with everything behind it. */
export interface ListenerParts {
  readonly listener: Resource;
  readonly rules: readonly Resource[];
  readonly groups: readonly Resource[];
}

/** One listener of a load balancer; undefined when none of those who asked for it may have it. */
export function listenerOf(
  listener: Listener,
  settled: Settled,
  members: ReadonlySet<ExportedService>,
  frame: Frame,
): ListenerParts | undefined {
  const fronts = listener.fronts.filter(({ service }) => members.has(service));
  const [first] = fronts;
  if (first === undefined) return undefined;
  const { build, lb, unit, type } = frame;
  const protocol = protocolOf(listener);
  const id = listenerId(lb, listener.port);
  const place = `${lb}:${listener.port}`;
  checkFronts(listener, members, frame);
  const options = optionsOf(
    `${protocol}-${listener.port}`,
    fronts.map(({ service }) => service),
    frame,
  );
  const turned = protocol === 'HTTP' ? settled.sslRedirectPort : undefined;
  const { rules, groups } =
    type === 'application' && turned === undefined
      ? rulesOf({ listener, id, place, protocol, members }, frame)
      : { rules: [], groups: [] };
  const rest = turned === undefined ? listener.default : redirectTo(turned, first);
  const action =
    rest === undefined || !members.has(rest.service)
      ? undefined
      : actOf(
          {
            merged: rest,
            listener: { protocol, port: listener.port },
            field: defaultField(rest.service, rest.front.key),
          },
          frame,
        );
  const {
    attrs,
    refs,
    sets,
    groups: own,
  } = type === 'application'
    ? applicationDefault(action)
    : networkDefault(first.service, listener, action, options, frame);
  const secure = protocol === 'HTTPS' || protocol === 'TLS';
  const [kept] = build.present.of('Listener', id);
  const security = secure
    ? securityOf(listener, members, settled, options, frame.adopted ? securityBefore(kept) : undefined, frame)
    : { attrs: {}, sets: {} };
  return {
    listener: {
      kind: 'Listener',
      id,
      unit,
      serves: action === undefined || rest === undefined ? [] : [rest.service.id],
      attrs: {
        ...stickyAttributes(kept?.attrs, { ...timeoutOf(listener, type), ...options.attributes }),
        Place: place,
        Port: listener.port,
        Protocol: protocol,
        ...attrs,
        ...security.attrs,
      },
      refs: { LoadBalancerArn: lb, ...refs },
      sets: {
        ...sets,
        ...security.sets,
        Tags: new Map([
          ...frame.sharedTags(String(listener.port)),
          // Who asked first for the port, where nobody asks for an answer: what is not tagged so was not made here.
          ...frame.claim(action === undefined || rest === undefined ? first.service : rest.service),
        ]),
      },
    },
    rules,
    groups: [...groups, ...own],
  };
}

/** What every request of a listener gets. */
function redirectTo(port: number, { service, front }: Listener['fronts'][number]): MergedAction {
  return { service, front, action: { type: 'redirect', code: 301, scheme: 'https', port } };
}

function applicationDefault(action: Acting | undefined) {
  const attrs: Attrs = action === undefined ? { Actions: notFound } : action.attrs;
  const { Actions, ...rest } = attrs;
  const sets = action === undefined || action.forward.size === 0 ? {} : { TargetGroups: action.forward };
  return {
    attrs: { ...rest, ...(Actions === undefined ? {} : { DefaultActions: Actions }) },
    refs: {},
    sets,
    groups: action?.groups ?? [],
  };
}

/** A network load balancer forwards and nothing else: to one target group by a ref, to several by weight. */
function networkDefault(
  service: ExportedService,
  listener: Listener,
  action: Acting | undefined,
  { forward: wish }: ListenerOptions,
  frame: Frame,
) {
  const nothing = { attrs: {}, refs: {}, sets: {}, groups: [] };
  if (wish !== undefined) return weighted(service, listener, wish, frame);
  const [only] = action?.forward ?? [];
  if (action === undefined || only === undefined) {
    const message = 'a network load balancer only forwards; give the port a backend that exists';
    frame.build.refuse(
      service,
      tell(service, 'E_FEATURE', defaultField(service, listener.fronts[0]?.front.key ?? ''), listener.key, message),
    );
    return nothing;
  }
  if (action.forward.size === 1) return { ...nothing, refs: { TargetGroupArn: only[0] }, groups: action.groups };
  return { ...nothing, sets: { TargetGroups: action.forward }, groups: action.groups };
}

function weighted(
  service: ExportedService,
  listener: Listener,
  wish: NonNullable<ListenerOptions['forward']>,
  frame: Frame,
) {
  const protocol = protocolOf(listener);
  const set = new Map<string, Member>();
  const groups: Resource[] = [];
  const add = (group: Resource, weight: number): void => {
    const before = set.get(group.id)?.attrs.Weight;
    groups.push(group);
    set.set(group.id, { attrs: { Weight: Math.min(999, (typeof before === 'number' ? before : 0) + weight) } });
  };
  for (const [i, { backend: key, targetGroup, weight }] of wish.entries()) {
    const backend = key === undefined || !Object.hasOwn(service.backends, key) ? undefined : service.backends[key];
    if (key !== undefined && backend !== undefined) {
      add(targetGroupOf({ service, key, backend, listener: protocol, port: listener.port }, frame), weight);
      continue;
    }
    const path = ['listeners', `${protocol}-${listener.port}`, 'forward', i];
    if (key === undefined && targetGroup !== undefined) {
      add(foreignGroupOf(service, targetGroup, [...path, 'targetGroup'], '', frame), weight);
      continue;
    }
    const message = 'must name a backend of the service that exists';
    frame.build.refuse(service, tellSetting(service, 'E_BACKEND_MISSING', path, key ?? '(none)', message));
  }
  // AWS answers a single one without a weight.
  const [only] = set.keys();
  if (set.size === 1 && only !== undefined) return { attrs: {}, refs: { TargetGroupArn: only }, sets: {}, groups };
  return { attrs: {}, refs: {}, sets: { TargetGroups: set }, groups };
}

/** Settings of the listener by name, of all who share it: maps and certificates are merged, the first to say something else counts. */
function optionsOf(name: string, services: readonly ExportedService[], { build }: Frame): ListenerOptions {
  let found: ListenerOptions = {};
  for (const service of new Set(services)) {
    const { listeners = {} } = build.settings(service);
    const own = Object.hasOwn(listeners, name) ? listeners[name] : undefined;
    if (own === undefined) continue;
    const { mutualAuthentication: mine } = own;
    const { mutualAuthentication: theirs } = found;
    if (mine !== undefined && theirs !== undefined && mine.mode !== theirs.mode) {
      const message = `another service that shares listener ${name} asks for mode ${theirs.mode}; say the same here or leave it out`;
      build.refuse(
        service,
        tellSetting(service, 'E_GROUP_CONFLICT', ['listeners', name, 'mutualAuthentication'], mine.mode, message),
      );
      continue;
    }
    found = {
      ...own,
      ...found,
      ...(own.attributes === undefined ? {} : { attributes: { ...own.attributes, ...found.attributes } }),
    };
  }
  return found;
}

/** What no load balancer of AWS can do at a port. */
function checkFronts(listener: Listener, members: ReadonlySet<ExportedService>, { build, type }: Frame): void {
  for (const { service, front } of listener.fronts) {
    if (!members.has(service)) continue;
    const field = (name: string): string =>
      `fronts[${service.fronts.findIndex(({ key }) => key === front.key)}].${name}`;
    if (front.endPort !== undefined && front.endPort !== front.port)
      build.refuse(
        service,
        tell(
          service,
          'E_FEATURE',
          field('endPort'),
          front.endPort,
          'a listener has one port; give each port of the range a front of its own',
        ),
      );
    if (front.proxyProtocol === true && type === 'application')
      build.refuse(
        service,
        tell(
          service,
          'E_FEATURE',
          field('proxyProtocol'),
          true,
          'an application load balancer does not read the PROXY protocol',
        ),
      );
    if (front.maxConnections !== undefined)
      build.warn(
        tell(
          service,
          'W_FEATURE',
          field('maxConnections'),
          front.maxConnections,
          'load balancers of AWS do not limit connections; this has no effect',
        ),
      );
  }
}

function timeoutOf({ fronts }: Listener, type: Frame['type']): Attrs {
  const ms = fronts[0]?.front.timeouts?.clientMs;
  return type === 'network' && ms !== undefined && fronts[0]?.front.protocol !== 'udp'
    ? { 'tcp.idle_timeout.seconds': String(Math.min(6000, Math.max(60, Math.round(ms / 1000)))) }
    : {};
}

function defaultField(service: ExportedService, key: string): string {
  return `fronts[${service.fronts.findIndex((front) => front.key === key)}].default`;
}
