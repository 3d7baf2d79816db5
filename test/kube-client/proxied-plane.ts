/** A real API server behind a proxy that breaks connections when told so, and a cluster that reaches it only through that. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, type Limits, openCluster } from '../../src/kube/index.ts';
import { systemClock } from '../../src/run/index.ts';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '../kube/index.ts';
import { collect, type Logged } from './cluster-to.ts';
import { FaultProxy } from './fault-proxy.ts';

export interface ProxiedPlane {
  readonly plane: ControlPlane;
  readonly proxy: FaultProxy;
  readonly logged: Logged[];
  /** With the limits that weir has by itself, but for those given. `kubeconfig`: default the admin's. */
  open(kubeconfig?: string, limits?: Partial<Limits>): Promise<Cluster>;
  stop(): Promise<void>;
}

export async function startProxiedPlane(options: ControlPlaneOptions = { kcm: false }): Promise<ProxiedPlane> {
  const plane = await startControlPlane(options);
  const { port } = new URL(plane.url);
  const proxy = await FaultProxy.start(Number(port));
  const { log, logged } = collect();
  const clusters: Cluster[] = [];
  return {
    plane,
    proxy,
    logged,
    async open(kubeconfig = plane.admin.kubeconfig, limits = {}) {
      const text = readFileSync(kubeconfig, 'utf8').replace(`127.0.0.1:${port}`, `127.0.0.1:${proxy.port}`);
      const file = join(plane.directory, `proxied-${clusters.length}.kubeconfig`);
      writeFileSync(file, text, { mode: 0o600 });
      const cluster = await openCluster({ kubeconfig: file, clock: systemClock, log, limits });
      clusters.push(cluster);
      return cluster;
    },
    async stop() {
      await Promise.all(clusters.map((cluster) => cluster.close()));
      await proxy.stop();
      await plane.stop();
    },
  };
}
