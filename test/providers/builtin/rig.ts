/** A builtin relay with services made by hand, targets that say their name, and a client. */
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { createServer as createTcp } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { provider } from '../../../providers/builtin/index.ts';
import { type Options, options } from '../../../providers/builtin/options.ts';
import type {
  Backend,
  Context,
  ExportedService,
  Front,
  FrontGroup,
  Listener,
  ModelResult,
  Session,
  Target,
} from '../../../src/model/index.ts';
import { listen } from '../../fakes/listen.ts';

export { freePort } from '../../../src/cli/demo/ports.ts';

export type Running = Session & { commit: NonNullable<Session['commit']> };

/** Opens a session that is closed after the test. */
export async function openRelay(
  t: TestContext,
  extra: Partial<Options> = {},
  secrets: ReadonlyMap<string, string> = new Map(),
) {
  const changes: string[] = [];
  const settings = options.parse({ closeGraceMs: 0, retryPortMs: 20, ...extra });
  const context: Context = {
    clock: {
      now: () => performance.now(),
      wall: () => Date.now(),
      sleep: async (ms, signal) => void (await sleep(ms, undefined, signal === undefined ? {} : { signal })),
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    limiter: { take: async () => {}, throttled() {} },
    secret: async ({ sha256 }) => secrets.get(sha256),
    changed: (_unit, cause) => void changes.push(cause),
    stateDir: '/nonexistent',
    balancer: 'default',
    node: 'here',
    metric() {},
  };
  const session = await provider.open(settings, context);
  t.after(() => session.close('withdraw'));
  const signal = new AbortController().signal;
  /** Models and applies; answers what the model said. */
  const apply = async (...groups: readonly FrontGroup[]): Promise<ModelResult> => {
    const result = provider.model(
      { balancer: 'default', node: 'here', groups, nodes: [], environment: {}, settings: new Map(), present: [] },
      settings,
    );
    await session.commit?.([], result.resources, signal);
    return result;
  };
  return { session, apply, changes, observe: () => session.observe('all', signal) };
}

export function backend(ports: readonly (number | Partial<Target>)[], extra: Partial<Backend> = {}): Backend {
  const targets = ports.map((port): Target => {
    const base = { address: '127.0.0.1', port: 0, weight: 1, state: 'ready' } as const;
    return typeof port === 'number' ? { ...base, port } : { ...base, ...port };
  });
  return { targets, targetKind: 'ip', protocol: 'http', balance: 'roundrobin', ...extra };
}

export function service(
  id: string,
  front: Partial<Front> & { port: number },
  backends: Record<string, Backend>,
): ExportedService {
  const [namespace = '', name = ''] = id.split('/');
  return {
    id,
    origin: { source: 'test', kind: 'ExportedService', namespace, name, labels: {} },
    groups: [],
    fronts: [{ key: 'front', protocol: 'http', routes: [], ...front }],
    backends,
    settings: {},
    settingsOrigin: {},
  };
}

/** One listener for one service: every backend name that starts with `/` is a prefix rule of `host`, else the default. */
export function group(from: ExportedService, hosts: Listener['hosts'], extra: Partial<Listener> = {}): FrontGroup {
  const front = frontOf(from);
  const listener: Listener = {
    key: `${front.port}/tcp`,
    port: front.port,
    protocol: front.protocol,
    fronts: [{ service: from, front }],
    certs: [],
    hosts,
    ...extra,
  };
  return { key: 'default', services: [from], addresses: [], listeners: [listener] };
}

export function frontOf(from: ExportedService): Front {
  const [front] = from.fronts;
  if (front === undefined) throw new Error('a service of the test has no front');
  return front;
}

/** Forwards to one backend of the service. */
export function to(from: ExportedService, ...names: readonly (string | readonly [string, number])[]) {
  const shares = names.map((name) =>
    typeof name === 'string' ? { backend: name, weight: 1 } : { backend: name[0], weight: name[1] },
  );
  return { service: from, front: frontOf(from), action: { type: 'forward', to: shares } } as const;
}

/** A layer 4 service with everything to one backend. */
export function tcpGroup(port: number, targets: Backend): FrontGroup {
  const from = service('test/tcp', { port, protocol: 'tcp' }, { main: targets });
  return group(from, [], { default: to(from, 'main') });
}

/** An HTTP service with everything to one backend. */
export function httpGroup(port: number, targets: Backend): FrontGroup {
  const from = service('test/web', { port }, { main: targets });
  return group(from, [{ host: '', rules: [], default: to(from, 'main') }]);
}

/** An HTTP target that answers with its name and tells what it got. */
export async function webTarget(
  t: TestContext,
  name: string,
  listener?: Parameters<typeof createServer>[1],
): Promise<{ port: number; server: Server; kill(): void }> {
  const server = createServer((incoming, response) => {
    if (listener !== undefined) return listener(incoming, response);
    response.setHeader('x-target', name);
    response.end(JSON.stringify({ name, url: incoming.url, headers: incoming.headers }));
  });
  const port = await listen(server);
  const kill = () => {
    server.close();
    server.closeAllConnections();
  };
  t.after(kill);
  return { port, server, kill };
}

/** A TCP target that answers every chunk with its name and the chunk. */
export async function echoTarget(t: TestContext, name: string): Promise<number> {
  const server = createTcp({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => socket.write(`${name}:${data}`));
    socket.on('end', () => socket.end());
  });
  t.after(() => server.close());
  return listen(server);
}

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly target: string | undefined;
}

/** One request over a connection of its own. */
export function get(
  port: number,
  path = '/',
  init: { host?: string; method?: string; body?: string; headers?: Record<string, string>; address?: string } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const { host = 'any.test', method = 'GET', body, headers, address = '127.0.0.1' } = init;
    const sent = request(
      { host: address, port, path, method, agent: false, headers: { Host: host, ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          const target = response.headers['x-target'];
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: text,
            target: typeof target === 'string' ? target : undefined,
          });
        });
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
