import { type Provider, WeirError } from '../model/index.ts';

interface One {
  readonly name: string;
  readonly provider: Provider;
  /** Parsed. */
  readonly options: unknown;
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
