import type { ExportedService, Network, Node } from '../../model/index.ts';
import { LastGood } from '../file/last-good.ts';
import { refsOf } from '../file/refs-of.ts';

/** What was in force of a cluster when it was kept. */
export interface GoodCluster {
  readonly services: readonly ExportedService[];
  readonly nodes: readonly Node[];
  readonly network: Network;
  /** sha256 → text of what the services name by hash. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** Files that the services are spread over: a change writes one of them. */
const shards = 64;
const nodesPath = 'kubernetes/nodes';
const networkPath = 'kubernetes/network';
const maxBytes = 268_435_456;

/** The last good state of a cluster in the records of the sources: mode 0600, each sealed by its hash, written only where it changed. */
export class LiveRecord {
  readonly #records: LastGood;

  constructor(directory: string) {
    this.#records = new LastGood(directory, maxBytes);
  }

  /** Undefined: nothing was kept. */
  async load(): Promise<GoodCluster | undefined> {
    const files = (await this.#records.load()).filter(({ path }) => path.startsWith('kubernetes/'));
    if (files.length === 0) return undefined;
    const secrets = new Map<string, string>();
    for (const { certificates } of files)
      for (const { ref, pem } of Object.values(certificates)) secrets.set(ref.sha256, pem);
    const textOf = (wanted: string) => files.find(({ path }) => path === wanted)?.text;
    const nodes: readonly Node[] = JSON.parse(textOf(nodesPath) ?? '[]');
    const network: Network = JSON.parse(textOf(networkPath) ?? '{}');
    return { services: files.flatMap(({ services }) => services), nodes, network, secrets };
  }

  /** Throws when it cannot be written. */
  async save({ services, nodes, network, secrets }: GoodCluster): Promise<void> {
    const byShard = Map.groupBy(services, ({ id }) => shardOf(id));
    const files = [...byShard].map(([shard, own]) => {
      const certificates = own.flatMap(refsOf).flatMap((ref) => {
        const pem = secrets.get(ref.sha256);
        return pem === undefined ? [] : [[ref.sha256, { ref, pem }] as const];
      });
      return { path: `kubernetes/${shard}`, services: own, certificates: Object.fromEntries(certificates) };
    });
    const ofNodes = { path: nodesPath, text: JSON.stringify(nodes), services: [], certificates: {} };
    const ofNetwork = { path: networkPath, text: JSON.stringify(network), services: [], certificates: {} };
    const hasNetwork = Object.keys(network).length > 0;
    await this.#records.save([...files, ofNodes, ...(hasNetwork ? [ofNetwork] : [])]);
  }
}

/** FNV-1a: the same shard for an id in every run. */
function shardOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193) >>> 0;
  return hash % shards;
}
