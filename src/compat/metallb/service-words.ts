import { type ErrorCode, suggestion } from '../../model/index.ts';
import type { PeerAnnotations } from '../reader.ts';
import { annotationTable, faultOf, prefixes } from './annotation-table.ts';

/** What a Service asks of MetalLB's pools. */
export interface ServiceWords {
  readonly pool?: string;
  /** Addresses asked for by name; none: any will do. */
  readonly list: readonly string[];
  readonly shareKey?: string;
  /** `address.pool` → the annotation or field that says so. */
  readonly origin: Readonly<Record<string, string>>;
  readonly findings: readonly WordFinding[];
  /** Something cannot be read, so it is not known what is asked for: the Service must wait. */
  readonly refused: boolean;
}

export interface WordFinding {
  readonly code: ErrorCode;
  /** Key of the annotation. */
  readonly name: string;
  readonly value?: unknown;
  /** A clause that follows the name. */
  readonly reason: string;
}

type Key = keyof typeof annotationTable;

/** The annotations of a Service, and its spec.loadBalancerIP beside them. */
export function readServiceWords(annotations: PeerAnnotations, loadBalancerIp: string | undefined): ServiceWords {
  const findings: WordFinding[] = [];
  for (const name of annotations.keys()) tellUnknown(name, findings);
  const take = (key: Key): { readonly name: string; readonly text: string } | undefined => {
    const name = prefixes.map((prefix) => prefix + key).find((one) => annotations.has(one));
    if (name === undefined) return undefined;
    const value = annotations.get(name);
    const fault = typeof value === 'string' ? faultOf(key, value) : 'must be a text; put it in quotes';
    // An empty one asks for nothing, as there.
    if (value === '') return undefined;
    if (fault === undefined && typeof value === 'string') return { name, text: value };
    const told = typeof value === 'object' ? {} : { value };
    const reason = `${fault}; the Service gets no other address until then`;
    findings.push({ code: 'E_ANNOTATION_VALUE', name, ...told, reason });
    return undefined;
  };
  const pool = take('address-pool');
  const asked = take('loadBalancerIPs');
  const share = take('allow-shared-ip');
  if (asked !== undefined && loadBalancerIp !== undefined) {
    const reason = 'and spec.loadBalancerIP are both given; keep one of them';
    findings.push({ code: 'E_ANNOTATION_VALUE', name: asked.name, value: asked.text, reason });
  }
  const list =
    asked?.text.split(',').map((part) => part.trim()) ?? (loadBalancerIp === undefined ? [] : [loadBalancerIp]);
  return {
    ...(pool === undefined ? {} : { pool: pool.text }),
    list,
    ...(share === undefined ? {} : { shareKey: share.text }),
    origin: {
      ...(pool === undefined ? {} : { 'address.pool': pool.name }),
      ...(loadBalancerIp === undefined ? {} : { 'address.list': 'spec.loadBalancerIP' }),
      ...(asked === undefined ? {} : { 'address.list': asked.name }),
    },
    findings,
    refused: findings.some(({ code }) => code === 'E_ANNOTATION_VALUE'),
  };
}

function tellUnknown(name: string, findings: WordFinding[]): void {
  const prefix = prefixes.find((one) => name.startsWith(one));
  if (prefix === undefined || Object.hasOwn(annotationTable, name.slice(prefix.length))) return;
  const known = Object.keys(annotationTable).map((key) => prefix + key);
  const reason = `is not known and has no effect${suggestion(name, known)}`;
  findings.push({ code: 'W_ANNOTATION_IGNORED', name, reason });
}
