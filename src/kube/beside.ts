import type { Json, Snapshot } from '../model/index.ts';
import type { Cluster, KubeObject } from './contract.ts';

/** Reason of an end behind which the next begins in this process, with another configuration: what was written stays. */
export const handedOver = new DOMException('another configuration is in force', 'AbortError');

/** Where the server has an object. */
export interface SeenKind {
  readonly kind: string;
  readonly apiVersion: string;
  /** Plural, as it stands in paths. */
  readonly resource: string;
}

/**
 * What a source that follows a cluster tells whoever works beside it, on the same session. `seen` answers what is to be called when the
 * object is taken over; undefined: nobody wants to know.
 */
export interface Beside {
  seen(object: KubeObject, place: SeenKind, managedFields: Json | undefined): (() => void) | undefined;
  /** `namespace/name`. */
  gone(kind: string, key: string): void;
  /** What the source has made of it all. */
  read(snapshot: Snapshot): void;
  /** Works until the signal aborts, and a little longer where something has to be finished; the session is closed after that. */
  run(cluster: Cluster, signal: AbortSignal): Promise<void>;
}
