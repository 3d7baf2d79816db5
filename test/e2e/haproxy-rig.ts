/** A session with a real HAProxy on loopback, for end-to-end tests: directory, context, resources made by hand, targets that say who they are. */
export { freePort } from '../../src/cli/demo/ports.ts';

import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { optionsSchema } from '../../providers/haproxy/options.ts';
import { openSession } from '../../providers/haproxy/session.ts';
import type { Attrs, Context, Json, Member, Observed, Resource, Session } from '../../src/model/index.ts';

export interface Rig {
  readonly directory: string;
  readonly socket: string;
  readonly changes: string[];
  readonly logs: string[];
  /** Sums of counters, last values of gauges: `name{label}`. */
  readonly metrics: Map<string, number>;
  /** SHA-256 → PEM. */
  readonly secrets: Map<string, string>;
  open(options?: Readonly<Record<string, unknown>>, over?: Partial<Context>): Promise<Session>;
  /** Keeps a PEM bundle; answers its name. */
  secret(pem: string): string;
  end(): Promise<void>;
}

export async function startRig(): Promise<Rig> {
  const directory = await mkdtemp(`${tmpdir()}/weir-`);
  const sessions: Session[] = [];
  const rig = {
    changes: [] as string[],
    logs: [] as string[],
    metrics: new Map<string, number>(),
    secrets: new Map<string, string>(),
  };
  const log = (level: string) => (_fields: object, message: string) => void rig.logs.push(`${level} ${message}`);
  const ctx: Context = {
    clock: {
      now: () => performance.now(),
      wall: () => Date.now(),
      sleep: async (ms, signal) => void (await sleep(ms, undefined, signal === undefined ? {} : { signal })),
    },
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    limiter: { take: async () => undefined, throttled: () => undefined },
    secret: async ({ sha256 }) => rig.secrets.get(sha256),
    changed: (_unit, cause) => void rig.changes.push(cause),
    stateDir: directory,
    balancer: 'edge',
    node: 'n1',
    metric: (name, value, labels = {}, type = 'counter') => {
      const key = Object.keys(labels).length === 0 ? name : `${name}{${Object.values(labels).join(',')}}`;
      rig.metrics.set(key, type === 'gauge' ? value : (rig.metrics.get(key) ?? 0) + value);
    },
  };
  return {
    ...rig,
    directory: `${directory}/haproxy`,
    socket: `${directory}/haproxy/haproxy.sock`,
    async open(options = {}, over = {}) {
      const session = await openSession(
        optionsSchema.parse({ addresses: ['127.0.0.1'], threads: 2, maxConnections: 2_000, ...options }),
        { ...ctx, ...over },
      );
      sessions.push(session);
      return session;
    },
    secret(pem) {
      const sha256 = createHash('sha256').update(pem).digest('hex');
      rig.secrets.set(sha256, pem);
      return sha256;
    },
    async end() {
      for (const session of sessions) await session.close('leave').catch(() => undefined);
      const last = await openSession(optionsSchema.parse({}), ctx).catch(() => undefined);
      await last?.close('withdraw').catch(() => undefined);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const unit = 'edge@n1';
export const signal = new AbortController().signal;

function resource(
  kind: string,
  id: string,
  parts: {
    readonly attrs: Readonly<Record<string, Json>>;
    readonly refs?: Readonly<Record<string, string>>;
    readonly sets?: Resource['sets'];
  },
): Resource {
  return { kind, id, unit, serves: ['shop/web'], attrs: parts.attrs, refs: parts.refs ?? {}, sets: parts.sets ?? {} };
}

export const settings = resource('Settings', 'settings', { attrs: {} });

/** `servers`: port or address:port → weight. */
export function backend(id: string, servers: Readonly<Record<string, number>>, attrs: Attrs = {}): Resource {
  const members = Object.entries(servers).map(([key, weight]): [string, Member] => [
    key.includes(':') ? key : `127.0.0.1:${key}`,
    { attrs: { weight } },
  ]);
  return resource('Backend', id, {
    attrs: { mode: 'http', balance: 'roundrobin', ...attrs },
    sets: { servers: new Map(members) },
  });
}

export function frontend(
  port: number,
  attrs: Attrs = {},
  more: {
    readonly default?: string;
    readonly certs?: Readonly<Record<string, { readonly hosts: readonly string[]; readonly isDefault: boolean }>>;
  } = {},
): Resource {
  const certs = Object.entries(more.certs ?? {}).map(([sha256, { hosts, isDefault }]): [string, Member] => [
    sha256,
    { attrs: { hosts, isDefault } },
  ]);
  return resource('Frontend', `default|${port}/tcp`, {
    attrs: { key: `default|${port}/tcp`, mode: 'http', tls: certs.length > 0, port, addresses: [], ...attrs },
    refs: more.default === undefined ? {} : { default: more.default },
    sets: certs.length === 0 ? {} : { certs: new Map(certs) },
  });
}

export function route(port: number, host: string, path: string, to: string): Resource {
  const front = `default|${port}/tcp`;
  const id = `${front}|${host}|prefix|${path}|`;
  return resource('Route', id, {
    attrs: { key: id, host, path: { type: 'prefix', value: path } },
    refs: { frontend: front, backend: to },
  });
}

export interface Target {
  readonly port: number;
  readonly name: string;
  close(): Promise<void>;
}

/** Answers every HTTP request with its name. `handle` may answer differently. */
export async function startTarget(name: string, status: () => number = () => 200): Promise<Target> {
  const server = createHttpServer((_request, response) => {
    response.writeHead(status(), { 'x-target': name });
    response.end(name);
  });
  return listening(server, name);
}

/** Sends its name to every TCP connection and echoes. */
export async function startEcho(name: string): Promise<Target> {
  return listening(
    createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write(`${name}\n`);
      socket.pipe(socket);
    }),
    name,
  );
}

async function listening(server: Server, name: string): Promise<Target> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    name,
    port: portOf(server.address()),
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return address.port;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** Names in the certificate that was shown. */
  readonly names?: string;
}

/** One request over a connection of its own. */
export function get(port: number, host: string, path = '/', tls = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const common = { host: '127.0.0.1', port, path, headers: { host }, agent: false as const, timeout: 5_000 };
    const sent = tls ? requestTls({ ...common, servername: host, rejectUnauthorized: false }) : request(common);
    sent.on('response', (response) => {
      const { socket } = response;
      const names =
        'getPeerCertificate' in socket && typeof socket.getPeerCertificate === 'function'
          ? String(socket.getPeerCertificate().subjectaltname)
          : undefined;
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body, ...(names === undefined ? {} : { names }) }),
      );
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('time-out')));
    sent.on('error', reject);
    sent.end();
  });
}

/** Who answers `count` requests, sorted. */
export async function answers(port: number, host: string, count: number): Promise<readonly string[]> {
  const seen = new Set<string>();
  for (let i = 0; i < count; i++) seen.add((await get(port, host)).body);
  return [...seen].sort();
}

/** A line of a TCP connection, which stays open. */
export function openStream(port: number): Promise<{ readonly first: string; readonly socket: Socket }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.setEncoding('utf8');
    socket.once('data', (data: string) => resolve({ first: data.trim(), socket }));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed without a byte')));
  });
}

/** Waits for something that comes by itself. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(10);
  }
}

export function find(observed: readonly Observed[], kind: string, id: string): Observed | undefined {
  return observed.find((object) => object.kind === kind && object.id === id);
}
