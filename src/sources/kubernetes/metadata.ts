import type { LocatedObject, Problem, ServiceId } from '../../model/index.ts';
import { ownPrefix } from '../../model/prefix.ts';
import { accept, isSafeText, type Parsed, parseName, refuse } from '../../net/index.ts';
import { Field, type Notes } from './field.ts';
import { placeOf } from './place.ts';

/** What objects of every kind carry. */
export interface Metadata {
  /** Empty for cluster-wide kinds. */
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  readonly createdMs?: number;
  readonly revision?: string;
  /** A deletion has been asked for; only finalizers keep the object. */
  readonly deleting: boolean;
  /** Finalizers of a weir, not necessarily of this one; absent: none. */
  readonly finalizers?: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** What is needed of an object that only adds to others: which of several of one name is in force. */
export type NameOnly = Pick<Metadata, 'namespace' | 'name' | 'createdMs'>;

export function nameOnly({ namespace, name, createdMs }: Metadata): NameOnly {
  return createdMs === undefined ? { namespace, name } : { namespace, name, createdMs };
}

/** An object of which the metadata is read. Without `meta` it has no usable name and must be left alone. */
export interface Opened {
  readonly root: Field;
  readonly meta: Metadata | undefined;
  readonly notes: Notes;
}

/** What a reader of one kind answers: a typed, validated view unless the object cannot be used at all, and what is wrong with it. */
export interface Reading<View> {
  readonly view?: View;
  readonly problems: readonly Problem[];
}

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const labelKey = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A DNS subdomain in lower case (RFC 1123): how the API names objects. Refuses `..`. */
export function parseObjectName(value: unknown): Parsed<string> {
  const name = parseName(value);
  if (!name.ok) return name;
  return name.value.split('.').every((part) => label.test(part))
    ? name
    : refuse('E_NAME', 'must be a DNS name of lower-case letters, digits, - and .');
}

/** A namespace: one DNS label in lower case. */
export function parseNamespace(value: unknown): Parsed<string> {
  const name = parseName(value);
  if (!name.ok) return name;
  return label.test(name.value) ? name : refuse('E_NAME', 'must be one DNS label of lower-case letters, digits and -');
}

/** A class name: a name, or `domain/name` as loadBalancerClass has it. */
export function parseClassName(value: unknown): Parsed<string> {
  if (typeof value !== 'string') return refuse('E_FIELD_TYPE', 'must be a text');
  return value.length <= 253 && labelKey.test(value) && !value.includes('..')
    ? accept(value)
    : refuse('E_NAME', 'must be a class name such as internal or example.com/internal');
}

/** Reads the metadata of an object. `serviceId` names the exported service that a usable object would become. */
export function openObject(
  located: LocatedObject,
  kind: string,
  options: {
    readonly clusterWide?: boolean;
    readonly secret?: boolean;
    readonly serviceId?: (meta: Metadata) => ServiceId;
  } = {},
): Opened {
  const problems: Problem[] = [];
  const raw = new Field({ place: placeOf(located, kind, '', ''), problems }, located.object).at('metadata');
  const text = (key: string): string => {
    const { value } = raw.at(key);
    return typeof value === 'string' ? value : '';
  };
  const clusterWide = options.clusterWide === true;
  const namespace = clusterWide ? '' : text('namespace') || 'default';
  const named = placeOf(located, kind, namespace, text('name') || '(no name)');
  const place = options.secret === true ? named.with({ secret: true }) : named;
  const notes: Notes = { place, problems };
  const meta = readMetadata(new Field(notes, located.object), clusterWide);
  if (meta === undefined || options.serviceId === undefined) {
    return { root: new Field(notes, located.object), meta, notes };
  }
  const service = options.serviceId(meta);
  const owned: Notes = { place: place.with({ service }), problems };
  for (const [i, problem] of problems.entries()) problems[i] = { ...problem, service };
  return { root: new Field(owned, located.object), meta, notes: owned };
}

function readMetadata(root: Field, clusterWide: boolean): Metadata | undefined {
  const metadata = root.at('metadata');
  if (!metadata.present) return metadata.refuse('E_FIELD_MISSING', 'is missing; write at least metadata.name');
  if (!metadata.isObject()) return undefined;
  const name = metadata.at('name').required(parseObjectName);
  const given = metadata.at('namespace');
  const namespace = clusterWide ? '' : given.present && given.value !== '' ? given.parse(parseNamespace) : 'default';
  if (name === undefined || namespace === undefined) return undefined;
  const uid = readUid(metadata.at('uid').value);
  const created = metadata.at('creationTimestamp').value;
  const createdMs =
    typeof created === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(created)
      ? Date.parse(created)
      : Number.NaN;
  const revision = metadata.at('resourceVersion').value;
  return {
    namespace,
    name,
    ...(uid === undefined ? {} : { uid }),
    ...(Number.isNaN(createdMs) ? {} : { createdMs }),
    ...(typeof revision === 'string' && /^[\w.-]{1,64}$/.test(revision) ? { revision } : {}),
    deleting: metadata.at('deletionTimestamp').present,
    ...readFinalizers(metadata.at('finalizers').value),
    labels: readLabels(metadata.at('labels')),
  };
}

/** Names of files and resources were built from UIDs elsewhere (CVE-2025-1098): anything that is no UUID does not exist. */
function readUid(value: unknown): string | undefined {
  if (typeof value !== 'string' || !uuid.test(value)) return undefined;
  const lower = value.toLowerCase();
  // The very same text is not kept twice.
  return lower === value ? value : lower;
}

function readFinalizers(value: unknown): Pick<Metadata, 'finalizers'> {
  const all: readonly unknown[] = Array.isArray(value) ? value : [];
  const own = all.flatMap((one) => (typeof one === 'string' && one.startsWith(ownPrefix) ? [one] : []));
  return own.length === 0 ? {} : { finalizers: own };
}

/** Labels that could not be labels are left out and told; plain numbers and truth values are read as the text that was meant. */
function readLabels(field: Field): Readonly<Record<string, string>> {
  const labels: [string, string][] = [];
  for (const [key, entry] of field.entries()) {
    if (!entry.present) continue;
    const value =
      typeof entry.value === 'number' || typeof entry.value === 'boolean' ? String(entry.value) : entry.value;
    if (key.length > 317 || !labelKey.test(key)) entry.refuse('E_NAME', 'is not a label name and is left out');
    else if (typeof value !== 'string') entry.refuse('E_FIELD_TYPE', 'must be a text; the label is left out');
    else if (value.length > 253 || !isSafeText(value))
      entry.refuse('E_TEXT_UNSAFE', 'must be a short text without control characters; the label is left out');
    else labels.push([key, value]);
  }
  return Object.fromEntries(labels);
}
