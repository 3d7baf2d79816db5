import { type BcsOptions, type BcsResult, isBcsObject, readBcs, standsAlone } from '../../compat/bcs/index.ts';
import { type LocatedObject, problemAt } from '../../model/located.ts';
import type { Problem } from '../../model/problem.ts';
import type { ExportedService, Node } from '../../model/service.ts';
import type { ObjectReader } from '../kubernetes/index.ts';
import { isWeirObject } from '../weir/index.ts';
import type { WeirCache } from './weir-cache.ts';

export interface ReadObjects {
  /** In order of file and place. */
  readonly services: readonly ExportedService[];
  readonly nodes: readonly Node[];
  readonly problems: readonly Problem[];
  readonly secrets: ReadonlyMap<string, string>;
  /** Kind → objects of kinds that weir has no use for. */
  readonly skipped: Readonly<Record<string, number>>;
}

export interface ObjectOptions {
  /** The same object at every reading: results are kept with it. */
  readonly bcs: BcsOptions;
  readonly weir: WeirCache;
  readonly kubernetes: ObjectReader;
  readonly nowMs: number;
}

/** All objects of a source, each by the reader of its kind. Kubernetes and Mesos objects join across files. */
export function readObjects(objects: readonly LocatedObject[], options: ObjectOptions): ReadObjects {
  const services: ExportedService[] = [];
  const problems: Problem[] = [];
  const bcs: LocatedObject[] = [];
  const kubernetes: LocatedObject[] = [];
  for (const located of objects) {
    const form = formOf(located);
    if (form === 'weir' || form === 'alone') {
      const result = form === 'weir' ? options.weir.read(located) : remember(located, options.bcs);
      services.push(...result.services);
      problems.push(...result.problems);
    } else if (form === 'bcs') bcs.push(located);
    else if (form === 'kubernetes') kubernetes.push(located);
    else problems.push(unknownKind(located));
  }
  const fromBcs = readBcs(bcs, options.bcs);
  const fromKubernetes = options.kubernetes.read(kubernetes, options.nowMs);
  const joined = [...fromBcs.services, ...fromKubernetes.services];
  return {
    // What no other object has to join comes in order.
    services: joined.length === 0 ? services : inReadingOrder([...services, ...joined], objects),
    problems: [...problems, ...fromBcs.problems, ...fromKubernetes.problems],
    nodes: fromKubernetes.nodes,
    secrets: fromKubernetes.secrets,
    skipped: fromKubernetes.skipped,
  };
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

const forms = new WeakMap<LocatedObject, Form>();

/** Which reader an object is for. */
function formOf(located: LocatedObject): Form {
  let form = forms.get(located);
  if (form === undefined) {
    form = recognise(located.object);
    forms.set(located, form);
  }
  return form;
}

function recognise(object: unknown): Form {
  if (isWeirObject(object)) return 'weir';
  if (standsAlone(object)) return 'alone';
  if (isBcsObject(object)) return 'bcs';
  return isKubernetesObject(object) ? 'kubernetes' : 'unknown';
}

const known = new WeakMap<BcsOptions, WeakMap<LocatedObject, BcsResult>>();

/** An object that stands alone is read once for each source. */
function remember(located: LocatedObject, options: BcsOptions): BcsResult {
  const results = known.get(options) ?? new WeakMap<LocatedObject, BcsResult>();
  known.set(options, results);
  const result = results.get(located) ?? readBcs([located], options);
  results.set(located, result);
  return result;
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
