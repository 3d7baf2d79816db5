import { type ErrorCode, type ServiceId, shown } from '../model/index.ts';
import type { Family } from '../net/index.ts';
import type { ShareRule } from './share.ts';

/** Why a service did not get what it asked for: for programs `code` and `rule`, for people `message`. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly rule: Rule;
  /** Field of the service that asks for it: `address.list`, `address.pool` … */
  readonly field: string;
  readonly value: string;
  /** One sentence that says what stands in the way, and what to do. */
  readonly message: string;
  /** Whose pool or address it is. */
  readonly pool?: string;
  readonly holder?: ServiceId;
}

export type Rule =
  | ShareRule
  /** The address belongs to a service that was there before a restart and has not been read again. */
  | 'unread'
  /** Too few machines are heard to agree on another one. */
  | 'few'
  | 'syntax'
  | 'families'
  | 'outside'
  | 'other-pool'
  | 'two-pools'
  | 'buggy'
  | 'reserved'
  | 'unknown-pool'
  | 'namespace'
  | 'labels'
  | 'full'
  | 'no-family'
  | 'no-pool';

const words: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

/** `IPv4 and IPv6`. */
export function familyWords(families: readonly Family[]): string {
  return families.map((family) => words[family]).join(' and ');
}

/** A refusal of an address that is asked for by name. */
export function refuseAddress(
  code: ErrorCode,
  rule: Rule,
  address: string,
  reason: string,
  more: Pick<Refusal, 'pool' | 'holder'> = {},
): Refusal {
  const value = shown(address);
  return { code, rule, field: 'address.list', value, message: `${value} ${reason}`, ...more };
}

/** What is in the way of sharing an address, and what would change that. */
export function refuseShare(
  address: string,
  rule: ShareRule | 'unread',
  holder: ServiceId,
  port: string | undefined,
  shareKey: string | undefined,
): Refusal {
  const by = shown(holder);
  const asked = shown(shareKey ?? '');
  const reasons: Readonly<Record<ShareRule | 'unread', string>> = {
    'share-key-missing': shareKey
      ? `is held by ${by}, which has no share key; give it the share key ${JSON.stringify(asked)} too, or ask for another address`
      : `is held by ${by}, and this service has no share key; give both the same one, or ask for another address`,
    'share-key': `is held by ${by} with another share key than ${JSON.stringify(asked)}; give both the same one, or ask for another address`,
    'share-backend': `is held by ${by}, whose traffic goes to other backends (services whose traffic stays on the node share only when they select the same pods); let the traffic of both go everywhere, or ask for another address`,
    'share-port': `is held by ${by}, which has ${port ?? 'the same port'} too; use another port, or ask for another address`,
    unread: `is kept for ${by}, which had it before the restart, or has it on another machine; it is free as soon as all services have been read without it, there too`,
  };
  return refuseAddress('E_ADDRESS_TAKEN', rule, address, reasons[rule], { holder });
}

/** A refusal by a pool. `named`: the service asked for this very pool. */
export function refusePool(code: ErrorCode, rule: Rule, pool: string, reason: string): Refusal {
  const value = shown(pool);
  return { code, rule, field: 'address.pool', value, message: `pool ${value} ${reason}`, pool };
}
