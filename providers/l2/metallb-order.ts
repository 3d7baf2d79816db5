import { createHash } from 'node:crypto';
import type { NodeId, Vip } from './protocol/messages.ts';

/**
 * The nodes of an address in the order in which MetalLB would choose: by the SHA-256 of `node#address`, the lowest first. Other than there,
 * an address that is answered stays where it is when the first one comes back; and each address of a dual-stack service goes by its own hash.
 */
export function orderAsMetallb(vip: Vip, nodes: readonly NodeId[]): readonly NodeId[] {
  return nodes
    .map((node) => ({ node, hash: createHash('sha256').update(`${node}#${vip}`).digest() }))
    .sort((a, b) => a.hash.compare(b.hash))
    .map(({ node }) => node);
}
