/** An object as a file gave it, with the place where it stands: what every reader takes and every message points to. */
import type { ErrorCode } from './errors.ts';
import { type Problem, shown } from './problem.ts';
import type { ServiceId } from './service.ts';

export interface Position {
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
}

/** Keys and indexes from the object's root to a field. */
export type FieldPath = readonly (string | number)[];

export interface LocatedObject {
  /** Plain parsed data of unknown shape; never trusted. */
  readonly object: unknown;
  /** Path as it shall be shown, e.g. `shop.yaml`; empty for objects that come from no file. */
  readonly file: string;
  /** 1-based number of the document (or of the element of an array or list) in the file. */
  readonly document: number;
  /** 1-based line at which the object begins. */
  readonly line: number;
  /** Where a field stands, or the nearest parent that exists; undefined where positions are not known. */
  readonly position?: (path: FieldPath) => Position | undefined;
}

/** `file.yaml#2`: how an object is named in problems. */
export function locate(located: Pick<LocatedObject, 'file' | 'document'>): string {
  return `${located.file}#${located.document}`;
}

/** `spec.ports[0].port`: how a field is named in problems. Keys that are not plain words are quoted. */
export function fieldName(path: FieldPath): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(key)) text += text === '' ? key : `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text;
}

/** What is wrong with one field of a located object. */
export interface Complaint {
  readonly code: ErrorCode;
  /** Field that is wrong; empty: the object itself. */
  readonly path: FieldPath;
  /** Clause that follows the field's name, e.g. `must be a whole number from 1 to 65535`. */
  readonly reason: string;
  /** The offending value; never a secret. */
  readonly value?: unknown;
  /** The object as its owner calls it, e.g. `ExportedService shop/web`. */
  readonly subject?: string;
  readonly service?: ServiceId;
}

/** The problem of a field in one sentence, with object, field, value and place. Codes that begin with W_ are warnings. */
export function problemAt(located: LocatedObject, complaint: Complaint): Problem {
  const { code, path, reason, service } = complaint;
  const field = shown(fieldName(path));
  const value = complaint.value === undefined ? undefined : shown(complaint.value);
  const quoted = typeof complaint.value === 'string' ? JSON.stringify(value) : value;
  const position = located.position?.(path);
  const parts = [
    field === '' && complaint.subject === undefined ? 'the object' : field,
    reason,
    quoted && `(is ${quoted})`,
  ];
  const sentence = parts.filter((part) => part !== undefined && part !== '').join(' ');
  return {
    code,
    severity: code.startsWith('W_') ? 'warning' : 'error',
    source: locate(located),
    ...(service === undefined ? {} : { service }),
    ...(field === '' ? {} : { field }),
    ...(value === undefined ? {} : { value }),
    message: complaint.subject === undefined ? sentence : `${complaint.subject}: ${sentence}`,
    ...(located.file === '' ? {} : { file: located.file, line: position?.line ?? located.line }),
    ...(located.file === '' || position === undefined ? {} : { column: position.column }),
  };
}
