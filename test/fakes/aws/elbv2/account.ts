import type { DescribeAccountLimitsInput, DescribeSSLPoliciesInput } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import { page } from '../core/page.ts';
import type { World } from '../core/world.ts';
import { sslPolicies } from './ssl-policies.ts';

/** The quotas that hold, under the names of the Limit API. */
export function describeAccountLimits(world: World, input: Given<DescribeAccountLimitsInput>) {
  const limits = Object.entries(world.quotas).map(([Name, most]) => ({ Name, Max: String(most) }));
  const { items, next } = page(limits, ({ Name }) => Name, { marker: input.Marker, size: input.PageSize, most: 400 });
  return { Limits: [...items], NextMarker: next };
}

export function describeSslPolicies(_world: World, input: Given<DescribeSSLPoliciesInput>) {
  const names = input.Names?.length ? input.Names : sslPolicies;
  const unknown = names.find((name) => !sslPolicies.includes(name));
  if (unknown !== undefined) refuse('SSLPolicyNotFound', `SSL policy '${unknown}' not found`);
  const { items, next } = page(names, (name) => name, { marker: input.Marker, size: input.PageSize, most: 400 });
  return {
    SslPolicies: items.map((Name) => ({
      Name,
      SslProtocols: Name.includes('TLS13-1-3')
        ? ['TLSv1.3']
        : Name.includes('TLS13')
          ? ['TLSv1.2', 'TLSv1.3']
          : ['TLSv1.2'],
      SupportedLoadBalancerTypes: ['application', 'network'],
    })),
    NextMarker: next,
  };
}
