/** Leases of a pretended API server: versions compared, answers as late as the test says, in time that passes only when it says so. */
import type { ElectorOptions, JsonObject } from '../../src/kube/index.ts';
import { KubeError } from '../../src/kube/index.ts';
import type { VirtualClock } from '../run/virtual-clock.ts';

type Cluster = ElectorOptions['cluster'];

export class LeaseStore {
  lease: { readonly version: number; readonly spec: JsonObject; readonly annotations?: JsonObject } | undefined;
  /** Every write that was taken: who, and when it was. */
  readonly writes: { readonly atMs: number; readonly holder: unknown }[] = [];
  readonly clock: VirtualClock;
  #versions = 0;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  /** What one candidate sees. `delayMs`: before the server acts, and before its answer arrives. `fault`: answered in place of the store. */
  client(delayMs: () => number, fault: () => KubeError | undefined = () => undefined): Cluster {
    const call = async (
      act: () => JsonObject,
      options: { readonly signal?: AbortSignal } | AbortSignal | undefined,
    ) => {
      const signal = options instanceof AbortSignal ? options : options?.signal;
      await this.clock.sleep(delayMs(), signal);
      if (signal?.aborted) throw new KubeError(0, 'Aborted', 'aborted');
      const wrong = fault();
      if (wrong !== undefined) throw wrong;
      const answer = act();
      await this.clock.sleep(delayMs(), signal);
      if (signal?.aborted) throw new KubeError(0, 'Aborted', 'aborted');
      return answer;
    };
    return {
      name: 'test',
      get: (_path, options) =>
        call(() => {
          if (this.lease === undefined) throw new KubeError(404, 'NotFound', 'no lease');
          return this.#shown();
        }, options),
      create: (_path, body, options) =>
        call(() => {
          if (this.lease !== undefined) throw new KubeError(409, 'AlreadyExists', 'there is one');
          return this.#store(specOf(body), annotationsOf(body));
        }, options),
      patch: (_path, body, options) =>
        call(() => {
          if (this.lease === undefined) throw new KubeError(404, 'NotFound', 'no lease');
          if (String(this.lease.version) !== versionIn(body)) throw new KubeError(409, 'Conflict', 'another version');
          return this.#store(
            { ...this.lease.spec, ...specOf(body) },
            { ...this.lease.annotations, ...annotationsOf(body) },
          );
        }, options),
    };
  }

  #store(spec: JsonObject, annotations: JsonObject): JsonObject {
    this.lease = { version: ++this.#versions, spec, annotations };
    this.writes.push({ atMs: this.clock.now(), holder: spec.holderIdentity });
    return this.#shown();
  }

  #shown(): JsonObject {
    const { version, spec = {}, annotations = {} } = this.lease ?? {};
    return { metadata: { name: 'l', resourceVersion: String(version), annotations }, spec };
  }
}

function specOf(body: unknown): JsonObject {
  return Object(body).spec;
}

function annotationsOf(body: unknown): JsonObject {
  return Object(body).metadata.annotations ?? {};
}

function versionIn(body: unknown): string {
  return Object(body).metadata.resourceVersion;
}
