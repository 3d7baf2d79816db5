import type { App } from '../app.ts';
import { isLoopback, type Listen, parseListen } from '../config/index.ts';
import { type Log, WeirError } from '../model/index.ts';
import { apiRoutes } from './api.ts';
import { type Listening, openListener, type Routes } from './listener.ts';
import type { ServedMetrics } from './metrics.ts';
import { probeRoutes } from './probes.ts';
import { openTokenCheck, type TokenCheck } from './token.ts';

export type ServedApp = Pick<App, 'config' | 'state' | 'services' | 'readiness' | 'onChange'>;

export interface ServeInput {
  readonly app: ServedApp;
  readonly metrics: ServedMetrics;
  readonly log: Pick<Log, 'error'>;
  /** Text of a file; undefined when there is none. */
  readonly read: (path: string) => Promise<string | undefined>;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
}

/** Both listeners of a running weir. */
export interface Served {
  /** Absent: switched off. */
  readonly metricsUrl?: string;
  readonly apiUrl?: string;
  close(): Promise<void>;
}

/** Opens what the configuration asks for. Throws before the first listener when the API would stand open to others (E_LISTEN_AUTH). */
export async function serveApp({ app, metrics, log, read, now }: ServeInput): Promise<Served> {
  const { api, metrics: probes } = app.config;
  const apiListen = listenOf(api.listen, 'api.listen');
  const probesListen = listenOf(probes.listen, 'metrics.listen');
  const token = apiListen === undefined ? undefined : await tokenFor(apiListen, api.tokenFile, read);
  const failed = (err: Error) => log.error({ err }, 'a request could not be answered');
  const ending = new AbortController();
  const opened: Listening[] = [];
  const close = async () => {
    ending.abort();
    await Promise.all(opened.map((listening) => listening.close()));
  };
  const open = async (routes: Routes, listen: Listen, key: string) => {
    const listening = await openListener(routes, listen, key);
    opened.push(listening);
    return listening.url;
  };
  try {
    const urls: { metricsUrl?: string; apiUrl?: string } = {};
    if (probesListen !== undefined) {
      const routes = probeRoutes({
        readiness: () => app.readiness(),
        state: () => app.state(),
        metrics,
        perService: probes.perService,
        complain: (message) => log.error({}, message),
        now,
      });
      urls.metricsUrl = await open(routes, probesListen, 'metrics.listen');
    }
    if (apiListen !== undefined) {
      const input = { app, listenHost: apiListen.host, hosts: api.hosts, now, failed, signal: ending.signal };
      const routes = apiRoutes(token === undefined ? input : { ...input, token });
      urls.apiUrl = await open(routes, apiListen, 'api.listen');
    }
    return { ...urls, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function listenOf(text: string, key: string): Listen | undefined {
  const parsed = parseListen(text);
  if (!parsed.ok) throw new WeirError('E_CONFIG', `${key} ${parsed.reason}`);
  return parsed.value;
}

async function tokenFor(
  listen: Listen,
  tokenFile: string | undefined,
  read: ServeInput['read'],
): Promise<TokenCheck | undefined> {
  if (tokenFile !== undefined) return openTokenCheck(tokenFile, read);
  if (isLoopback(listen.host)) return undefined;
  throw new WeirError(
    'E_LISTEN_AUTH',
    `api.listen is ${listen.host}:${listen.port}, which others can reach, and there is no api.tokenFile`,
  );
}
