/** Ids of what is announced: natural keys, so the handle of an object is its id. */
import type { NodeId } from './protocol/messages.ts';

/** Everything that one node announces for one balancer is one unit. */
export function unitName(balancer: string, node: NodeId): string {
  return `${balancer}@${node}`;
}

/** `10.0.0.2:7949` or `[2001:db8::2]:7949`. */
export function placeText({ address, port }: { readonly address: string; readonly port: number }): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The address and port of a `placeText`. */
export function parsePlace(text: string): { readonly address: string; readonly port: number } {
  const colon = text.lastIndexOf(':');
  return { address: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}
