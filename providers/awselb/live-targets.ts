import type { ExportedService, FrontGroup, MemberSet } from '../../src/model/index.ts';
import type { Build } from './build.ts';
import { protocolOf } from './listener-security.ts';
import { type LoadBalancerType, loadBalancerId, type Stack } from './names.ts';
import { type Frame, targetGroupOf } from './target-group.ts';

/**
 * Targets of services that are refused, by id of their target groups: whatever is wrong with a setting, pods come and go, and what is
 * kept must follow them.
 */
export function liveTargets(
  { listeners }: FrontGroup,
  services: readonly ExportedService[],
  type: LoadBalancerType,
  stack: Stack,
  shared: Omit<Build, 'refuse' | 'warn'>,
): ReadonlyMap<string, MemberSet> {
  const found = new Map<string, MemberSet>();
  // What is wrong was told already.
  const build: Build = { ...shared, refuse: () => {}, warn: () => {} };
  const none = (): ReadonlyMap<string, never> => new Map<string, never>();
  const place = { lb: loadBalancerId(stack), unit: '', stack, type, ipAddressType: 'dualstack' };
  const frame: Frame = {
    ...place,
    vpcId: undefined,
    keptLb: undefined,
    adopted: false,
    build,
    tags: none,
    claim: none,
    sharedTags: none,
  };
  for (const listener of listeners) {
    for (const { service } of listener.fronts) {
      if (!services.includes(service)) continue;
      for (const [key, backend] of Object.entries(service.backends)) {
        const wish = { service, key, backend, listener: protocolOf(listener), port: listener.port };
        const { id, sets } = targetGroupOf(wish, frame);
        if (sets.Targets !== undefined) found.set(id, sets.Targets);
      }
    }
  }
  return found;
}
