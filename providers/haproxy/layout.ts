/**
 * What the rendered state is made of (`layoutOf` in layout-of.ts makes it, text.ts writes it, shape.ts checks it): the one form between the pure half (model → layout → text) and the driving half
 * (layout running → layout wanted → runtime commands or reload). Sections say what only a reload changes; servers, maps
 * and certificates can change at run time.
 */

/** A section of haproxy.cfg. `lines` are complete, quoted configuration lines without indentation. */
export interface Section {
  /** `global`, `defaults http`, `frontend f_…`, `backend b_…`. */
  readonly head: string;
  readonly lines: readonly string[];
  /** The `defaults` section of this name ends in the same lines, so that the file refers to it and HAProxy has them once in memory. */
  readonly from?: string;
  /** Backends: by server name, in the order of the file. */
  readonly servers?: ReadonlyMap<string, ServerLine>;
  /** The algorithm takes `add server` / `del server` at run time (roundrobin, leastconn, random, consistent hashes; cookies are dynamic ones). */
  readonly dynamic?: boolean;
  /** Lists of users: SHA-256 of the text whose lines are put in when the file is written. No other place has them. */
  readonly users?: string;
}

export interface ServerLine {
  /** Generated, reversible: `names.server(address, port)`; only [A-Za-z0-9_.-]. */
  readonly name: string;
  /** Canonical IPv4 or IPv6 text. */
  readonly address: string;
  readonly port: number;
  /** 0..256; 0 drains. */
  readonly weight: number;
  /** What follows the address, the same in the file and in `add server`, e.g. `check inter 2000 rise 2 fall 3 maxconn 50`. Without weight. */
  readonly options: string;
  /** Checks are on: a server added at run time needs `enable health`. */
  readonly checked: boolean;
}

export interface MapFile {
  /** str and beg are trees (order free, longest first for beg); reg is ordered. */
  readonly match: 'str' | 'beg' | 'reg' | 'ip' | 'int';
  readonly entries: ReadonlyMap<string, string>;
  /** It says how a backend works, so it must be there before the backend takes traffic and stay as long. Absent: it says where requests go. */
  readonly feeds?: 'backend';
}

export interface CrtEntry {
  /** Path of the PEM file, a key of `Layout.certs`. */
  readonly cert: string;
  /** SNI filters; empty: the names in the certificate. */
  readonly hosts: readonly string[];
  /** Options in brackets, e.g. `alpn h2,http/1.1`. */
  readonly options?: string;
}

export interface Bind {
  readonly address: string;
  readonly port: number;
  readonly frontend: string;
  /** Whether the address may be missing on this machine. */
  readonly brought?: true;
}

export interface Layout {
  readonly sections: readonly Section[];
  /** Path relative to the configuration directory → map. */
  readonly maps: ReadonlyMap<string, MapFile>;
  /** Path relative to the configuration directory → SHA-256 of the PEM bundle that it holds (content comes from ctx.secret). */
  readonly certs: ReadonlyMap<string, string>;
  readonly crtLists: ReadonlyMap<string, readonly CrtEntry[]>;
  /** Every address and port that the process will listen on: tried before a reload that adds one. */
  readonly binds: readonly Bind[];
  /** File descriptors that the process needs at least. */
  readonly descriptors: number;
}
