import type { LocatedObject } from '../../model/index.ts';
import { ObjectReader, type ReadResult } from './object-reader.ts';
import type { KubernetesReadOptions } from './options.ts';

/** Reads objects once. Pure: never throws for what objects contain; every wrong value is a problem of its service. Repeated reads are cheaper with an ObjectReader. */
export function readObjects(objects: readonly LocatedObject[], options: KubernetesReadOptions): ReadResult {
  return new ObjectReader(options).read(objects);
}
