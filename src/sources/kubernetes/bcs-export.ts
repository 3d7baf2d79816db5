import { parseHost, parseName } from '../../net/index.ts';
import { orNone } from './canonical.ts';
import { Field } from './field.ts';
import type { Metadata } from './metadata.ts';

/** The BCS form of an exported Kubernetes Service: annotation `bcs-loadbalance.bk` with BCSVHost and BCSGROUP. */
export interface BcsExport {
  readonly vhost?: string;
  readonly groups: readonly string[];
  readonly refused: boolean;
}

export const bcsAnnotation = 'bcs-loadbalance.bk';

/**
 * The annotation holds JSON, `{"BCSVHost": "www.shop.test", "BCSGROUP": ["external"]}`; with any other text the labels BCSVHost and
 * BCSGROUP are read. BCS documents the key below `metadata.annotation` as well.
 */
export function readBcsExport(metadata: Field, meta: Metadata): BcsExport | undefined {
  const plural = metadata.at('annotations').at(bcsAnnotation);
  const field = plural.present ? plural : metadata.at('annotation').at(bcsAnnotation);
  if (!field.present) return undefined;
  const { problems } = field.notes;
  const before = problems.length;
  const data = readData(field, metadata, meta);
  const hostField = data.at('BCSVHost');
  const vhost = hostField.present && hostField.value !== '' ? hostField.parse(parseHost) : undefined;
  const groups = orNone(readGroups(data.at('BCSGROUP')));
  const refused = problems.length > before;
  return vhost === undefined ? { groups, refused } : { vhost, groups, refused };
}

function readData(field: Field, metadata: Field, meta: Metadata): Field {
  if (typeof field.value === 'string' && !field.value.trim().startsWith('{')) {
    return new Field(field.notes, meta.labels, metadata, 'labels');
  }
  const parent = new Field(field.notes, field.value, metadata, bcsAnnotation);
  if (typeof field.value !== 'string') {
    parent.isObject();
    return parent;
  }
  try {
    const data: unknown = JSON.parse(field.value);
    return new Field(field.notes, data, metadata, bcsAnnotation);
  } catch {
    field.refuse('E_ANNOTATION_VALUE', 'must be JSON such as {"BCSVHost": "www.shop.test", "BCSGROUP": ["external"]}');
    return new Field(field.notes, undefined, metadata, bcsAnnotation);
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
