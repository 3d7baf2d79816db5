import { type ErrorCode, type FieldPath, type Problem, suggestion } from '../../model/index.ts';
import { type Parsed, safeText } from '../../net/index.ts';
import { type Place, problemAt } from './place.ts';

/** What is known about one object while it is read. */
export interface Notes {
  readonly place: Place;
  readonly problems: Problem[];
}

/** Plain data only: no class instance of a parser passes for an object. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/**
 * One value inside an object together with its path. Every read answers a typed value, or notes a problem and answers undefined.
 * As in the Kubernetes API, null is the same as absent, and an absent value is no problem unless it is `required`.
 */
export class Field {
  readonly notes: Notes;
  readonly value: unknown;
  readonly #parent: Field | undefined;
  readonly #key: string | number;

  constructor(notes: Notes, value: unknown, parent?: Field, key: string | number = '') {
    this.notes = notes;
    this.value = value;
    this.#parent = parent;
    this.#key = key;
  }

  get path(): FieldPath {
    // Lists that have grown keep room for many more.
    return this.#parent === undefined ? [] : this.#parent.path.concat(this.#key);
  }

  get present(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** A field of this object; absent when this is absent. Inherited properties do not exist. */
  at(key: string): Field {
    const { value } = this;
    return new Field(this.notes, isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined, this, key);
  }

  /** True when this is an object; anything else that is present is a problem. */
  isObject(): boolean {
    if (isRecord(this.value)) return true;
    if (this.present) this.refuse('E_FIELD_TYPE', 'must be an object');
    return false;
  }

  /** The elements of a list; none when absent. */
  items(): readonly Field[] {
    if (!this.present) return [];
    if (!Array.isArray(this.value)) {
      this.refuse('E_FIELD_TYPE', 'must be a list');
      return [];
    }
    return this.value.map((item: unknown, i) => new Field(this.notes, item, this, i));
  }

  /** The fields of an object; none when absent. */
  entries(): readonly (readonly [string, Field])[] {
    return this.isObject() && isRecord(this.value)
      ? Object.entries(this.value).map(([key, value]) => [key, new Field(this.notes, value, this, key)] as const)
      : [];
  }

  parse<T>(parser: (value: unknown) => Parsed<T>): T | undefined {
    if (!this.present) return undefined;
    const parsed = parser(this.value);
    return parsed.ok ? parsed.value : this.refuse(parsed.code, parsed.reason);
  }

  required<T>(parser: (value: unknown) => Parsed<T>, reason = 'is missing'): T | undefined {
    return this.present ? this.parse(parser) : this.refuse('E_FIELD_MISSING', reason);
  }

  text(maxLength?: number): string | undefined {
    return this.parse((value) => safeText(value, maxLength));
  }

  boolean(): boolean | undefined {
    if (!this.present || typeof this.value === 'boolean')
      return this.value === true ? true : this.present ? false : undefined;
    return this.refuse('E_FIELD_TYPE', 'must be true or false');
  }

  integer(min: number, max: number): number | undefined {
    if (!this.present) return undefined;
    const { value } = this;
    if (typeof value !== 'number') return this.refuse('E_FIELD_TYPE', `must be a whole number from ${min} to ${max}`);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    return this.refuse('E_FIELD_VALUE', `must be a whole number from ${min} to ${max}`);
  }

  oneOf<T extends string>(allowed: readonly T[]): T | undefined {
    if (!this.present) return undefined;
    const found = allowed.find((candidate) => candidate === this.value);
    if (found !== undefined) return found;
    const near = typeof this.value === 'string' ? suggestion(this.value, allowed) : '';
    return this.refuse('E_FIELD_VALUE', `must be one of ${allowed.join(', ')}${near}`);
  }

  /** Notes a problem about this value. Answers undefined so that a reader can return it. */
  refuse(code: ErrorCode, reason: string): undefined {
    const value = isRecord(this.value) || Array.isArray(this.value) ? undefined : (this.value ?? undefined);
    this.notes.problems.push(problemAt(this.notes.place, { code, path: this.path, value, reason }));
    return undefined;
  }
}
