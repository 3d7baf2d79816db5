import type { ClusterIdentity } from './contract.ts';

/** What a request says about who asks, and what a session needs to trust and be trusted. Holds secrets: never logged. */
export interface Grant {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly tls: TlsMaterial;
  /** Monotonic time after which it is read anew; absent: it does not change. */
  readonly untilMs?: number;
}

export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  /** The server's certificate is not looked at. */
  readonly insecure: boolean;
}

/** How one cluster is reached, before anything is. */
export interface Access extends ClusterIdentity {
  /**
   * Reads everything anew: files, a plugin's output. `refused`: the server did not take what was read last, so nothing kept may be given
   * again. Rejects with KubeError `Config` or `Credentials`.
   */
  load(refused: boolean, signal: AbortSignal): Promise<Grant>;
  /** Least time between two loads because of a refusal: plugins cost more than files. */
  readonly reloadEveryMs: number;
}

/** What identifies somebody: the part of a grant that stands under `users`. */
export interface Identity {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly cert?: string;
  readonly key?: string;
  readonly untilMs?: number;
}

export type LoadIdentity = (refused: boolean, signal: AbortSignal) => Promise<Identity>;

/** Equal TLS material needs no new session. */
export function sameTls(a: TlsMaterial, b: TlsMaterial): boolean {
  return (
    a.ca === b.ca && a.cert === b.cert && a.key === b.key && a.serverName === b.serverName && a.insecure === b.insecure
  );
}
