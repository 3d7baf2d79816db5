import { suggestion } from '../../model/index.ts';
import { parseHost, parseName } from '../../net/index.ts';
import { orNone } from './canonical.ts';
import { Field } from './field.ts';
import type { Metadata } from './metadata.ts';

/** The BCS form of an exported Kubernetes Service: annotation or label `bcs-loadbalance.bk`, with BCSVHost and BCSGROUP. */
export interface BcsExport {
  readonly vhost?: string;
  readonly groups: readonly string[];
  readonly refused: boolean;
}

export const bcsAnnotation = 'bcs-loadbalance.bk';

/**
 * The annotation (BCS documents it below `metadata.annotation`, too) or label holds JSON, `{"BCSVHost": "www.shop.test", "BCSGROUP": ["external"]}`,
 * or any other text. What that does not say annotations and labels of those names do. Names are read in any case, as in files of BCS.
 */
export function readBcsExport(metadata: Field, meta: Metadata): BcsExport | undefined {
  const labels = new Field(metadata.notes, meta.labels, metadata, 'labels');
  const places = [metadata.at('annotations'), metadata.at('annotation'), labels];
  const field = places.map((place) => place.at(bcsAnnotation)).find(({ present }) => present);
  if (field === undefined) return undefined;
  const { problems } = field.notes;
  const before = problems.length;
  const data = readData(field, metadata);
  const [hostField, groupsField] = names.map((name) => named([data, ...places], name));
  const vhost = hostField !== undefined && hostField.value !== '' ? hostField.parse(parseHost) : undefined;
  const groups = orNone(groupsField === undefined ? [] : readGroups(groupsField));
  const refused = problems.length > before;
  tellUnknown(data);
  return vhost === undefined ? { groups, refused } : { vhost, groups, refused };
}

const names = ['BCSVHost', 'BCSGROUP'] as const;

function named(places: readonly Field[], name: (typeof names)[number]): Field | undefined {
  const fields = places.flatMap((place) => (place.present ? place.entries() : []));
  return fields.find(([key, { present }]) => present && key.toLowerCase() === name.toLowerCase())?.[1];
}

function tellUnknown(data: Field): void {
  for (const [key, field] of data.present ? data.entries() : []) {
    if (names.some((name) => name.toLowerCase() === key.toLowerCase())) continue;
    field.refuse('W_ANNOTATION_IGNORED', `is not known and ignored${suggestion(key, names)}`);
  }
}

/** Absent where the text is no JSON. */
function readData(field: Field, metadata: Field): Field {
  const parent = (data: unknown) => new Field(field.notes, data, metadata, bcsAnnotation);
  if (typeof field.value !== 'string') return field.isObject() ? parent(field.value) : parent(undefined);
  if (!field.value.trim().startsWith('{')) return parent(undefined);
  try {
    const data: unknown = JSON.parse(field.value);
    return parent(data);
  } catch {
    field.refuse('E_ANNOTATION_VALUE', 'must be JSON such as {"BCSVHost": "www.shop.test", "BCSGROUP": ["external"]}');
    return parent(undefined);
  }
}

/** A list, or names with commas between them. */
function readGroups(field: Field): readonly string[] {
  if (typeof field.value === 'string') {
    const names = field.value.split(',').map((name) => name.trim());
    return names.flatMap((name) => (name === '' ? [] : (new Field(field.notes, name, field).parse(parseName) ?? [])));
  }
  return field.items().flatMap((item) => item.parse(parseName) ?? []);
}
