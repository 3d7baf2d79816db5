import type { ExportedService, Problem } from '../model/index.ts';
import { parseAddress } from '../net/index.ts';

/** Addresses that it says it holds; what is held may be a host name. */
export function heldBy({ address }: ExportedService): readonly string[] {
  return (address?.held ?? []).filter((text) => parseAddress(text).ok);
}

/** Whether it says that it holds just these. */
export function isHeld(service: ExportedService, given: readonly string[]): boolean {
  const held = heldBy(service);
  return held.length === given.length && given.every((address) => held.includes(address));
}

/** It has no address, and why. */
export function waits({ id, origin }: ExportedService, reason: string): Problem {
  const { kind, namespace, name, file, line } = origin;
  return {
    code: 'E_ADDRESS_WAITS',
    severity: 'error',
    source: `${kind}/${namespace}/${name}`,
    service: id,
    message: `${kind} ${namespace}/${name} has no address: ${reason}`,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}

/** Other machines go on with another address. */
export function differs({ id, origin }: ExportedService, here: readonly string[], there: readonly string[]): Problem {
  const { kind, namespace, name, file, line } = origin;
  return {
    code: 'W_ADDRESS_DIFFERS',
    severity: 'warning',
    source: `${kind}/${namespace}/${name}`,
    service: id,
    message: `${kind} ${namespace}/${name} is to have ${here.join(' and ')} here and has ${there.join(' and ')} by the word of other machines, which counts: give all of them the same pools and the same files`,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}
