import type {
  Action,
  Capabilities,
  ExportedService,
  Front,
  MergedAction,
  MergedRule,
  Problem,
  Route,
} from '../model/index.ts';
import { checkBackends } from './admit-backends.ts';
import { filterAllowed, frontAllowed } from './admit-features.ts';
import { normalizedPath, ruleOf } from './rule.ts';
import { tell } from './tell.ts';

/** A front with what of it the provider can do. The objects in it are made once for each service object, so that they stay the same. */
export interface AdmittedFront {
  readonly service: ExportedService;
  readonly front: Front;
  /** Position in the service, for messages. */
  readonly index: number;
  readonly layer: 4 | 7;
  /** TLS goes on to the targets; several such fronts share a port by the name that the client asks for. */
  readonly passthrough: boolean;
  readonly rules: readonly AdmittedRule[];
  readonly default: MergedAction | undefined;
}

export interface AdmittedRule {
  readonly rule: MergedRule;
  /** Lower case; `['']` for every host. */
  readonly hosts: readonly string[];
  readonly index: number;
}

export interface Admitted {
  readonly fronts: readonly AdmittedFront[];
  readonly problems: readonly Problem[];
}

const memos = new WeakMap<Capabilities, WeakMap<ExportedService, Admitted>>();

/** What a provider with these capabilities can serve of one service, and the problems of the rest. Same service object, same answer object. */
export function admit(service: ExportedService, capabilities: Capabilities): Admitted {
  let memo = memos.get(capabilities);
  if (memo === undefined) {
    memo = new WeakMap();
    memos.set(capabilities, memo);
  }
  let admitted = memo.get(service);
  if (admitted === undefined) {
    admitted = check(service, capabilities);
    memo.set(service, admitted);
  }
  return admitted;
}

function check(service: ExportedService, capabilities: Capabilities): Admitted {
  const problems: Problem[] = [];
  const refusedBackends = checkBackends(service, capabilities, problems);
  const fronts: AdmittedFront[] = [];
  service.fronts.forEach((front, index) => {
    if (!protocolAllowed(service, front, index, capabilities, problems)) return;
    if (!frontAllowed(service, front, `fronts[${index}]`, capabilities, problems)) return;
    const admitted = admitFront(service, front, index, { capabilities, refusedBackends, problems });
    if (admitted !== undefined) fronts.push(admitted);
  });
  return { fronts, problems };
}

function protocolAllowed(
  service: ExportedService,
  front: Front,
  index: number,
  capabilities: Capabilities,
  problems: Problem[],
): boolean {
  const { protocols, protocolHint } = capabilities;
  const both = front.protocol === 'tcp_udp' && protocols.includes('tcp') && protocols.includes('udp');
  if (!both && !protocols.includes(front.protocol)) {
    const hint = protocolHint ?? `this provider serves ${protocols.join(', ')}`;
    problems.push(tell(service, 'E_PROTOCOL', `fronts[${index}].protocol`, front.protocol, hint));
    return false;
  }
  if (front.endPort !== undefined && front.endPort < front.port) {
    const message = `the last port of a range must not be below its first (${front.port})`;
    problems.push(tell(service, 'E_PORT', `fronts[${index}].endPort`, front.endPort, message));
    return false;
  }
  if (front.endPort !== undefined && front.endPort !== front.port && isLayer7(front)) {
    const message = 'a range of ports is for TCP and UDP only; give HTTP and HTTPS one port each';
    problems.push(tell(service, 'E_FEATURE', `fronts[${index}].endPort`, front.endPort, message));
    return false;
  }
  return true;
}

interface Check {
  readonly capabilities: Capabilities;
  readonly refusedBackends: ReadonlySet<string>;
  readonly problems: Problem[];
}

function admitFront(
  service: ExportedService,
  front: Front,
  index: number,
  { capabilities, refusedBackends, problems }: Check,
): AdmittedFront | undefined {
  const layer = isLayer7(front) ? 7 : 4;
  const rules: AdmittedRule[] = [];
  const passthrough = front.protocol === 'tls' && front.tls?.mode === 'passthrough';
  if (layer === 7 || passthrough) {
    front.routes.forEach((route, at) => {
      const field = `fronts[${index}].routes[${at}]`;
      if (uses(route.action, refusedBackends)) return;
      if (!routeAllowed(service, route, field, capabilities, problems)) return;
      rules.push({ rule: ruleOf(service, front, route), hosts: hostsOf(route), index: at });
    });
  }
  const fallback = front.default === undefined || uses(front.default, refusedBackends) ? undefined : front.default;
  if (rules.length === 0 && fallback === undefined) {
    // Said already where something was refused; a front that never had anything is told here.
    if (front.default === undefined && ((layer === 4 && !passthrough) || front.routes.length === 0)) {
      const message = 'nothing is to be served at this port; give it a route or a default';
      problems.push(tell(service, 'E_FIELD_MISSING', `fronts[${index}]`, front.key, message));
    }
    return undefined;
  }
  const action = fallback === undefined ? undefined : { service, front, action: fallback };
  return { service, front, index, layer, passthrough, rules, default: action };
}

function routeAllowed(
  service: ExportedService,
  route: Route,
  field: string,
  capabilities: Capabilities,
  problems: Problem[],
): boolean {
  const { type, value } = normalizedPath(route);
  if (!capabilities.pathTypes.includes(type)) {
    const message = `this provider matches paths of type ${capabilities.pathTypes.join(', ')}, not ${type}`;
    problems.push(tell(service, 'E_FEATURE', `${field}.path.type`, `${type} ${value}`, message));
    return false;
  }
  if (route.rule !== undefined && capabilities.rules !== true) {
    const message =
      'this route has conditions, a login or rewrites that only another provider has words for; serving it without them would open it, so it is not served';
    problems.push(tell(service, 'E_FEATURE', `${field}.rule`, route.rule, message));
    return false;
  }
  if (!capabilities.weights && route.action.type === 'forward' && route.action.to.length > 1) {
    const message = 'this provider cannot share the requests of one route between backends; forward to one';
    problems.push(tell(service, 'E_FEATURE', `${field}.action`, `${route.action.to.length} backends`, message));
    return false;
  }
  return route.filters.every((filter, at) =>
    filterAllowed(service, filter, `${field}.filters[${at}]`, capabilities, problems),
  );
}

function uses(action: Action, refused: ReadonlySet<string>): boolean {
  return refused.size > 0 && action.type === 'forward' && action.to.some(({ backend }) => refused.has(backend));
}

function hostsOf(route: Route): readonly string[] {
  return route.hosts.length === 0 ? [''] : [...new Set(route.hosts.map((host) => host.toLowerCase()))];
}

/** Requests are routed by host and path there. */
function isLayer7(front: Front): boolean {
  return front.protocol === 'http' || front.protocol === 'https' || front.protocol === 'quic';
}
