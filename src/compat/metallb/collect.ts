import type { ZodType, z } from 'zod';
import type { FieldPath, KnownNamespace, Pool } from '../../model/index.ts';
import type { PeerMeta } from '../reader.ts';
import { type Known, readSpec, type SpecFinding, unknownFields } from './read-spec.ts';

/** An object of MetalLB, or one that it asks about. */
export interface MetallbObject {
  /** group/Kind. */
  readonly type: string;
  readonly meta: PeerMeta;
  /** Plain data of any shape. */
  readonly spec: unknown;
}

export interface MetallbFinding<T> extends SpecFinding {
  readonly about: T;
}

export interface MetallbOptions<T> {
  readonly namespaces: readonly KnownNamespace[];
  /** Where MetalLB's objects stand: what stands elsewhere may be anybody's. Absent: anywhere. */
  readonly home?: string;
  /** How messages of pools name an object. */
  readonly placeOf: (object: T) => Pick<Pool, 'source' | 'file' | 'line' | 'fields'>;
  /** By what addresses are announced here: objects for something else are kept, and that is told. */
  readonly announces: readonly ('layer2' | 'bgp')[];
}

/** Objects read one by one: the usable ones with their values, and what is wrong with any. */
export class Collector<T extends MetallbObject> {
  readonly findings: MetallbFinding<T>[] = [];
  readonly #objects: readonly T[];
  readonly #home: string | undefined;

  constructor(objects: readonly T[], home: string | undefined) {
    this.#objects = objects;
    this.#home = home;
  }

  tell(about: T, finding: SpecFinding): void {
    this.findings.push({ ...finding, about });
  }

  /** Those of a kind, by name. */
  of<S extends ZodType>(
    kind: string,
    schema: S,
    known: Known,
  ): readonly { readonly object: T; readonly name: string; readonly value: z.output<S> }[] {
    const type = `metallb.io/${kind}`;
    return this.#objects
      .filter((object) => object.type === type && this.#isHome(object))
      .sort((a, b) => order(a.meta, b.meta))
      .flatMap((object) => {
        const at: FieldPath = ['spec'];
        for (const finding of unknownFields(object.spec, known, at)) this.tell(object, finding);
        const { value, findings } = readSpec(schema, object.spec, at);
        for (const finding of findings) this.tell(object, finding);
        return value === undefined ? [] : [{ object, name: object.meta.name, value }];
      });
  }

  #isHome(object: T): boolean {
    const { namespace } = object.meta;
    if (this.#home === undefined || namespace === this.#home) return true;
    const reason = `is not where the objects of MetalLB stand (${this.#home}), so the object is not used; move it there, or set poolsNamespace of the source`;
    this.tell(object, { code: 'E_FIELD_VALUE', path: ['metadata', 'namespace'], value: namespace, reason });
    return false;
  }
}

function order(a: PeerMeta, b: PeerMeta): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.namespace < b.namespace ? -1 : 1;
}
