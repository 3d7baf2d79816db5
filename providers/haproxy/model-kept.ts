import type { Options } from './options.ts';

/** A port that the balancer has for itself: a service that asks for it is refused, whatever it is. */
export interface KeptPort {
  readonly port: number;
  readonly option: 'monitor' | 'stats';
  readonly does: string;
  /** Kept at these addresses alone; absent: at every one. */
  readonly at?: { readonly address: string; readonly own: readonly string[] };
}

export function keptPorts({ monitor, stats, addresses }: Options): readonly KeptPort[] {
  const probes = { option: 'monitor', does: 'answers probes' } as const;
  const page = { option: 'stats', does: 'has its page of statistics' } as const;
  return [
    ...(monitor === undefined ? [] : [{ ...probes, port: monitor.port }]),
    ...(stats === undefined ? [] : [{ ...page, port: stats.port, at: { address: stats.address, own: addresses } }]),
  ];
}

/** Whether a port at some addresses is the one that is kept; none: the balancer's own. */
export function keepsFrom({ port, at }: KeptPort, asked: number, addresses: readonly string[]): boolean {
  if (port !== asked) return false;
  return at === undefined || (addresses.length > 0 ? addresses : at.own).some((one) => meets(one, at.address));
}

const everywhere = ['0.0.0.0', '::'];

/** Whether sockets at both would be in each other's way. */
function meets(one: string, other: string): boolean {
  if (one.includes(':') !== other.includes(':')) return false;
  return one === other || everywhere.includes(one) || everywhere.includes(other);
}
