/** Short ways to say what a test is about. */
import type { Claim, Outcome } from '../../src/alloc/index.ts';

/** A service that asks for one IPv4 address, or for what `more` says. */
export function claim(id: string, more: Partial<Claim> = {}): Claim {
  const ports = [{ protocol: 'tcp', from: 80, to: 80 }];
  return { id, namespace: 'shop', labels: {}, families: ['ipv4'], ports, held: [], ...more };
}

/** Ports of one protocol. */
export const ports = (...numbers: readonly number[]) =>
  numbers.map((port) => ({ protocol: 'tcp', from: port, to: port }));

/** `10.0.0.1`, `10.0.0.1,fd00::1`, `waits: full`, or `10.0.0.1 (outside)` where something is unmet. */
export function stateOf({ assigned, waiting }: Outcome, id: string): string {
  const { addresses, unmet } = assigned.get(id) ?? {};
  if (addresses === undefined) return `waits: ${waiting.get(id)?.rule}`;
  return unmet === undefined ? addresses.join() : `${addresses.join()} (${unmet.rule})`;
}
