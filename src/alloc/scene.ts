import type { Holdings } from './holdings.ts';
import type { PoolTable } from './pool-table.ts';
import type { Refusal } from './refusal.ts';

/** What a decision is made on. */
export interface Scene {
  readonly table: PoolTable;
  readonly holdings: Holdings;
  /** Whoever holds what the pools would no longer give gets another address at once, as MetalLB does; else he keeps it. */
  readonly reassign: boolean;
}

/** Addresses that a service may have, or why not. */
export type Granted =
  | { readonly ok: true; readonly pool: string; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly refusal: Refusal };
