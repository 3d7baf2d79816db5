import type { Problem } from '../model/index.ts';
import type { AdmittedFront } from './admit.ts';
import { compareAge } from './age.ts';
import type { Port } from './ports.ts';
import { ownerFor, tell } from './tell.ts';

/**
 * One half of a port where TLS is passed through for some names and ends here for the others, without the hosts that an older service
 * has in the other half: a name in a hello leads to one of both. Whoever loses a host is told, once.
 */
export function partNames(port: Port, beside: Port, problems: Problem[]): Port {
  const foreign = firstOwners(beside);
  const own = firstOwners(port);
  const fronts = port.fronts.flatMap((front): readonly AdmittedFront[] => {
    const rules = front.rules.flatMap((rule) => {
      const hosts = rule.hosts.filter((host) => {
        const rival = host === '' ? undefined : foreign.get(host);
        // The half has the host by its oldest front there.
        if (rival === undefined || isOlder(own.get(host) ?? front, rival)) return true;
        const message = `host ${host} at port ${front.front.port} is served ${rival.passthrough ? 'with TLS passed through' : 'with TLS that ends here'} for ${ownerFor(front.service, rival.service)}, and one name cannot do both; change the host here or remove it there`;
        const field = `fronts[${front.index}].routes[${rule.index}]`;
        problems.push(tell(front.service, 'E_ROUTE_CONFLICT', field, host, message));
        return false;
      });
      return hosts.length === rule.hosts.length ? [rule] : hosts.length === 0 ? [] : [{ ...rule, hosts }];
    });
    if (rules.length === front.rules.length && rules.every((rule, i) => rule === front.rules[i])) return [front];
    return rules.length === 0 && front.default === undefined ? [] : [{ ...front, rules }];
  });
  return { ...port, fronts };
}

function firstOwners({ fronts }: Port): ReadonlyMap<string, AdmittedFront> {
  const owners = new Map<string, AdmittedFront>();
  for (const front of fronts) {
    for (const { hosts } of front.rules) {
      for (const host of hosts) {
        const known = owners.get(host);
        if (known === undefined || isOlder(front, known)) owners.set(host, front);
      }
    }
  }
  return owners;
}

function isOlder(a: AdmittedFront, b: AdmittedFront): boolean {
  return a.service === b.service ? a.index < b.index : compareAge(a.service, b.service) < 0;
}
