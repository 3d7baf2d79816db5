import {
  atOnce,
  type Capabilities,
  type ExportedService,
  type FrontGroup,
  inStrides,
  type Listener,
  type Problem,
  type ServiceId,
  type Sliced,
} from '../model/index.ts';
import { type AdmittedFront, admit } from './admit.ts';
import { compareAge } from './age.ts';
import { clientAuthority, mergeCerts } from './certs.ts';
import { type Gathered, gather } from './group.ts';
import { mergeHosts } from './hosts.ts';
import { partNames } from './names.ts';
import { claimPorts, type Port } from './ports.ts';
import { findReplaced, replaceServices } from './remerge.ts';
import { shareGroups } from './share.ts';

export interface Merged {
  readonly groups: readonly FrontGroup[];
  readonly problems: readonly Problem[];
}

/** The services that a result was made of. */
const inputs = new WeakMap<Merged, readonly ExportedService[]>();
const memos = new WeakMap<readonly ExportedService[], { capabilities: Capabilities; merged: Merged }>();

/**
 * The services of one balancer with every conflict settled. Older services win (`compareAge`); a loser loses only what is contested
 * and claims nothing, so taking it away changes nothing for others. The order of the input does not matter. The same list gives the
 * same result; `before`, the last result of this balancer, lets unchanged listeners stay the same objects.
 */
export function merge(services: readonly ExportedService[], capabilities: Capabilities, before?: Merged): Merged {
  return atOnce(mergeSliced(services, capabilities, before));
}

/** As `merge`, with places to be held up. */
export function* mergeSliced(
  services: readonly ExportedService[],
  capabilities: Capabilities,
  before?: Merged,
): Sliced<Merged> {
  const memo = memos.get(services);
  if (memo?.capabilities === capabilities) return memo.merged;
  const merged = remerge(services, capabilities, before) ?? (yield* mergeAll(services, capabilities, before));
  inputs.set(merged, services);
  memos.set(services, { capabilities, merged });
  return merged;
}

function remerge(
  services: readonly ExportedService[],
  capabilities: Capabilities,
  before?: Merged,
): Merged | undefined {
  const input = before === undefined ? undefined : inputs.get(before);
  if (before === undefined || input === undefined || memos.get(input)?.capabilities !== capabilities) return undefined;
  const replaced = findReplaced(input, services, capabilities);
  return replaced === undefined ? undefined : { ...before, groups: replaceServices(before.groups, replaced) };
}

function* mergeAll(services: readonly ExportedService[], capabilities: Capabilities, before?: Merged): Sliced<Merged> {
  const sorted = [...services].sort(compareAge);
  const problems: Problem[] = [];
  yield* inStrides(sorted, (service) => problems.push(...admit(service, capabilities).problems));
  const gathered = gather(sorted, capabilities, problems);
  const groups: FrontGroup[] = [];
  for (const group of gathered) {
    groups.push(yield* mergeGroup(group, capabilities, problems));
    yield;
  }
  return {
    groups: before === undefined ? groups : shareGroups(groups, before.groups),
    problems: distinct(problems),
  };
}

function* mergeGroup(group: Gathered, capabilities: Capabilities, problems: Problem[]): Sliced<FrontGroup> {
  const fronts: AdmittedFront[] = [];
  for (const service of group.services) fronts.push(...admit(service, capabilities).fronts);
  const served = new Set<ServiceId>();
  yield;
  const ports = claimPorts(fronts, capabilities, problems)
    .map((port) => (port.beside === undefined ? port : partNames(port, port.beside, problems)))
    .filter((port) => port.fronts.length > 0);
  const keys = new Set(ports.map(({ key }) => key));
  const listeners: Listener[] = [];
  for (const port of ports) {
    yield;
    const listener = yield* mergePort(port, keys, problems);
    for (const { service } of listener.fronts) served.add(service.id);
    listeners.push(listener);
  }
  return {
    key: group.key,
    services: group.services.filter((service) => served.has(service.id)),
    addresses: group.addresses,
    listeners,
  };
}

function* mergePort(port: Port, keys: ReadonlySet<string>, problems: Problem[]): Sliced<Listener> {
  const [opener] = port.fronts;
  if (opener === undefined) throw new Error(`port ${port.key} has no front`);
  const { front, layer, passthrough } = opener;
  const routed = layer === 7 || passthrough ? yield* mergeHosts(port.fronts, problems) : undefined;
  const staying = routed?.fronts ?? port.fronts;
  const beside = port.beside !== undefined && keys.has(port.beside.key) ? port.beside.key : undefined;
  const whole = beside === undefined || !passthrough ? routed?.default : undefined;
  const action = routed === undefined ? opener.default : whole;
  yield;
  return {
    key: port.key,
    port: front.port,
    protocol: front.protocol,
    fronts: staying.map(({ service, front: one }) => ({ service, front: one })),
    certs: mergeCerts(staying, problems),
    ...clientAuthority(staying),
    hosts: routed?.hosts ?? [],
    ...(front.endPort === undefined || front.endPort === front.port ? {} : { endPort: front.endPort }),
    ...(action === undefined ? {} : { default: action }),
    ...(beside === undefined ? {} : { beside }),
  };
}

/** A service with several addresses meets the same rival at each of them: told once. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const key = `${problem.service} ${problem.code} ${problem.field} ${problem.message}`;
    return seen.has(key) ? false : seen.add(key);
  });
}
