/** A cluster opened as users open one, by a kubeconfig file, towards a server of a test; everything ends with the test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type Cluster,
  type KubeObject,
  type Limits,
  openCluster,
  type ReflectOptions,
  type Reflector,
} from '../../src/kube/index.ts';
import type { Log } from '../../src/model/index.ts';
import { systemClock } from '../../src/run/index.ts';
import { certificate, FakeApi, type FakeApiOptions } from './fake-api.ts';

export interface Logged {
  readonly level: keyof Log;
  readonly fields: object;
  readonly message: string;
}

export interface Opened {
  readonly cluster: Cluster;
  readonly logged: Logged[];
  readonly tokenFile: string;
  readonly directory: string;
}

/** Short enough that no test waits for seconds, long enough for a busy machine. */
const limits: Partial<Limits> = { pingEveryMs: 50, pingDeadlineMs: 1_000, connectMs: 2_000, requestMs: 3_000 };

export async function clusterTo(
  t: TestContext,
  port: number,
  options: { readonly token?: string; readonly limits?: Partial<Limits>; readonly host?: string } = {},
): Promise<Opened> {
  const directory = temporary(t);
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, options.token ?? 'one');
  writeFileSync(join(directory, 'ca.crt'), certificate.certificate);
  const kubeconfig = join(directory, 'config');
  const server = `https://${options.host ?? '127.0.0.1'}:${port}`;
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server, 'certificate-authority': 'ca.crt', 'tls-server-name': 'localhost' } }],
      users: [{ name: 'u', user: { tokenFile: 'token' } }],
    }),
  );
  const { log, logged } = collect();
  const cluster = await openCluster({
    kubeconfig,
    clock: systemClock,
    log,
    limits: { ...limits, ...options.limits },
  });
  t.after(() => cluster.close());
  return { cluster, logged, tokenFile, directory };
}

export async function startApi(t: TestContext, options?: FakeApiOptions): Promise<FakeApi> {
  const api = await FakeApi.start(options);
  t.after(() => api.stop());
  return api;
}

export function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'weir-kube-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function collect(): { readonly log: Log; readonly logged: Logged[] } {
  const logged: Logged[] = [];
  const at = (level: keyof Log) => (fields: object, message: string) => void logged.push({ level, fields, message });
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, logged };
}

/** What a reflector has told, each change as `add default/a 1` with the value of `data.v`. */
export interface Followed {
  readonly reflector: Reflector<string>;
  readonly told: string[];
}

export function follow(cluster: Cluster, more: Partial<ReflectOptions<string>> = {}): Followed {
  const told: string[] = [];
  const reflector = cluster.reflect<string>({
    path: '/api/v1/configmaps',
    project: valueIn,
    onChange: (change) =>
      told.push(`${change.type} ${change.key} ${change.type === 'delete' ? change.old : change.object}`),
    ...more,
  });
  return { reflector, told };
}

export function valueIn({ data }: KubeObject): string {
  return typeof data === 'object' && data !== null && 'v' in data ? String(data.v) : '';
}

/** Until it holds; fails with what was there instead. */
export async function until(
  holds: () => boolean,
  what: string,
  told: () => unknown = () => '',
  timeoutMs = 10_000,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`${what}: not within ${timeoutMs} ms; ${JSON.stringify(told())}`);
    await new Promise((done) => setTimeout(done, 2));
  }
}
