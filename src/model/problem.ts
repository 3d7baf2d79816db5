/** What is wrong with one object: data, never a throw. It stops that service and nothing else. */
import type { ErrorCode } from './errors.ts';
import type { ServiceId } from './service.ts';

export interface Problem {
  readonly code: ErrorCode;
  readonly severity: 'error' | 'warning';
  /** `file.yaml#2` (document number, 1-based) or `kind/namespace/name`. */
  readonly source: string;
  readonly service?: ServiceId;
  /** Path of the field or name of the annotation, e.g. `spec.ports[0].port`. */
  readonly field?: string;
  /** The offending value as text, shortened, control characters escaped; never a secret. */
  readonly value?: string;
  /** One sentence: what is wrong, what is allowed or what to do. */
  readonly message: string;
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  readonly column?: number;
}

/** A value shown in a message: at most 80 characters, control and bidirectional characters escaped. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const safe = text
    .toWellFormed()
    .replace(
      /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  // Cutting may split a pair of surrogates.
  return safe.length > 80 ? `${safe.slice(0, 77).toWellFormed()}...` : safe;
}
