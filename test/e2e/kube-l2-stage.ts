/** A real API server whose nodes are network namespaces, with a weir on each that announces: no kubelet, so endpoints are written by hand. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { renderChart } from '../deploy/bases.ts';
import { type ApiObject, type ControlPlane, eventually, installCrd, type KubeUser, kubectl } from '../kube/index.ts';
import { allowedBy } from './kube-deploy-audit.ts';
import { putPools } from './kube-deploy-objects.ts';
import { chart, configOf, valueSets } from './kube-deploy-stage.ts';
import type { Lan } from './l2-lan.ts';
import { bridgePort } from './tcp-bridge.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
export const home = 'metallb-system';
export const own = 'weir-system';

const openSchema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };

export interface L2Status extends ApiObject {
  readonly status?: {
    readonly node: string;
    readonly serviceName: string;
    readonly interfaces: readonly { name: string }[];
  };
}

const stateSchema = z.object({
  problems: z.array(z.object({ code: z.string(), message: z.string() })),
  services: z.array(
    z.object({
      id: z.string(),
      reports: z.array(
        z.object({
          announced: z
            .array(
              z.object({
                address: z.string(),
                owner: z.string().optional(),
                sinceMs: z.number().optional(),
                candidates: z.array(z.string()),
                others: z.array(z.object({ node: z.string(), reason: z.string() })),
              }),
            )
            .optional(),
        }),
      ),
    }),
  ),
});

/** Weirs on nodes of a cluster, and what a user does to it. */
export class Cluster {
  readonly plane: ControlPlane;
  readonly lan: Lan;
  readonly names: readonly string[];
  readonly folder = mkdtempSync(join(tmpdir(), 'weir-kube-l2-'));
  readonly #running = new Map<string, ChildProcess>();
  readonly #texts = new Map<string, Buffer[]>();
  /** `verb group/resource` that the account may. */
  rights: readonly string[] = [];
  #config = '';
  #account: KubeUser | undefined;
  #ends: (() => Promise<void>)[] = [];

  constructor(plane: ControlPlane, lan: Lan, names: readonly string[]) {
    this.plane = plane;
    this.lan = lan;
    this.names = names;
  }

  async prepare(): Promise<void> {
    const { plane, lan, names, folder } = this;
    writeFileSync(join(folder, 'secret'), 'a secret that only the tests know\n', { mode: 0o600 });
    for (const namespace of [home, own])
      await plane.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await putPools(plane);
    await this.#install('ServiceL2Status');
    for (const name of names) await this.node(name, {}, this.addressOf(name));
    await this.#installChart();
    const bridge = await bridgePort(folder, Number(new URL(plane.url).port), names.map(lan.inside));
    this.#ends.push(() => bridge.end());
  }

  /** A Node without a kubelet; what is not given is as usual. */
  async node(name: string, { labels = {}, conditions = [] }: NodeParts, address?: string): Promise<void> {
    const { client } = this.plane;
    const metadata = { name, labels: { 'kubernetes.io/hostname': name, ...labels } };
    await client.apply({ apiVersion: 'v1', kind: 'Node', metadata });
    const ready = { type: 'Ready', status: 'True', reason: 'Test', message: 'test' };
    const status = {
      conditions: [...(conditions.some(({ type }) => type === 'Ready') ? [] : [ready]), ...conditions],
      ...(address === undefined ? {} : { addresses: [{ type: 'InternalIP', address }] }),
    };
    await client.patch(`/api/v1/nodes/${name}/status`, { status });
  }

  /** The endpoints of the headless Service of weir's Pods, as the DaemonSet would have them. */
  async speakers(names: readonly string[]): Promise<void> {
    await this.slice(
      own,
      'weir-peers',
      names.map((name) => ({ node: name, address: this.addressOf(name) })),
    );
  }

  addressOf(name: string): string {
    return `10.77.0.${11 + this.names.indexOf(name)}`;
  }

  async slice(
    namespace: string,
    service: string,
    endpoints: readonly { readonly node: string; readonly address: string; readonly ready?: boolean }[],
    port = 7949,
  ): Promise<void> {
    await this.plane.client.apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${service}-hand`, namespace, labels: { 'kubernetes.io/service-name': service } },
      addressType: 'IPv4',
      ports: [{ name: 'p', port, protocol: 'TCP' }],
      endpoints: endpoints.map(({ node, address, ready = true }) => ({
        addresses: [address],
        conditions: { ready },
        nodeName: node,
      })),
    });
  }

  /** The chart's objects but its Pods: `start` is what those would run, as their account. */
  async #installChart(): Promise<void> {
    const objects = await renderChart(chart, {
      namespace: own,
      args: ['--values', valueSets.get('metallb') ?? '', '--set', 'settings.status.poolAnnotation=true'],
    });
    for (const object of objects)
      if (object.kind !== 'DaemonSet' && object.kind !== 'ConfigMap') await this.plane.client.apply(object);
    this.#config = configOf(objects);
    this.rights = allowedBy(objects);
    this.#account = await this.plane.serviceAccount(own, 'weir');
  }

  /** Starts weir on a node as the DaemonSet would. */
  start(name: string): void {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    const config = this.#config
      .replace('/var/lib/weir', join(folder, 'state'))
      .replace('/etc/weir-announce/secret', join(this.folder, 'secret'));
    writeFileSync(join(folder, 'weir.yaml'), config);
    const [command = '', ...words] = [
      ...[...this.lan.inside(name), process.execPath, '--no-warnings', main],
      ...['run', '-c', join(folder, 'weir.yaml')],
    ];
    const env = { ...process.env, KUBECONFIG: this.#account?.kubeconfig ?? '', WEIR_INSTANCE: name };
    const child = spawn(command, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    // At the priority of a machine's own programs, whatever the test has: the thread that beats shares its memory with the others, and waits where one of them is held up.
    if (child.pid !== undefined) setPriority(child.pid, 0);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    this.#texts.set(name, chunks);
    this.#running.set(name, child);
  }

  async stop(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#running.get(name);
    this.#running.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
  }

  /** What a weir has written so far. */
  text(name: string): string {
    return Buffer.concat(this.#texts.get(name) ?? []).toString();
  }

  state(name: string): z.infer<typeof stateSchema> | undefined {
    try {
      const text = this.lan.run(name, 'curl -s -m 2 http://127.0.0.1:8377/api/v1/state');
      return stateSchema.parse(JSON.parse(text));
    } catch (error) {
      if (error instanceof z.ZodError) throw error;
      return undefined;
    }
  }

  metrics(name: string): string {
    return this.lan.run(name, 'curl -s -m 2 http://127.0.0.1:8378/metrics');
  }

  /** What a node says of an address. */
  announced(name: string, address: string) {
    const reports = this.state(name)?.services.flatMap((service) => service.reports) ?? [];
    return reports.flatMap(({ announced = [] }) => announced).find((one) => one.address === address);
  }

  /** Who answers ARP for an address on the wire, asked for a while. */
  async answering(address: string, ms = 300): Promise<readonly string[]> {
    const watch = await this.lan.observe([address], 5);
    await new Promise((resolve) => setTimeout(resolve, ms));
    const { said } = await watch.end();
    const macs = new Set(said.flatMap(({ kind, vip, mac }) => (kind === 'reply' && vip === address ? [mac] : [])));
    return this.names.filter((name) => macs.has(this.lan.mac(name)));
  }

  /** Waits until just one node answers, which the test accepts. */
  async answeredBy(address: string, right: (name: string) => boolean = () => true): Promise<string> {
    const [name = ''] = await eventually(
      () => this.answering(address),
      (all) => all.length === 1 && right(all[0] ?? ''),
      30_000,
    );
    return name;
  }

  async statuses(): Promise<readonly L2Status[]> {
    const path = `/apis/metallb.io/v1beta1/namespaces/${home}/servicel2statuses`;
    return (await this.plane.client.request<{ items: readonly L2Status[] }>('GET', path)).items;
  }

  /** As kubectl prints it. */
  poolStatus(name: string): Promise<string> {
    return this.kubectl('get', 'ipaddresspool', name, '-n', home, '-o', 'jsonpath={.status}');
  }

  /** As the record in the API says. */
  async voters(): Promise<readonly string[]> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${own}/leases/weir-vip-voters`;
    const { metadata } = await this.plane.client.request<ApiObject>('GET', path);
    return z
      .object({ voters: z.array(z.string()) })
      .parse(JSON.parse(metadata.annotations?.['weir-lb.dev/record'] ?? '')).voters;
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return kubectl(args, { plane: this.plane });
  }

  async end(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.stop(name, 'SIGKILL')));
    for (const end of this.#ends) await end();
    this.#ends = [];
    rmSync(this.folder, { recursive: true, force: true });
  }

  #install(kind: string): Promise<void> {
    const plural = `${kind.toLowerCase()}${kind.endsWith('s') ? 'es' : 's'}`;
    return installCrd(this.plane, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.metallb.io` },
      spec: {
        group: 'metallb.io',
        scope: 'Namespaced',
        names: { kind, plural, singular: kind.toLowerCase() },
        versions: [{ name: 'v1beta1', served: true, storage: true, schema: openSchema, subresources: { status: {} } }],
      },
    });
  }
}

interface NodeParts {
  readonly labels?: Readonly<Record<string, string>>;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message: string;
  }[];
}
