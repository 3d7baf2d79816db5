import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { kubernetesSource } from '../../../src/config/config.ts';
import type { ExportedService, Snapshot, Source } from '../../../src/model/index.ts';
import { type LiveSourceOptions, openKubernetesSource } from '../../../src/sources/kubernetes/live.ts';
import { type Placed, ScriptedCluster } from './live-cluster.ts';

/** Twenty times as fast as the real one: what waits for seconds is tested in tenths. */
const speed = 20;
export const fastClock = {
  now: () => performance.now() * speed,
  wall: () => Date.now(),
  sleep: (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms / speed);
      signal?.addEventListener('abort', done, { once: true });
    }),
};

export const service = (name: string, spec: object = {}, metadata: object = {}): Placed => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
  spec: {
    type: 'LoadBalancer',
    loadBalancerClass: 'weir-lb.dev/test',
    ports: [{ name: 'http', port: 80, targetPort: 8080, nodePort: 30_080 }],
    ...spec,
  },
});

export const slice = (of: string, addresses: readonly string[], namespace = 'shop', more: object = {}): Placed => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${of}-1`, namespace, labels: { 'kubernetes.io/service-name': of } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080 }],
  endpoints: addresses.map((address) => ({ addresses: [address], ...more })),
});

export const ingress = (name: string, host: string, spec: object = {}, metadata: object = {}): Placed => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
  spec: {
    ingressClassName: 'weir',
    rules: [
      {
        host,
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { name: 'http' } } } }],
        },
      },
    ],
    ...spec,
  },
});

export const ingressClass = (name = 'weir', controller = 'weir-lb.dev/ingress', annotations: object = {}): Placed => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name, ...{ annotations } },
  spec: { controller },
});

/** `address:port` of every target, by service. */
export function targetsOf({ services }: Pick<Snapshot, 'services'>): Record<string, readonly string[]> {
  return Object.fromEntries(
    services.map(({ id, backends }): [string, string[]] => [
      id,
      Object.values(backends).flatMap(({ targets }) => targets.map(({ address, port }) => `${address}:${port}`)),
    ]),
  );
}

export function serviceOf({ services }: Snapshot, id: string): ExportedService {
  const found = services.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no service ${id} among ${services.map((one) => one.id).join(', ')}`);
  return found;
}

export interface Followed {
  readonly source: Source;
  readonly changes: string[];
  read(): Promise<Snapshot>;
  /** Reads until it is right; fails with the last snapshot after two seconds. */
  until(right: (snapshot: Snapshot) => boolean): Promise<Snapshot>;
  stop(): Promise<void>;
}

export interface LiveStage {
  readonly cluster: ScriptedCluster;
  readonly stateDir: string;
  /** A source that is not followed. */
  open(
    config?: object,
    memory?: 'none' | 'read' | 'keep',
    cluster?: ScriptedCluster,
    more?: Partial<LiveSourceOptions>,
  ): Source;
  /** One that is followed until the end of the test. */
  follow(config?: object, cluster?: ScriptedCluster, more?: Partial<LiveSourceOptions>): Followed;
}

export async function liveStage(t: TestContext): Promise<LiveStage> {
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-live-'));
  const cluster = new ScriptedCluster();
  cluster.now = fastClock.now;
  const ends: (() => Promise<void>)[] = [];
  t.after(async () => {
    for (const end of ends) await end();
    await rm(stateDir, { recursive: true, force: true });
  });
  const open: LiveStage['open'] = (config = {}, memory = 'keep', of = cluster, more = {}) =>
    openKubernetesSource(kubernetesSource.parse({ type: 'kubernetes', ...config }), {
      open: async () => of,
      clock: fastClock,
      stateDir,
      memory: () => memory,
      controllers: [],
      ...more,
    });
  return {
    cluster,
    stateDir,
    open,
    follow(config = {}, of = cluster, more = {}) {
      const source = open(config, 'keep', of, more);
      const end = new AbortController();
      const changes: string[] = [];
      const done = source.watch((cause) => void changes.push(cause), end.signal);
      const read = () => source.read(end.signal);
      let stopped: Promise<void> | undefined;
      const stop = () => {
        end.abort();
        stopped ??= done;
        return stopped;
      };
      ends.push(stop);
      return {
        source,
        changes,
        read,
        async until(right) {
          let last: Snapshot | undefined;
          for (const endMs = performance.now() + 10_000; performance.now() < endMs; ) {
            last = await read().catch(() => last);
            if (last !== undefined && right(last)) return last;
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          throw new Error(`never right: ${JSON.stringify(last, null, 1)}`);
        },
        stop,
      };
    },
  };
}
