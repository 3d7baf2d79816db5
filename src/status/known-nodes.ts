import type { KubeObject } from '../kube/index.ts';
import { listOf, recordOf, textOf } from './known-object.ts';

interface KnownNode {
  readonly internal: readonly string[];
  readonly external: readonly string[];
}

/** Addresses of nodes that are ready and take traffic from outside, for balancers that are reached there. */
export class KnownNodes {
  readonly #nodes = new Map<string, KnownNode>();

  /** `name`, with or without a slash before it. */
  put(object: KubeObject): void {
    const { name, labels, deletionTimestamp } = object.metadata;
    const status = recordOf(object.status);
    const conditions = listOf(status.conditions).map(recordOf);
    const ready = conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
    const excluded = 'node.kubernetes.io/exclude-from-external-load-balancers' in recordOf(labels);
    if (!ready || excluded || deletionTimestamp !== undefined) {
      this.#nodes.delete(name);
      return;
    }
    const addresses = listOf(status.addresses).map(recordOf);
    const of = (kind: string) => addresses.flatMap(({ type, address }) => (type === kind ? [textOf(address)] : []));
    this.#nodes.set(name, { internal: of('InternalIP'), external: of('ExternalIP') });
  }

  delete(key: string): void {
    this.#nodes.delete(key.replace(/^\//, ''));
  }

  addresses(kind: 'internal' | 'external'): readonly string[] {
    return [...new Set([...this.#nodes.values()].flatMap((node) => node[kind]))].filter((text) => text !== '').sort();
  }
}
