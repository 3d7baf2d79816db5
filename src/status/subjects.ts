import type { KubeObject, SeenKind } from '../kube/index.ts';
import type { Json } from '../model/index.ts';
import type { About } from './event-book.ts';
import { recordOf, textOf } from './known-object.ts';
import { isOlder, keyOf } from './known-objects.ts';
import type { Intent } from './status-intent.ts';

/** An object that Events are written about and no address: a pool, or who announces it. */
export interface Subject extends About {
  readonly resource: string;
  readonly resourceVersion: string;
  /** As it is, whoever wrote it. */
  readonly status: Readonly<Record<string, Json>>;
}

const group = 'metallb.io/';
const poolKind = 'IPAddressPool';

/** The objects of MetalLB in one cluster, each in the newest version that was seen. */
export class Subjects {
  readonly #all = new Map<string, Subject>();

  /** undefined: not one of them. */
  static read(object: KubeObject, { kind, apiVersion, resource }: SeenKind): Subject | undefined {
    if (!apiVersion.startsWith(group)) return undefined;
    const { name, namespace, uid, resourceVersion } = object.metadata;
    return {
      ...{ apiVersion, kind, resource, name },
      namespace: textOf(namespace),
      uid: textOf(uid),
      resourceVersion: textOf(resourceVersion),
      status: recordOf(object.status),
    };
  }

  get(key: string): Subject | undefined {
    return this.#all.get(key);
  }

  /** A watch may lag behind the answer to a write. */
  put(subject: Subject): void {
    const key = keyOf(subject);
    const known = this.#all.get(key);
    if (known?.uid === subject.uid && isOlder(subject.resourceVersion, known.resourceVersion)) return;
    this.#all.set(key, subject);
  }

  delete(key: string): boolean {
    return this.#all.delete(key);
  }

  /** Keys of pools. */
  pools(): readonly string[] {
    return [...this.#all].flatMap(([key, { kind }]) => (kind === poolKind ? [key] : []));
  }
}

/** What has to be written so that a pool says how full it is; undefined: nothing. Pure. */
export function subjectIntent(
  { uid, status }: Pick<Subject, 'uid' | 'status'>,
  wanted: Readonly<Record<string, Json>> | undefined,
): Intent | undefined {
  if (wanted === undefined || Object.entries(wanted).every(([name, value]) => status[name] === value)) return undefined;
  return { type: 'merge', subresource: 'status', body: { metadata: { uid }, status: wanted } };
}
