import type { LocatedObject } from '../../model/index.ts';
import { type Metadata, openObject, type Reading } from './metadata.ts';
import type { Place } from './place.ts';

/** A core/v1 ConfigMap as plain texts. They are input of tenants and not yet safe: whoever reads a key parses its value. */
export interface ConfigMapView {
  readonly kind: 'ConfigMap';
  readonly place: Place;
  readonly meta: Metadata;
  readonly data: ReadonlyMap<string, string>;
}

export function parseConfigMap(located: LocatedObject): Reading<ConfigMapView> {
  const { root, meta, notes } = openObject(located, 'ConfigMap');
  const { problems, place } = notes;
  if (meta === undefined) return { problems };
  const data = new Map<string, string>();
  for (const [key, field] of root.at('data').entries()) {
    if (typeof field.value === 'string') data.set(key, field.value);
    else field.refuse('E_FIELD_TYPE', 'must be a text; put it in quotes');
  }
  return { view: { kind: 'ConfigMap', place, meta, data }, problems };
}
