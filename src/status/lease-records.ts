import { isObject } from '../kube/answer.ts';
import { type Cluster, type JsonObject, KubeError, resourcePath } from '../kube/index.ts';
import { microTime } from '../kube/lease-record.ts';
import type { Context, SharedRecords } from '../model/index.ts';
import { ownPrefix } from '../model/prefix.ts';
import { leaseName } from './lease-name.ts';

export type RecordCluster = Pick<Cluster, 'namespace' | 'get' | 'create' | 'patch'>;

export interface LeaseRecordsOptions {
  /** Reads files, contacts nobody; called before each look, so that it answers the same while that is of use. */
  readonly open: () => Promise<RecordCluster>;
  /** Default: the namespace of the context or of the Pod, else `default`. */
  readonly namespace?: string;
  /** How names of Leases begin. */
  readonly name: string;
  readonly balancer: string;
  /** Who writes, for people. */
  readonly identity: string;
  readonly clock: Pick<Context['clock'], 'wall'>;
}

/** Where the text stands. */
export const recordAnnotation = `${ownPrefix}record`;

/**
 * Records in annotations of Leases, `NAME-BALANCER-RECORD`: who may lead may keep them without another right (get, create and patch of
 * leases). The version of the object makes each write a comparison.
 */
export class LeaseRecords implements SharedRecords {
  readonly #options: LeaseRecordsOptions;

  constructor(options: LeaseRecordsOptions) {
    this.#options = options;
  }

  async read(name: string, signal: AbortSignal): ReturnType<SharedRecords['read']> {
    const { cluster, path } = await this.#at(name);
    try {
      return recordOf(await cluster.get(path, signal), path);
    } catch (error) {
      if (error instanceof KubeError && error.notFound) return undefined;
      throw error;
    }
  }

  async write(name: string, text: string, version: string | undefined, signal: AbortSignal): Promise<boolean> {
    const { cluster, path, namespace, lease } = await this.#at(name);
    const { identity, clock } = this.#options;
    const spec = { holderIdentity: identity, renewTime: microTime(clock.wall()) };
    const annotations = { [recordAnnotation]: text };
    try {
      if (version === undefined) {
        const metadata = { name: lease, namespace, annotations };
        const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
        await cluster.create(path.slice(0, path.lastIndexOf('/')), body, { signal, fieldManager: 'weir' });
      } else {
        const body = { metadata: { resourceVersion: version, annotations }, spec };
        await cluster.patch(path, body, { type: 'merge', fieldManager: 'weir', signal });
      }
      return true;
    } catch (error) {
      if (error instanceof KubeError && (error.conflict || (error.notFound && version !== undefined))) return false;
      throw error;
    }
  }

  async #at(name: string) {
    const { open, balancer, name: prefix } = this.#options;
    const cluster = await open();
    const namespace = this.#options.namespace ?? cluster.namespace ?? 'default';
    const lease = leaseName(prefix, `${balancer}-${name}`);
    const path = resourcePath({ apiVersion: 'coordination.k8s.io/v1', resource: 'leases', namespace, name: lease });
    return { cluster, namespace, lease, path };
  }
}

function recordOf({ metadata }: JsonObject, path: string): { readonly text: string; readonly version: string } {
  const { annotations, resourceVersion } = isObject(metadata) ? metadata : {};
  const text = isObject(annotations) ? annotations[recordAnnotation] : undefined;
  if (typeof text !== 'string' || typeof resourceVersion !== 'string')
    throw new KubeError(
      0,
      'BadAnswer',
      `${path} has no annotation ${recordAnnotation}: it is not weir's; delete it, or set leader.name`,
    );
  return { text, version: resourceVersion };
}
