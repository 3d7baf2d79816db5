import type { Config } from '../config/index.ts';
import type { Providers } from './deps.ts';
import type { KindsOf } from './text/index.ts';

/** The kinds of each balancer of a configuration, with the words that people are told of their objects. */
export async function loadKinds(
  { balancers }: { readonly balancers: readonly Pick<Config['balancers'][number], 'name' | 'provider'>[] },
  providers: Pick<Providers, 'schemas'>,
): Promise<KindsOf> {
  const known = new Map(
    await Promise.all(
      balancers.map(async ({ name, provider }) => [name, (await providers.schemas(provider))?.kinds ?? []] as const),
    ),
  );
  return (balancer) => known.get(balancer) ?? [];
}
