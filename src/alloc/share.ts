import type { Claim, PortSpan } from './claim.ts';

/** Which rule keeps two services from sharing an address. */
export type ShareRule = 'share-key-missing' | 'share-key' | 'share-backend' | 'share-port';

export interface ShareClash {
  readonly rule: ShareRule;
  /** `tcp 80` where ports collide. */
  readonly port?: string;
}

type Sharer = Pick<Claim, 'shareKey' | 'backendKey' | 'ports'>;

/**
 * Why two services cannot share an address; undefined: they can. Both need the same share key, the same backends behind them, and no
 * protocol and port in common. Services whose traffic stays on the node share only when they select the same pods, and never with one
 * whose traffic goes everywhere: the node that answers could be one that has no pod of the other.
 */
export function clash(a: Sharer, b: Sharer): ShareClash | undefined {
  if (!a.shareKey || !b.shareKey) return { rule: 'share-key-missing' };
  if (a.shareKey !== b.shareKey) return { rule: 'share-key' };
  if ((a.backendKey ?? '') !== (b.backendKey ?? '')) return { rule: 'share-backend' };
  for (const one of a.ports) {
    const other = b.ports.find((span) => collide(one, span));
    if (other !== undefined) return { rule: 'share-port', port: `${one.protocol} ${Math.max(one.from, other.from)}` };
  }
  return undefined;
}

function collide(a: PortSpan, b: PortSpan): boolean {
  return a.protocol === b.protocol && a.from <= b.to && b.from <= a.to;
}

/** Equal for services with the same ports: what fits one fits the other. */
export function portsKey({ ports }: Claim): string {
  return ports
    .map(({ protocol, from, to }) => `${protocol}${from}-${to}`)
    .sort()
    .join();
}
