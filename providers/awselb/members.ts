import type { ExportedService, FrontGroup, Listener, Problem } from '../../src/model/index.ts';
import type { Build } from './build.ts';
import { protocolOf } from './listener-security.ts';
import type { LoadBalancerType } from './names.ts';
import { nameOf, tell, tellSetting } from './tell.ts';

/** The kind of load balancer that a service needs: by its settings, else by the protocols of its ports. */
export function typeOf(
  service: ExportedService,
  { listeners }: Pick<FrontGroup, 'listeners'>,
  { options, settings }: Pick<Build, 'options' | 'settings'>,
): LoadBalancerType {
  const own = listeners.find(({ fronts }) => fronts.some((front) => front.service === service));
  const needed = own?.protocol === 'http' || own?.protocol === 'https' ? 'application' : 'network';
  return settings(service).type ?? options.type ?? needed;
}

export function groupName(service: ExportedService, { settings }: Pick<Build, 'settings'>): string | undefined {
  return settings(service).group;
}

/** Members that cannot share the load balancer: of another kind, or of a namespace that may not join. */
export function checkMembers(
  group: FrontGroup,
  type: LoadBalancerType,
  members: readonly ExportedService[],
  build: Build,
): boolean {
  const [first] = members;
  if (first === undefined) return false;
  let all = true;
  const refuse = (member: ExportedService, problem: Problem): void => {
    all = false;
    build.refuse(member, problem);
  };
  const name = groupName(first, build) ?? first.bundle?.key ?? '';
  const allowed = Object.hasOwn(build.options.groupNamespaces, name) ? build.options.groupNamespaces[name] : undefined;
  for (const member of members) {
    const { namespace } = member.origin;
    const may =
      allowed?.includes(namespace) ??
      (build.options.groups === 'any' ||
        member === first ||
        (build.options.groups === 'namespace' && namespace === first.origin.namespace));
    if (!may) {
      const message = `load balancer ${name} of ${nameOf(first)} may not be joined from namespace ${namespace} (groups and groupNamespaces of the balancer)`;
      refuse(member, tellSetting(member, 'E_GROUP_CONFLICT', ['group'], name, message));
    }
    const odd = group.listeners.find(({ protocol, fronts }) => {
      const seventh = protocol === 'http' || protocol === 'https';
      return seventh !== (type === 'application') && fronts.some(({ service }) => service === member);
    });
    if (odd === undefined) continue;
    const remedy =
      type === 'network'
        ? 'HTTP and HTTPS need a load balancer of type application'
        : 'TCP, UDP and TLS need a load balancer of type network';
    refuse(
      member,
      tell(
        member,
        'E_PROTOCOL',
        `port ${odd.port}`,
        odd.protocol,
        `the load balancer is of type ${type}; ${remedy}, in a service of its own`,
      ),
    );
  }
  return all;
}

/** A number is one listener to ELBv2, whatever the transport: who comes second is told. */
export function onePerPort(
  { listeners }: FrontGroup,
  type: LoadBalancerType,
  members: ReadonlySet<ExportedService>,
  build: Build,
): readonly Listener[] {
  const ports = new Map<number, Listener>();
  for (const listener of listeners) {
    const mine = listener.fronts.find(({ service }) => members.has(service));
    if (mine === undefined) continue;
    const holder = ports.get(listener.port);
    const before = holder?.fronts.find(({ service }) => members.has(service));
    if (holder === undefined || before === undefined) {
      ports.set(listener.port, listener);
      continue;
    }
    const field = `fronts[${mine.service.fronts.findIndex(({ key }) => key === mine.front.key)}].port`;
    const what = protocolOf(holder);
    if (before.service === mine.service) {
      const message = `the port is served as ${what} and a load balancer has one listener at a port; ask for protocol tcp_udp (enable-tcp-udp-listener), or choose another port`;
      build.warn(tell(mine.service, 'E_PORT_CONFLICT', field, listener.key, message));
    } else {
      const message = `the port is served as ${what} for ${nameOf(before.service)}, which shares the ${type} load balancer; choose another port or group`;
      build.refuse(mine.service, tell(mine.service, 'E_PORT_CONFLICT', field, listener.key, message));
    }
  }
  return [...ports.values()];
}
