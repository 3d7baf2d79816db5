import { type Provider, WeirError } from '../model/index.ts';

interface One {
  readonly name: string;
  readonly provider: Provider;
  /** Parsed. */
  readonly options: unknown;
}

/** Only what listens where it is told can take the addresses of pools. Throws E_CONFIG. */
export function checkPools(
  balancers: readonly (Pick<One, 'name' | 'provider'> & { readonly config: { readonly fromPools: boolean } })[],
): void {
  for (const { name, provider, config } of balancers) {
    if (!config.fromPools || provider.capabilities.sharing === 'balancer') continue;
    const why = `${provider.name} gives its load balancers addresses of its own; remove fromPools, or use a provider that listens where it is told`;
    throw new WeirError('E_CONFIG', `balancer ${name}: fromPools: ${why}`);
  }
}

/** Two balancers may not take the objects of each other for their own. Throws E_CONFIG, which names both and the remedy. */
export function checkApart(balancers: readonly One[]): void {
  for (const [at, { name, provider, options }] of balancers.entries()) {
    for (const other of balancers.slice(0, at)) {
      if (other.provider.name !== provider.name) continue;
      const why = provider.collides?.(other.options, options);
      if (why !== undefined) throw new WeirError('E_CONFIG', `balancers ${other.name} and ${name}: ${why}`);
    }
  }
}
