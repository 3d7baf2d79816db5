/** An ExportService of either version, and a Mesos service joined with its task groups, in one shape: what the model is made of. */
import type { FieldPath, LocatedObject } from '../../model/located.ts';
import { type Fields, fieldsOf, listAt, textAt, textsAt, writtenName } from './fields.ts';

export interface ExportService {
  readonly located: LocatedObject;
  readonly kind: 'ExportService' | 'Service';
  readonly namespace: unknown;
  readonly name: unknown;
  readonly namePath: FieldPath;
  readonly cluster: string;
  readonly created: string;
  readonly revision: string;
  readonly labels: ReadonlyMap<string, string>;
  /** undefined: not exported to any group. */
  readonly groups: readonly unknown[] | undefined;
  /** By label of the backend. */
  readonly weights: ReadonlyMap<string, Weight>;
  readonly balance: unknown;
  readonly balancePath: FieldPath;
  readonly maxconn: unknown;
  readonly ports: readonly ExportPort[];
}

export interface Weight {
  readonly value: unknown;
  readonly path: FieldPath;
}

export interface ExportPort {
  readonly path: FieldPath;
  /** Name of the field of the host: BCSVHost or domainName. */
  readonly hostField: string;
  readonly name: string;
  readonly host: unknown;
  readonly urlPath: unknown;
  readonly protocol: unknown;
  readonly port: unknown;
  readonly backends: readonly ExportBackend[];
}

export interface ExportBackend {
  readonly path: FieldPath;
  readonly address: unknown;
  readonly port: unknown;
  readonly labels: readonly string[];
}

/** Version 2, and version 1 with its list of addresses and one target port for each port. */
export function parseExportService(located: LocatedObject): ExportService {
  const fields = fieldsOf(located.object);
  const meta = fieldsOf(fields?.get('metadata'));
  const at = (name: string): string => writtenName(located.object, name);
  const weightsPath = at('serviceWeight');
  const weights = fieldsOf(fields?.get('serviceweight')) === undefined ? {} : fields?.get('serviceweight');
  return {
    located,
    kind: 'ExportService',
    namespace: fields?.get('namespace') ?? meta?.get('namespace'),
    name: fields?.get('servicename') ?? meta?.get('name'),
    namePath: [at('serviceName')],
    cluster: textAt(fields, 'cluster'),
    created: textAt(meta, 'creationTimestamp'),
    revision: textAt(fields, 'updateTime'),
    labels: textsAt(meta, 'labels'),
    groups: Array.isArray(fields?.get('bcsgroup')) ? listAt(fields, 'bcsgroup') : undefined,
    weights: new Map(
      Object.entries(weights ?? {}).map(([label, value]) => [label, { value, path: [weightsPath, label] }]),
    ),
    balance: fields?.get('balance'),
    balancePath: [at('balance')],
    maxconn: fields?.get('maxconn'),
    ports: listAt(fields, 'ports').map((port, i) => parsePortOf(port, [at('ports'), i])),
  };
}

function parsePortOf(value: unknown, path: FieldPath): ExportPort {
  const fields = fieldsOf(value);
  return {
    path,
    hostField: writtenName(value, 'BCSVHost'),
    name: textAt(fields, 'name'),
    host: fields?.get('bcsvhost'),
    urlPath: fields?.get('path'),
    protocol: fields?.get('protocol'),
    port: fields?.get('serviceport'),
    backends: [...parseBackends(value, fields, path), ...parseFirstVersion(value, fields, path)],
  };
}

function parseBackends(port: unknown, fields: Fields | undefined, path: FieldPath): readonly ExportBackend[] {
  const name = writtenName(port, 'backends');
  return listAt(fields, 'backends').map((backend, i) => {
    const inner = fieldsOf(backend);
    const labels = listAt(inner, 'label').filter((label) => typeof label === 'string');
    return { path: [...path, name, i], address: inner?.get('targetip'), port: inner?.get('targetport'), labels };
  });
}

function parseFirstVersion(port: unknown, fields: Fields | undefined, path: FieldPath): readonly ExportBackend[] {
  const name = writtenName(port, 'backend');
  const shared = fields?.get('targetport');
  return listAt(fields, 'backend').map((address, i) => ({
    path: [...path, name, i],
    address,
    port: shared,
    labels: [],
  }));
}
