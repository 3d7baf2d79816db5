/** The services of the churn and the random changes made to them: what is written, and how traffic shows that it is in force. Says nothing of processes. */
import type { Ask } from '../client/swarm-words.ts';
import type { Certificate } from './certificate.ts';

export interface WorldParts {
  readonly port: number;
  readonly tlsPort: number;
  readonly tcpPort: number;
  readonly sparePort: number;
  /** Ports of the targets by index; see `indexes`. */
  readonly http: readonly number[];
  readonly echo: readonly number[];
  /** Of main.test. */
  readonly certificate: Certificate;
  /** By host c0.test, c1.test, …: its versions. */
  readonly certificates: readonly (readonly Certificate[])[];
  /** 0 ≤ n < 1. */
  readonly random: () => number;
}

/** Which target serves what. */
export const indexes = { web: 100, stream: [100, 101, 102, 103], api: [104, 105], extra: 106, count: 126 } as const;

/** How a change is seen: in the load on main.test, by a question, or by a certificate. */
export type Sign =
  | { readonly by: 'load'; readonly targets: readonly string[] }
  | {
      readonly by: 'question';
      readonly host: string;
      readonly path: string;
      readonly targets: readonly string[] | undefined;
    }
  | { readonly by: 'certificate'; readonly host: string; readonly fingerprint: string; readonly gone: boolean }
  | { readonly by: 'port'; readonly port: number; readonly open: boolean }
  | { readonly by: 'nothing' };

export interface Change {
  readonly what: string;
  /** File → content; undefined: removed. */
  readonly files: Readonly<Record<string, string | undefined>>;
  readonly sign: Sign;
  /** Clients must have stopped asking for it before it goes. */
  readonly shrinks: boolean;
}

interface WebTarget {
  readonly index: number;
  readonly weight?: number;
  readonly state?: 'draining';
}

export class World {
  readonly #parts: WorldParts;
  #web: readonly WebTarget[] = [{ index: 0 }];
  #stream: readonly number[] = [100, 101];
  #echo: readonly number[] = [0, 1];
  #spareOpen = false;
  #growing = false;
  readonly #hosts = new Set<string>();
  readonly #paths = new Set<string>();
  readonly #backends = new Set<number>();
  readonly #versions = new Map<number, number>();

  constructor(parts: WorldParts) {
    this.#parts = parts;
  }

  files(): Readonly<Record<string, string>> {
    return {
      'main.pem': this.#parts.certificate.bundle,
      'web.json': this.#webFile(),
      'stream.json': this.#streamFile(),
      'tcp.json': this.#tcpFile(),
    };
  }

  get port(): number {
    return this.#parts.port;
  }

  /** Targets that take new requests of main.test. */
  serving(): readonly string[] {
    return this.#web.filter(({ state }) => state === undefined).map(({ index }) => `t${index}`);
  }

  /** Everything beside main.test that can be asked for without TLS. */
  asks(): readonly Ask[] {
    const api = indexes.api.map((index) => `t${index}`);
    return [
      ...[...this.#hosts].map((host) => ({ authority: host, by: api })),
      ...[...this.#paths].map((path) => ({ authority: 'main.test', path, by: api })),
      ...[...this.#backends].map((k) => ({ authority: `b${k}.test`, by: this.#extra(k) })),
    ];
  }

  tlsAsks(): readonly Ask[] {
    return [{ authority: 'main.test' }, ...[...this.#versions.keys()].map((k) => ({ authority: `c${k}.test` }))];
  }

  /** A port comes or goes: no command can make that. */
  toggleSparePort(): Change {
    this.#spareOpen = !this.#spareOpen;
    const { sparePort: port, echo } = this.#parts;
    const targets = [{ address: '127.0.0.1', port: echo[0] ?? 1 }];
    const service = { name: 'bench/spare', ports: [{ port, protocol: 'tcp' }], targets };
    return {
      what: this.#spareOpen ? 'new port' : 'port removed',
      files: { 'spare.json': this.#spareOpen ? JSON.stringify(service) : undefined },
      sign: { by: 'port', port, open: this.#spareOpen },
      shrinks: false,
    };
  }

  /** The first target is replaced by a port that nobody listens on. */
  ruin(): Change {
    const text = this.#webFile([{ address: '127.0.0.1', port: 1 }]);
    return { what: 'ruin', files: { 'web.json': text }, sign: { by: 'nothing' }, shrinks: false };
  }

  next(): Change {
    if (this.#growing) {
      this.#growing = false;
      return this.#load(
        'shrink to 3',
        this.#pick(3).map((index) => ({ index })),
      );
    }
    const at = this.#parts.random();
    if (at < 0.12) return this.#size();
    if (at < 0.32) return this.#load('swap', this.#swapped());
    if (at < 0.45) return this.#drain();
    if (at < 0.6)
      return this.#load(
        'weight',
        this.#web.map(({ index }) => ({ index, weight: 1 + this.#below(5) })),
      );
    if (at < 0.66) return this.#swapStreams();
    if (at < 0.78) return this.#host();
    if (at < 0.85) return this.#path();
    if (at < 0.93) return this.#certificate();
    return this.#backend();
  }

  #below(limit: number): number {
    return Math.floor(this.#parts.random() * limit);
  }

  #pick(count: number): readonly number[] {
    const first = this.#below(indexes.web);
    return Array.from({ length: count }, (_, k) => (first + k) % indexes.web);
  }

  #load(what: string, web: readonly WebTarget[]): Change {
    this.#web = web;
    return {
      what,
      files: { 'web.json': this.#webFile() },
      sign: { by: 'load', targets: this.serving() },
      shrinks: false,
    };
  }

  #size(): Change {
    if (this.#web.length > 1)
      return this.#load(
        'shrink to 1',
        this.#web.slice(0, 1).map(({ index }) => ({ index })),
      );
    this.#growing = true;
    return this.#load(
      'grow to 100',
      Array.from({ length: indexes.web }, (_, index) => ({ index })),
    );
  }

  /** Half of the targets, at least one, make room for others. */
  #swapped(): readonly WebTarget[] {
    const kept = this.#web.slice(Math.ceil(this.#web.length / 2)).map(({ index }) => index);
    const used = new Set(this.#web.map(({ index }) => index));
    const fresh = this.#pick(indexes.web).filter((index) => !used.has(index));
    return [...kept, ...fresh.slice(0, this.#web.length - kept.length)].map((index) => ({ index }));
  }

  #drain(): Change {
    if (this.#web.length < 2)
      return this.#load(
        'grow to 3',
        this.#pick(3).map((index) => ({ index })),
      );
    const [first, ...rest] = this.#web.map(({ index }) => ({ index }));
    return this.#load('drain', [...(first === undefined ? [] : [{ ...first, state: 'draining' as const }]), ...rest]);
  }

  /** The targets under the long streams go; the streams stay. */
  #swapStreams(): Change {
    this.#stream = this.#stream[0] === 100 ? [102, 103] : [100, 101];
    this.#echo = this.#echo[0] === 0 ? [2, 3] : [0, 1];
    return {
      what: 'swap under streams',
      files: { 'stream.json': this.#streamFile(), 'tcp.json': this.#tcpFile() },
      sign: { by: 'question', host: 'stream.test', path: '/', targets: this.#stream.map((index) => `t${index}`) },
      shrinks: false,
    };
  }

  #host(): Change {
    const host = `h${this.#below(8)}.test`;
    return this.#toggle(this.#hosts, host, 'host', host, '/');
  }

  #path(): Change {
    const path = `/p${this.#below(6)}`;
    return this.#toggle(this.#paths, path, 'path', 'main.test', path);
  }

  #toggle(set: Set<string>, key: string, what: string, host: string, path: string): Change {
    const gone = set.delete(key);
    if (!gone) set.add(key);
    const targets = gone ? (what === 'path' ? this.serving() : undefined) : indexes.api.map((index) => `t${index}`);
    return {
      what: gone ? `${what} removed` : `new ${what}`,
      files: { 'web.json': this.#webFile() },
      sign: { by: 'question', host, path, targets },
      shrinks: gone,
    };
  }

  #certificate(): Change {
    const k = this.#below(this.#parts.certificates.length);
    const host = `c${k}.test`;
    const versions = this.#parts.certificates[k] ?? [];
    const version = this.#versions.get(k);
    const gone = version !== undefined && this.#parts.random() < 0.3;
    const next = version === undefined ? 0 : (version + 1) % versions.length;
    if (gone) this.#versions.delete(k);
    else this.#versions.set(k, next);
    const { bundle, fingerprint } = versions[gone ? version : next] ?? this.#parts.certificate;
    return {
      what: gone ? 'certificate removed' : version === undefined ? 'new certificate' : 'certificate replaced',
      files: { [`c${k}.pem`]: gone ? undefined : bundle, 'web.json': this.#webFile() },
      sign: { by: 'certificate', host, fingerprint, gone },
      shrinks: gone,
    };
  }

  #backend(): Change {
    const k = this.#below(5);
    const host = `b${k}.test`;
    const gone = this.#backends.delete(k);
    if (!gone) this.#backends.add(k);
    const { port } = this.#parts;
    const service = {
      name: `bench/b${k}`,
      http: { port, rules: [{ host }] },
      targets: this.#extra(k).map((name) => this.#target(Number(name.slice(1)))),
    };
    return {
      what: gone ? 'backend removed' : 'new backend',
      files: { [`b${k}.json`]: gone ? undefined : JSON.stringify(service) },
      sign: { by: 'question', host, path: '/', targets: gone ? undefined : this.#extra(k) },
      shrinks: gone,
    };
  }

  #extra(k: number): readonly string[] {
    return [0, 1].map((i) => `t${indexes.extra + 2 * k + i}`);
  }

  #target(index: number): { readonly address: string; readonly port: number } {
    return { address: '127.0.0.1', port: this.#parts.http[index] ?? 1 };
  }

  #webFile(
    targets: readonly object[] = this.#web.map(({ index, ...rest }) => ({ ...this.#target(index), ...rest })),
  ): string {
    const { port, tlsPort } = this.#parts;
    const hosts = [...this.#hosts].map((host) => ({ host, to: 'api' }));
    const paths = [...this.#paths].map((path) => ({ host: 'main.test', path, to: 'api' }));
    const secure = [...this.#versions.keys()];
    return JSON.stringify({
      name: 'bench/web',
      http: {
        ...{ port, tlsPort, redirect: false },
        rules: [
          { host: 'main.test', to: 'web' },
          ...hosts,
          ...paths,
          ...secure.map((k) => ({ host: `c${k}.test`, to: 'api' })),
        ],
      },
      tls: { certificates: [{ certificate: 'main.pem' }, ...secure.map((k) => ({ certificate: `c${k}.pem` }))] },
      backends: {
        web: { targets },
        api: indexes.api.map((index) => this.#target(index)),
      },
    });
  }

  #streamFile(): string {
    const { port } = this.#parts;
    return JSON.stringify({
      name: 'bench/stream',
      http: { port, rules: [{ host: 'stream.test' }] },
      targets: this.#stream.map((index) => this.#target(index)),
    });
  }

  #tcpFile(): string {
    const { tcpPort, echo } = this.#parts;
    return JSON.stringify({
      name: 'bench/tcp',
      ports: [{ port: tcpPort, protocol: 'tcp' }],
      targets: this.#echo.map((index) => ({ address: '127.0.0.1', port: echo[index] ?? 1 })),
    });
  }
}
