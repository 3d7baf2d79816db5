import { type Config, parseListen } from '../config/index.ts';
import type { FrontGroup, Own } from '../model/index.ts';

/** What one weir listens on: its own HTTP, and its balancers that listen on this machine. A target of one of them is none of the others. */
export class OwnListeners {
  readonly #fixed: readonly Own[];
  readonly #balancers = new Map<string, readonly Own[]>();

  constructor(fixed: readonly Own[] = []) {
    this.#fixed = fixed;
  }

  /** `addresses`: those that the balancer listens on for all services together; none: it listens elsewhere. */
  listens(balancer: string, addresses: readonly string[], groups: readonly FrontGroup[]): void {
    if (addresses.length === 0) return;
    const own = new Map<string, Own>();
    for (const group of groups)
      for (const { port } of group.listeners)
        for (const address of group.addresses.length === 0 ? addresses : group.addresses)
          own.set(`${address} ${port}`, { address, port, what: `balancer ${balancer}` });
    this.#balancers.set(balancer, [...own.values()]);
  }

  /** What is listened on beside a balancer, as known now. */
  beside(balancer: string): readonly Own[] {
    const others = [...this.#balancers].filter(([name]) => name !== balancer).flatMap(([, own]) => own);
    return [...this.#fixed, ...others];
  }
}

/** Where weir itself answers HTTP. */
export function ownHttp({ api, metrics }: Pick<Config, 'api' | 'metrics'>): readonly Own[] {
  return [api.listen, metrics.listen].flatMap((text) => {
    const listen = parseListen(text);
    if (!listen.ok || listen.value === undefined) return [];
    return [{ address: listen.value.host, port: listen.value.port, what: 'weir' }];
  });
}
