import { closest } from '../../model/index.ts';
import type { PeerContext, PeerSubject } from '../reader.ts';
import { type Annotation, ingressPrefix, servicePrefix, type ValueOf } from './annotation.ts';
import type { Override } from './class-params.ts';
import { type Family, ingressFamilies, serviceFamilies } from './family-table.ts';
import { ingressTable } from './ingress-table.ts';
import { serviceTable } from './service-table.ts';
import { parseValue } from './value.ts';

/** One vocabulary of the peer: the keys behind one prefix. */
export interface Words<T, F> {
  readonly prefix: string;
  readonly table: T;
  readonly families: F;
}

export const ingressWords = { prefix: ingressPrefix, table: ingressTable, families: ingressFamilies };
export const serviceWords = { prefix: servicePrefix, table: serviceTable, families: serviceFamilies };

type Table = Readonly<Record<string, Annotation>>;
type Families = Readonly<Record<string, Family>>;

/**
 * The peer's annotations of one object, every one of them read at once: what is wrong with any is told, with the object that holds it,
 * and takes the object out of service, as the peer does; guessing could open what its owner meant to close.
 */
export class Reading<T extends Table, F extends Families> {
  /** Something could not be read. */
  refused = false;
  readonly #words: Words<T, F>;
  readonly #subject: PeerSubject;
  readonly #kind: 'Service' | 'Ingress';
  readonly #context: PeerContext;
  readonly #overrides: ReadonlyMap<string, Override>;
  readonly #values = new Map<string, unknown>();
  /** Family and rest of what belongs to one. */
  readonly #named: { readonly family: string; readonly rest: string; readonly value: unknown }[] = [];

  /** `overrides` stand over the annotations of the object itself. */
  constructor(
    words: Words<T, F>,
    subject: PeerSubject,
    kind: 'Service' | 'Ingress',
    context: PeerContext,
    overrides: ReadonlyMap<string, Override> = new Map(),
  ) {
    this.#words = words;
    this.#subject = subject;
    this.#kind = kind;
    this.#context = context;
    this.#overrides = overrides;
    const all = new Map(subject.annotations);
    for (const [name, { written }] of overrides) all.set(name, written);
    for (const [name, written] of all) {
      if (name.startsWith(words.prefix)) this.#read(name.slice(words.prefix.length), written);
    }
  }

  /** What an annotation says: a value out of the parser of its entry, and so of the type of the entry. */
  take<K extends keyof T & string>(key: K): ValueOf<T[K]> | undefined;
  take(key: string): unknown {
    return this.#values.get(key);
  }

  /** What the family says for one name. */
  named<K extends keyof F & string>(family: K, rest: string): ValueOf<F[K]> | undefined;
  named(family: string, rest: string): unknown {
    return this.#named.find((one) => one.family === family && one.rest === rest)?.value;
  }

  /** Everything that the family says. */
  all<K extends keyof F & string>(family: K): readonly { readonly rest: string; readonly value: ValueOf<F[K]> }[];
  all(family: string): readonly { readonly rest: string; readonly value: unknown }[] {
    return this.#named.filter((one) => one.family === family);
  }

  has(key: keyof T & string): boolean {
    return this.#values.has(key);
  }

  /** Something stands over the annotation. */
  overridden(key: keyof T & string): boolean {
    return this.#overrides.has(this.#words.prefix + key);
  }

  /** Where the value stands: the whole key of the annotation, or the field of the parameters of the class. */
  name(key: string): string {
    const name = this.#words.prefix + key;
    const override = this.#overrides.get(name);
    return override === undefined ? name : `IngressClassParams ${override.about.meta.name} spec.${override.field}`;
  }

  /** Tells that a value cannot stand, and takes the object out of service. */
  refuse(key: string, reason: string): void {
    this.refused = true;
    this.#tell('E_ANNOTATION_VALUE', key, `${reason}; ${this.#effect} until then`);
  }

  /** The peer's word at a Service is about every Ingress before it. */
  get #effect(): string {
    const behind = this.#kind === 'Service' && this.#words.prefix === ingressPrefix;
    return behind ? 'the Ingresses in front of the Service are not served' : `the ${this.#kind} is not served`;
  }

  warn(key: string, reason: string): void {
    this.#tell('W_ANNOTATION_IGNORED', key, reason);
  }

  #read(key: string, written: unknown): void {
    const { table, families } = this.#words;
    const family = Object.keys(families).find((prefix) => key.startsWith(prefix) && !Object.hasOwn(table, key));
    const entry = Object.hasOwn(table, key) ? table[key] : family === undefined ? undefined : families[family];
    if (entry === undefined) {
      const known = [...Object.keys(table), ...Object.keys(families)];
      const near = closest(key, known);
      const meant = near === undefined ? '' : `; did you mean ${JSON.stringify(this.#words.prefix + near)}?`;
      this.warn(key, `is not known and has no effect${meant}`);
      return;
    }
    if (!entry.on.includes(this.#kind)) {
      this.warn(key, `has no effect on objects of kind ${this.#kind}`);
      return;
    }
    if (entry.refused !== undefined) {
      if (typeof written !== 'string' || entry.refused.unless?.includes(written.trim()) !== true)
        this.refuse(key, entry.refused.why);
      return;
    }
    const parsed = parseValue(entry.value, written);
    if (!parsed.ok) this.refuse(key, parsed.reason);
    else if (family === undefined) this.#values.set(key, parsed.value);
    else this.#readNamed(key, family, key.slice(family.length), parsed.value);
  }

  #readNamed(key: string, family: string, rest: string, value: unknown): void {
    const entry = this.#words.families[family];
    if (entry?.rest.test(rest) === true) this.#named.push({ family, rest, value });
    else this.refuse(key, `must have ${entry?.restSays ?? 'a name'} behind ${family}`);
  }

  #tell(code: 'E_ANNOTATION_VALUE' | 'W_ANNOTATION_IGNORED', key: string, reason: string): void {
    const name = this.#words.prefix + key;
    const override = this.#overrides.get(name);
    const value = override === undefined ? this.#subject.annotations.get(name) : override.written;
    const told = typeof value === 'object' ? {} : { value };
    if (override !== undefined) {
      const path = ['spec', ...override.field.split('.')];
      this.#context.tell({ code, path, reason, about: override.about, ...told });
    } else {
      const path = ['metadata', 'annotations', name];
      this.#context.tell({ code, path, name, reason, about: this.#subject, ...told });
    }
  }
}

export type IngressReading = Reading<typeof ingressTable, typeof ingressFamilies>;
export type ServiceReading = Reading<typeof serviceTable, typeof serviceFamilies>;

export function readIngressWords(
  subject: PeerSubject,
  kind: 'Service' | 'Ingress',
  context: PeerContext,
  overrides?: ReadonlyMap<string, Override>,
): IngressReading {
  return new Reading(ingressWords, subject, kind, context, overrides);
}

export function readServiceWords(subject: PeerSubject, context: PeerContext): ServiceReading {
  return new Reading(serviceWords, subject, 'Service', context);
}
