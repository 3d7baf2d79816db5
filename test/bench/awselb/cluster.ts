import type { ExportedService, LocatedObject, Problem, Snapshot, Source } from '../../../src/model/index.ts';
import {
  ownController,
  readAuthorities,
  readCertificateFacts,
  readObjects,
  sha256,
} from '../../../src/sources/kubernetes/index.ts';
import type { Manifest } from './manifests.ts';

interface Part {
  readonly text: string;
  readonly services: readonly ExportedService[];
  readonly problems: readonly Problem[];
}

/** A cluster's objects as a source: parts that are put, changed and taken away by name, each read by the rules for Kubernetes manifests. */
export class Cluster implements Source {
  readonly name = 'cluster';
  readonly #parts = new Map<string, Part>();
  #snapshot: Snapshot | undefined;
  #changed: (cause: string) => void = () => {};

  /** A part that says the same as before is read all the same where `touched` is true: an informer would hand on a new object. */
  put(name: string, manifests: readonly Manifest[], touched = false): void {
    const text = JSON.stringify(manifests);
    if (this.#parts.get(name)?.text === text && !touched) return;
    const objects = manifests.map(
      (object, i): LocatedObject => ({
        object: structuredClone(object),
        file: `${name}.yaml`,
        document: i + 1,
        line: 1,
      }),
    );
    const { services, problems } = readObjects(objects, {
      source: this.name,
      nowMs: Date.parse('2026-06-01T00:00:00Z'),
      hash: sha256,
      certificate: readCertificateFacts,
      authorities: readAuthorities,
      controllers: [ownController, 'ingress.k8s.aws/alb'],
    });
    this.#parts.set(name, { text, services, problems });
  }

  get names(): readonly string[] {
    return [...this.#parts.keys()];
  }

  remove(name: string): void {
    this.#parts.delete(name);
  }

  /** Hands on what was put since. */
  tell(cause: string): void {
    this.#snapshot = undefined;
    this.#changed(cause);
  }

  get problems(): readonly Problem[] {
    return [...this.#parts.values()].flatMap(({ problems }) => problems);
  }

  async read(): Promise<Snapshot> {
    this.#snapshot ??= {
      services: [...this.#parts.values()].flatMap(({ services }) => services),
      nodes: [],
      problems: this.problems,
      incomplete: [],
    };
    return this.#snapshot;
  }

  async watch(changed: (cause: string) => void, signal: AbortSignal): Promise<void> {
    this.#changed = changed;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }

  async secret(): Promise<string | undefined> {
    return undefined;
  }
}
