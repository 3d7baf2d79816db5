import type { Backend, Capabilities, ExportedService, Problem } from '../model/index.ts';
import { tell } from './tell.ts';

/** The backends of a service that a provider with these capabilities cannot serve as they ask, told as problems. */
export function checkBackends(
  service: ExportedService,
  capabilities: Capabilities,
  problems: Problem[],
): ReadonlySet<string> {
  const refused = new Set<string>();
  for (const [name, backend] of Object.entries(service.backends)) {
    if (!backendAllowed(service, name, backend, capabilities, problems)) refused.add(name);
  }
  return refused;
}

function backendAllowed(
  service: ExportedService,
  name: string,
  backend: Backend,
  capabilities: Capabilities,
  problems: Problem[],
): boolean {
  const field = `backends[${JSON.stringify(name)}]`;
  if (!capabilities.balances.includes(backend.balance)) {
    const message = `this provider balances by ${capabilities.balances.join(', ')}`;
    problems.push(tell(service, 'E_FEATURE', `${field}.balance`, backend.balance, message));
    return false;
  }
  const affinity = backend.affinity?.type;
  if (affinity !== undefined && !capabilities.affinities.some((one) => one === affinity)) {
    const able = capabilities.affinities.length === 0 ? 'none' : capabilities.affinities.join(', ');
    const message = `this provider keeps clients at their target by: ${able}; remove the affinity or use a provider that can`;
    problems.push(tell(service, 'E_FEATURE', `${field}.affinity.type`, affinity, message));
    return false;
  }
  if (backend.sendProxy !== undefined && capabilities.features?.includes('sendProxy') !== true) {
    const message =
      'this provider sends no PROXY protocol to targets, which would not understand what comes without it';
    problems.push(tell(service, 'E_FEATURE', `${field}.sendProxy`, backend.sendProxy, message));
    return false;
  }
  const sixth = capabilities.ipv6 ? undefined : backend.targets.find((target) => target.address.includes(':'));
  if (sixth !== undefined) {
    const message = 'this provider reaches IPv4 targets only';
    problems.push(tell(service, 'E_FEATURE', `${field}.targets`, sixth.address, message));
    return false;
  }
  if (!capabilities.weights && backend.targets.some((target) => target.weight !== backend.targets[0]?.weight)) {
    const message = 'this provider gives every target the same share; the weights have no effect';
    problems.push(tell(service, 'W_FEATURE', `${field}.targets`, 'weight', message));
  }
  return true;
}
