/** Objects as the memory system holds them. */
import type { Attrs, Handle, Member, ServiceId } from '../../src/model/index.ts';

/** What is written on an object by whoever made it: its proof of ownership. */
export interface Tags {
  readonly owner: string;
  readonly id: string;
  readonly unit: string;
  readonly serves: readonly ServiceId[];
}

export interface StoredMember extends Member {
  /** Milliseconds at which it was added. */
  readonly addedMs: number;
}

/** Never changed in place: a past state stays what it was. */
export interface Stored {
  readonly handle: Handle;
  readonly kind: string;
  readonly attrs: Attrs;
  readonly refs: Readonly<Record<string, Handle>>;
  readonly sets: Readonly<Record<string, ReadonlyMap<string, StoredMember>>>;
  /** Absent: somebody else's. */
  readonly tags?: Tags;
  /** Target groups: since when a front refers to it; absent while none does. */
  readonly usedMs?: number;
  /** Target groups: when the last front with a share of traffic turned away. */
  readonly turnedMs?: number;
}
