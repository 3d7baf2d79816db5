import { type BcsOptions, type BcsResult, isBcsObject, readBcs, standsAlone } from '../../compat/bcs/index.ts';
import type { AnnounceRule } from '../../model/announcement.ts';
import { type LocatedObject, problemAt } from '../../model/located.ts';
import type { KnownNamespace, Pool } from '../../model/pool.ts';
import type { Problem } from '../../model/problem.ts';
import { changedSpan, Remade } from '../../model/remade.ts';
import type { ExportedService, Node } from '../../model/service.ts';
import type { ObjectReader } from '../kubernetes/index.ts';
import { isWeirObject, type WeirOptions, type WeirResult } from '../weir/index.ts';
import { WeirObject } from './weir-object.ts';

export interface ReadObjects {
  /** In order of file and place. */
  readonly services: readonly ExportedService[];
  readonly nodes: readonly Node[];
  /** The same array while they are the same. */
  readonly pools: readonly Pool[];
  readonly announcements: readonly AnnounceRule[];
  readonly namespaces: readonly KnownNamespace[];
  readonly problems: readonly Problem[];
  readonly secrets: ReadonlyMap<string, string>;
  /** Kind → objects of kinds that weir has no use for. */
  readonly skipped: Readonly<Record<string, number>>;
}

export interface ObjectOptions {
  readonly bcs: BcsOptions;
  readonly weir: WeirOptions;
  /** Another number when a certificate may be another one than it was. */
  readonly certificatesVersion: () => number;
  readonly kubernetes: ObjectReader;
}

/** One object, and what it comes to where no other has to join it. */
interface Reading {
  readonly located: LocatedObject;
  readonly form: Form;
  readonly alone?: { readonly result: WeirResult | BcsResult };
}

/** Reads all objects of a source, each by the reader of its kind, again and again: an object that is the same is not read twice. */
export class Objects {
  private readonly options: ObjectOptions;
  private readonly readings = new Remade<LocatedObject, Reading>();
  /** The objects of the last reading, in its order. */
  private last: readonly LocatedObject[] = [];
  /** Readings of objects that no list was read with yet. */
  private prepared = new Map<LocatedObject, Reading>();

  constructor(options: ObjectOptions) {
    this.options = options;
  }

  /** Does what `read` would do for objects that are new, one with each step: thousands at once would hold up everything else. */
  *prepare(objects: readonly LocatedObject[]): Generator<undefined, void> {
    const { from, nowEnd } = changedSpan(this.last, objects);
    const before = new Set(nowEnd - from > 1 ? this.last : []);
    for (let i = from; i < nowEnd; i++) {
      const located = objects[i];
      if (located === undefined || before.has(located) || this.prepared.has(located)) continue;
      const reading = this.begin(located);
      // What it comes to is remembered by the reading itself.
      void reading.alone?.result;
      if (reading.form === 'kubernetes') this.options.kubernetes.prepare(located);
      this.prepared.set(located, reading);
      yield;
    }
  }

  /** Kubernetes and Mesos objects join across files. */
  read(objects: readonly LocatedObject[], nowMs: number): ReadObjects {
    const { prepared } = this;
    const begin = (one: LocatedObject): Reading => prepared.get(one) ?? this.begin(one);
    const services: ExportedService[] = [];
    const problems: Problem[] = [];
    const bcs: LocatedObject[] = [];
    const kubernetes: LocatedObject[] = [];
    for (const { located, form, alone } of this.readings.of(objects, begin)) {
      if (alone !== undefined) {
        const { result } = alone;
        for (const service of result.services) services.push(service);
        for (const problem of result.problems) problems.push(problem);
      } else if (form === 'bcs') bcs.push(located);
      else if (form === 'kubernetes') kubernetes.push(located);
      else problems.push(unknownKind(located));
    }
    this.last = objects;
    this.prepared = new Map();
    const fromBcs = readBcs(bcs, this.options.bcs);
    const fromKubernetes = this.options.kubernetes.read(kubernetes, nowMs);
    const joined = [...fromBcs.services, ...fromKubernetes.services];
    return {
      // What no other object has to join comes in order.
      services: joined.length === 0 ? services : inReadingOrder([...services, ...joined], objects),
      problems: [...problems, ...fromBcs.problems, ...fromKubernetes.problems],
      nodes: fromKubernetes.nodes,
      pools: fromKubernetes.pools,
      announcements: fromKubernetes.announcements,
      namespaces: fromKubernetes.namespaces,
      secrets: fromKubernetes.secrets,
      skipped: fromKubernetes.skipped,
    };
  }

  private begin(located: LocatedObject): Reading {
    const form = formOf(located.object);
    if (form === 'weir')
      return { located, form, alone: new WeirObject(located, this.options.weir, this.options.certificatesVersion) };
    if (form === 'alone') return { located, form, alone: { result: readBcs([located], this.options.bcs) } };
    return { located, form };
  }
}

function inReadingOrder(
  services: readonly ExportedService[],
  objects: readonly LocatedObject[],
): readonly ExportedService[] {
  const files = new Map<string, number>();
  for (const { file } of objects) if (!files.has(file)) files.set(file, files.size);
  const place = ({ origin }: ExportedService): number => files.get(origin.file ?? '') ?? files.size;
  return services.toSorted((a, b) => place(a) - place(b) || (a.origin.line ?? 0) - (b.origin.line ?? 0));
}

type Form = 'weir' | 'alone' | 'bcs' | 'kubernetes' | 'unknown';

/** Which reader an object is for. */
function formOf(object: unknown): Form {
  if (isWeirObject(object)) return 'weir';
  if (standsAlone(object)) return 'alone';
  if (isBcsObject(object)) return 'bcs';
  return isKubernetesObject(object) ? 'kubernetes' : 'unknown';
}

function isKubernetesObject(object: unknown): boolean {
  return typeof object === 'object' && object !== null && 'apiVersion' in object && 'kind' in object;
}

function unknownKind(located: LocatedObject): Problem {
  const { object } = located;
  const kind = typeof object === 'object' && object !== null && 'kind' in object ? object.kind : undefined;
  return problemAt(located, {
    code: 'E_OBJECT_KIND',
    path: kind === undefined ? [] : ['kind'],
    reason:
      'is of no kind that weir reads: an ExportedService (with http or ports), a Kubernetes manifest (apiVersion and kind), or BCS JSON (serviceName and ports)',
    ...(kind === undefined ? {} : { value: kind }),
  });
}
