/**
 * A strict API server for one resource, ConfigMaps, over HTTP/2 with TLS: lists in pages, watches from a version, and any fault that a test
 * asks for. What a client must not send is answered with 400 and stands in `complaints`.
 */
import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { makeCertificate } from '../bench/haproxy/certificate.ts';
import { listen } from '../fakes/listen.ts';

export const certificate = makeCertificate('localhost');
export const base = '/api/v1/configmaps';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly kind: 'list' | 'watch' | 'other';
  readonly stream: ServerHttp2Stream;
}

export interface Stored {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly managedFields?: readonly object[];
  };
  readonly data: Readonly<Record<string, string>>;
}

interface Event {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Stored;
}

export interface FakeApiOptions {
  readonly token?: string;
  readonly maxStreams?: number;
  readonly port?: number;
}

export class FakeApi {
  /** Answers a request itself and says so; undefined: as usual. */
  intercept: ((asked: Asked) => boolean) | undefined;
  token: string;
  readonly asked: Asked[] = [];
  readonly complaints: string[] = [];
  readonly watchers = new Set<ServerHttp2Stream>();
  readonly objects = new Map<string, Stored>();
  readonly sessions = new Set<ServerHttp2Session>();
  port = 0;
  #version = 100;
  #uid = 0;
  /** Watches from before this version are answered with 410. */
  #oldest = 0;
  readonly #events: Event[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Http2SecureServer;

  private constructor({ token = 'one', maxStreams = 250 }: FakeApiOptions) {
    this.token = token;
    this.#server = createSecureServer({
      maxSessionMemory: 1_000,
      cert: certificate.certificate,
      key: certificate.bundle,
      settings: { maxConcurrentStreams: maxStreams, initialWindowSize: 1 << 20 },
    });
    this.#server.on('session', (session) => {
      this.sessions.add(session);
      session.on('close', () => this.sessions.delete(session));
      session.on('error', () => {});
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
    });
    this.#server.on('sessionError', () => {});
    this.#server.on('stream', (stream: ServerHttp2Stream, headers) => {
      stream.on('error', () => {});
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const url = new URL(headers[':path'] ?? '/', 'https://localhost');
        const kind = url.pathname !== base ? 'other' : url.searchParams.has('watch') ? 'watch' : 'list';
        const method = headers[':method'] ?? '';
        const body = Buffer.concat(chunks).toString('utf8');
        this.#answer({ method, path: url.pathname, query: url.searchParams, headers, body, kind, stream });
      });
    });
  }

  static async start(options: FakeApiOptions = {}): Promise<FakeApi> {
    const api = new FakeApi(options);
    api.port = await listen(api.#server, '127.0.0.1', options.port ?? 0);
    return api;
  }

  count(kind: Asked['kind']): number {
    return this.asked.filter((one) => one.kind === kind).length;
  }

  put(name: string, data: Readonly<Record<string, string>> = {}, more: { readonly recreate?: boolean } = {}): Stored {
    const old = this.objects.get(name);
    if (old !== undefined && more.recreate === true) this.objects.delete(name);
    const known = this.objects.get(name);
    const version = ++this.#version;
    const object: Stored = {
      metadata: {
        name,
        namespace: 'default',
        uid: known?.metadata.uid ?? `u${++this.#uid}`,
        resourceVersion: String(version),
        managedFields: [{ manager: 'm' }],
      },
      data,
    };
    this.objects.set(name, object);
    if (more.recreate !== true) this.#tell({ version, type: known === undefined ? 'ADDED' : 'MODIFIED', object });
    return object;
  }

  remove(name: string, { silently = false } = {}): void {
    const object = this.objects.get(name);
    if (object === undefined) throw new Error(`${name} is not there`);
    this.objects.delete(name);
    const version = ++this.#version;
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    if (!silently) this.#tell({ version, type: 'DELETED', object: last });
  }

  bookmark(): void {
    this.write(line('BOOKMARK', { kind: 'ConfigMap', metadata: { resourceVersion: String(++this.#version) } }));
  }

  /** Forgets what has been, so that older places answer 410. */
  compact(): void {
    this.#oldest = ++this.#version;
  }

  write(bytes: string | Buffer): void {
    for (const stream of this.watchers) stream.write(bytes);
  }

  endWatches(): void {
    for (const stream of this.watchers) stream.end();
  }

  /** RST on every connection. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  goaway(): void {
    for (const session of this.sessions) session.close();
  }

  async stop(): Promise<void> {
    for (const session of this.sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  #answer(asked: Asked): void {
    const { kind, query, headers, stream } = asked;
    this.asked.push(asked);
    if (stream.destroyed) return;
    if (this.intercept?.(asked) === true) return;
    if (headers.authorization !== `Bearer ${this.token}`)
      respond(stream, 401, { code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
    else if (kind === 'list') this.#list(asked);
    else if (kind === 'watch') this.#watch(asked);
    else respond(stream, 404, { code: 404, reason: 'NotFound', message: `${asked.path} not found` });
    if (headers.accept !== 'application/json') this.complaints.push('accept must be application/json');
    if (query.get('limit') === '0') this.complaints.push('limit=0');
  }

  #list({ query, stream }: Asked): void {
    const all = [...this.objects.values()];
    const [at = 0, version = this.#version] = (query.get('continue') ?? '').split('.').filter(Boolean).map(Number);
    const limit = Number(query.get('limit') ?? all.length);
    const items = all.slice(at, at + limit);
    const rest = at + limit < all.length ? { continue: `${at + limit}.${version}` } : {};
    send(stream, 200, {
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: { resourceVersion: String(version), ...rest },
      items,
    });
  }

  #watch({ query, stream }: Asked): void {
    const from = Number(query.get('resourceVersion'));
    for (const name of ['timeoutSeconds', 'allowWatchBookmarks', 'resourceVersion'])
      if (!query.has(name)) this.complaints.push(`a watch without ${name}`);
    if (!/^[1-9]\d*$/.test(query.get('timeoutSeconds') ?? '')) this.complaints.push('timeoutSeconds');
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    if (from < this.#oldest) {
      stream.end(
        line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: `too old resource version: ${from}` }),
      );
      return;
    }
    this.watchers.add(stream);
    stream.on('close', () => this.watchers.delete(stream));
    for (const event of this.#events) if (event.version > from) stream.write(eventLine(event));
  }

  #tell(event: Event): void {
    this.#events.push(event);
    for (const stream of this.watchers) stream.write(eventLine(event));
  }
}

export function send(
  stream: ServerHttp2Stream,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  stream.respond({ ':status': status, 'content-type': 'application/json', ...headers });
  stream.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** With a Status object, as API servers do. */
export function respond(
  stream: ServerHttp2Stream,
  status: number,
  body: Readonly<Record<string, unknown>>,
  headers: Record<string, string> = {},
): void {
  send(stream, status, { kind: 'Status', apiVersion: 'v1', status: 'Failure', ...body }, headers);
}

export function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function eventLine({ type, object }: Event): string {
  return line(type, { apiVersion: 'v1', kind: 'ConfigMap', ...object });
}
