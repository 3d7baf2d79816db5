import { parseAddress, parseHost } from '../../net/index.ts';
import type { Field } from './field.ts';

/** status.loadBalancer.ingress: addresses that are held already, then host names. What cannot be read is told and does not count. */
export function readHeldAddresses(status: Field): readonly string[] {
  const entries = status.at('loadBalancer').at('ingress').items();
  const filled = (field: Field): boolean => field.present && field.value !== '';
  const addresses = entries
    .map((entry) => entry.at('ip'))
    .filter(filled)
    .flatMap((field) => field.parse(parseAddress) ?? []);
  const hosts = entries
    .map((entry) => entry.at('hostname'))
    .filter(filled)
    .flatMap((field) => field.parse((value) => parseHost(value, { wildcard: false })) ?? []);
  return [...new Set([...addresses, ...hosts])];
}
