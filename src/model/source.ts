/** Where exported services come from. Two methods; decorators (several clusters, filters) wrap around it. */
import type { Network } from './announcement.ts';
import type { Problem } from './problem.ts';
import type { CertRef, ExportedService, Node, ServiceId } from './service.ts';

/** A part of a source that cannot be read and whose last good state is unknown: nothing that it could own may be taken away. */
export interface Incomplete {
  readonly source: string;
  /** File, namespace or resource that could not be read. */
  readonly part: string;
  readonly reason: string;
  /** Nothing was ever known of it, while the rest of its source is known. */
  readonly blank?: true;
}

export interface Snapshot extends Network {
  readonly services: readonly ExportedService[];
  /** Services that are exported no more, and whose objects are held until what weir has made for them is gone; absent: none. */
  readonly leaving?: readonly ExportedService[];
  readonly nodes: readonly Node[];
  readonly problems: readonly Problem[];
  readonly incomplete: readonly Incomplete[];
  /** Services that have ended while a part cannot be read which, as it was read last, did not have them; absent: none. */
  readonly ended?: readonly ServiceId[];
  /** Nothing of the source could ever be read, and nothing is known from before. Absent: something is. */
  readonly blank?: true;
  /** Kind → objects of kinds that weir has no use for; absent: none. */
  readonly skipped?: Readonly<Record<string, number>>;
}

export interface Source {
  readonly name: string;
  /** Everything as of now. The first call waits for the first complete listing. Never throws for bad objects: those are problems. */
  read(signal: AbortSignal): Promise<Snapshot>;
  /** Calls back, coalesced, whenever `read` would give something else. Returns when the signal aborts. */
  watch(changed: (cause: string) => void, signal: AbortSignal): Promise<void>;
  /** PEM bundle (chain, then key) of a certificate that a service of this source names; undefined when it is not there. */
  secret(ref: CertRef): Promise<string | undefined>;
}
