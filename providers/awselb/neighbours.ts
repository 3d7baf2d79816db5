import { WeirError } from '../../src/model/index.ts';
import type { Account } from './account.ts';

/** What balancers are told apart by, beside their account: that is known once something of it is seen. */
interface Place {
  readonly region: string;
  readonly cluster: string;
  readonly endpoint: string | undefined;
}

interface Neighbour extends Place {
  readonly balancer: string;
  /** As its ARNs say; undefined while it shows nothing. */
  account: string | undefined;
}

/** Those that speak to AWS over the wires of the SDK; tests have wires of their own. */
const outside = {};
const living = new WeakMap<object, Set<Neighbour>>();

/**
 * Balancers of this process by place and account. Their options may hide that two of them are one place, as two profiles of one account do:
 * the ARNs that both read do not. Each of them would take the load balancers of the other one for its own, and delete them.
 */
export class Neighbours {
  readonly #own: Neighbour;
  readonly #all: Set<Neighbour>;

  constructor(balancer: string, place: Place, wires: object = outside) {
    this.#own = { ...place, balancer, account: undefined };
    this.#all = living.get(wires) ?? new Set();
    living.set(wires, this.#all);
    this.#all.add(this.#own);
  }

  /** Throws E_CONFIG, which names both and the remedy, before anybody acts on what was read. */
  check({ loadBalancers, targetGroups }: Pick<Account, 'loadBalancers' | 'targetGroups'>): void {
    const own = this.#own;
    const arn = loadBalancers.keys().next().value ?? targetGroups.keys().next().value;
    own.account ??= arn?.split(':')[4];
    if (own.account === undefined) return;
    for (const { balancer, account, region, cluster, endpoint } of this.#all) {
      if (balancer === own.balancer || account !== own.account) continue;
      if (region !== own.region || cluster !== own.cluster || endpoint !== own.endpoint) continue;
      const what = `balancers ${balancer} and ${own.balancer} are both in account ${account}, region ${region}, with clusterName ${cluster}`;
      const remedy = 'give each of them a clusterName of its own (options.clusterName), or make them one';
      throw new WeirError('E_CONFIG', `${what}, by which weir knows its load balancers; ${remedy}`);
    }
  }

  leave(): void {
    this.#all.delete(this.#own);
  }
}
