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
    if (isWeirObject(located.object)) {
      const result = options.weir.read(located);
      services.push(...result.services);
      problems.push(...result.problems);
    } else if (standsAlone(located.object)) {
      const result = remember(located, options.bcs);
      services.push(...result.services);
      problems.push(...result.problems);
    } else if (isBcsObject(located.object)) bcs.push(located);
    else if (isKubernetesObject(located.object)) kubernetes.push(located);
    else problems.push(unknownKind(located));
  }
  const fromBcs = readBcs(bcs, options.bcs);
  const fromKubernetes = options.kubernetes.read(kubernetes, options.nowMs);
  services.push(...fromBcs.services, ...fromKubernetes.services);
  problems.push(...fromBcs.problems, ...fromKubernetes.problems);
  const order = new Map([...new Set(objects.map(({ file }) => file))].map((file, i) => [file, i]));
  const place = ({ origin }: ExportedService): number => order.get(origin.file ?? '') ?? order.size;
  services.sort((a, b) => place(a) - place(b) || (a.origin.line ?? 0) - (b.origin.line ?? 0));
  return { services, problems, nodes: fromKubernetes.nodes, secrets: fromKubernetes.secrets };
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
