import { closest } from '../../model/index.ts';
import { ownPrefix } from '../../model/prefix.ts';
import { type AnnotatedKind, type AnnotationKey, annotationTable, settingsKey } from './annotation-table.ts';
import type { TextParser } from './annotation-value.ts';
import type { Field } from './field.ts';
import { problemAt } from './place.ts';

/** Reads our own annotations of one object and notes what is wrong with them. */
export class AnnotationReader {
  /** A strict annotation could not be read: the object must not be served. */
  refused = false;
  readonly #field: Field;
  readonly #kind: AnnotatedKind;

  constructor(annotations: Field, kind: AnnotatedKind) {
    this.#field = annotations;
    this.#kind = kind;
  }

  /** The value of `weir-lb.dev/<key>`, or undefined when it is absent, of no effect here, or wrong (which is noted). */
  take<T>(key: AnnotationKey, parse: TextParser<T>): T | undefined {
    const entry = annotationTable[key];
    const field = this.#field.at(ownPrefix + key);
    if (!field.present || !entry.on.includes(this.#kind)) return undefined;
    const reason = typeof field.value === 'string' ? undefined : 'must be a text; put it in quotes';
    const parsed = typeof field.value === 'string' ? parse(field.value.trim()) : undefined;
    if (parsed?.ok === true) return parsed.value;
    this.refused ||= entry.strict === true;
    const effect = entry.strict === true ? 'the object is not served' : 'the default is used';
    this.#note(field, 'E_ANNOTATION_VALUE', `${reason ?? parsed?.reason}; ${effect}`);
    return undefined;
  }

  /** The providers that `weir-lb.dev/settings.<provider>` names, with the field of each. */
  settings(): readonly { readonly provider: string; readonly name: string; readonly field: Field }[] {
    return this.#own()
      .filter(({ key }) => key.startsWith(settingsKey))
      .map(({ name, key, field }) => ({ provider: key.slice(settingsKey.length), name, field }));
  }

  refuse(field: Field, reason: string): void {
    this.refused = true;
    this.#note(field, 'E_ANNOTATION_VALUE', `${reason}; the object is not served`);
  }

  /**
   * Tells keys with our prefix that nobody reads, with the likely spelling. One that seems to be a misspelt strict key takes the object
   * out of service as a strict value that cannot be read does: its owner meant to say who gets in.
   */
  tellUnknown(): void {
    for (const { key, field } of this.#own()) {
      if (key.startsWith(settingsKey)) continue;
      if (!isKey(key)) {
        const near = closest(key, Object.keys(annotationTable).filter(isKey));
        this.#tellNear(field, near !== undefined && isKey(near) ? near : undefined);
      } else if (!annotationTable[key].on.includes(this.#kind)) {
        this.#note(field, 'W_ANNOTATION_IGNORED', `has no effect on objects of kind ${this.#kind}`);
      }
    }
  }

  #tellNear(field: Field, near: AnnotationKey | undefined): void {
    const meant = near === undefined ? undefined : JSON.stringify(ownPrefix + near);
    const entry = near === undefined ? undefined : annotationTable[near];
    if (entry?.strict === true && entry.on.includes(this.#kind)) {
      this.refuse(field, `is not known; ${meant} is, and may be meant`);
      return;
    }
    const question = meant === undefined ? '' : `; did you mean ${meant}?`;
    this.#note(field, 'W_ANNOTATION_IGNORED', `is not known and has no effect${question}`);
  }

  #own(): readonly { readonly key: string; readonly name: string; readonly field: Field }[] {
    return this.#field
      .entries()
      .filter(([name]) => name.startsWith(ownPrefix))
      .map(([name, field]) => ({ key: name.slice(ownPrefix.length), name, field }));
  }

  #note(field: Field, code: 'E_ANNOTATION_VALUE' | 'W_ANNOTATION_IGNORED', reason: string): void {
    const { path, value, notes } = field;
    const name = String(path.at(-1) ?? '');
    const told = typeof value === 'object' ? undefined : value;
    notes.problems.push(problemAt(notes.place, { code, path, name, value: told, reason }));
  }
}

function isKey(key: string): key is AnnotationKey {
  return Object.hasOwn(annotationTable, key);
}
