import {
  type Attrs,
  type AttrWords,
  type HandleRef,
  type Json,
  type KindSpec,
  type KindWords,
  type PlanUnit,
  sameJson,
  type Was,
} from '../../model/index.ts';

/** The kinds of a balancer by its name: empty where they are not known, and everything is told by ids and raw values. */
export type KindsOf = (balancer: string) => readonly KindSpec[];

/** How the objects of one unit are told. */
export interface Teller {
  words(kind: string): KindWords;
  /** Attributes and refs whose change makes another object of it. */
  immutable(kind: string): readonly string[];
  name(kind: string, id: string): string;
  /** Whether traffic flows to the members of a set; true where nothing is known of it. */
  serving(kind: string, set: string): boolean;
  /** The attribute of the members of a set that is their share. */
  weight(kind: string, set: string): string | undefined;
  /** The object of another kind in whose scope those of this kind are ordered. */
  scopeName(kind: string, id: string): string;
  /** An object of the kind itself, by its handle or the step that creates it. */
  rankName(kind: string, ref: HandleRef): string;
  /** What a ref or a member of a set leads to; `via`: the name of the ref or set. Plain members are told by their key. */
  refName(kind: string, via: string, ref: HandleRef): string;
}

/** Without the balancer, which stands before most names of units. */
export function shortUnit(balancer: string, unit: string): string {
  const parts = unit
    .split('+')
    .map((part) => (part.startsWith(`${balancer}/`) ? part.slice(balancer.length + 1) : part));
  const own = parts.filter((part) => !part.startsWith('foreign/'));
  return (own.length === 0 ? parts : own).join('+');
}

const noWords: KindWords = {};

export function tellerOf(unit: Pick<PlanUnit, 'balancer' | 'unit' | 'steps' | 'names'>, kindsOf: KindsOf): Teller {
  const kinds = new Map(kindsOf(unit.balancer).map((spec) => [spec.kind, spec]));
  const words = (kind: string) => kinds.get(kind)?.words ?? noWords;
  const name = (kind: string, id: string) => words(kind).name?.(id, unit.unit) ?? id;
  const names = new Map(Object.entries(unit.names ?? {}));
  const created = (n: number) => {
    const step = unit.steps.find((one) => one.n === n);
    return step === undefined ? `step ${n}` : name(step.kind, step.id);
  };
  const handled = (kind: string, handle: string) => {
    const id = names.get(handle);
    return id === undefined ? (words(kind).handle?.(handle) ?? handle) : name(kind, id);
  };
  return {
    words,
    serving: (kind, set) => {
      const spec = kinds.get(kind);
      return spec === undefined || spec.sets[set]?.serving === true;
    },
    weight: (kind, set) => kinds.get(kind)?.sets[set]?.weight,
    scopeName(kind, id) {
      const spec = kinds.get(kind);
      const to = spec?.refs[spec.order?.scope ?? '']?.to;
      return to === undefined ? id : name(to, id);
    },
    rankName: (kind, ref) => (typeof ref === 'number' ? created(ref) : handled(kind, ref)),
    immutable: (kind) => kinds.get(kind)?.immutable ?? [],
    name,
    refName(kind, via, ref) {
      const spec = kinds.get(kind);
      const to = spec?.refs[via]?.to ?? spec?.sets[via]?.to;
      if (typeof ref === 'number') return created(ref);
      return to === undefined ? ref : handled(to, ref);
    },
  };
}

export function attrWords(words: KindWords, attr: string): AttrWords | undefined {
  const { attrs = {}, attr: rest } = words;
  return Object.hasOwn(attrs, attr) ? attrs[attr] : rest?.(attr);
}

/** What matters of a new object: one phrase an attribute. */
export function factsOf(words: KindWords, attrs: Attrs): readonly string[] {
  const known = Object.keys(words.attrs ?? {});
  return phrases([...known, ...Object.keys(attrs).filter((attr) => !known.includes(attr))], words, attrs);
}

/** How people know an object that goes. */
export function lastFactsOf(words: KindWords, { attrs = {}, addresses = [] }: Was): readonly string[] {
  return [...phrases(words.gone ?? [], words, attrs), ...addresses.map((address) => `at ${address}`)];
}

function phrases(names: readonly string[], words: KindWords, attrs: Attrs): readonly string[] {
  return names.flatMap((attr) => {
    const value = attrs[attr];
    const how = attrWords(words, attr);
    if (how === undefined || value === undefined || how.quiet === true || isUsual(value, how.usual)) return [];
    const text = how.text === undefined ? plain(value) : how.text(value, attrs);
    return text === '' ? [] : [how.word === '' ? text : `${how.word} ${text}`];
  });
}

/** `idle timeout  60 s -> 120 s`; of a value with fields only those that differ. */
export function changeText(words: KindWords, attr: string, was: Attrs | undefined, now: Attrs): string {
  const how = attrWords(words, attr);
  const word = how === undefined || how.word === '' ? attr : how.word;
  const [before, after] = [was?.[attr], now[attr]];
  if (how?.text === undefined && isFields(before) && isFields(after)) {
    const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const changed = fields.filter((name) => !sameJson(before[name] ?? null, after[name] ?? null));
    return changed.map((name) => `${word}.${name}  ${inWords(before[name])} -> ${inWords(after[name])}`).join(', ');
  }
  const say = (value: Json | undefined, attrs: Attrs) =>
    cut(value === undefined || value === null ? 'nothing' : how?.text?.(value, attrs) || inWords(value));
  const told = say(after, now);
  if (was === undefined) return `${word}  ${told}`;
  const old = say(before, was);
  if (old === told) return `${word}  changes`;
  // Two long values stand one below the other, where the eye finds what differs.
  const between = old.length + told.length > 90 ? `\n${' '.repeat(word.length + 7)}-> ` : ' -> ';
  return `${word}  ${old}${between}${told}`;
}

function isFields(value: Json | undefined): value is Attrs {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inWords(value: Json | undefined): string {
  return value === undefined || value === null ? 'nothing' : plain(value);
}

function isUsual(value: Json, usual: Json | undefined): boolean {
  return usual !== undefined && JSON.stringify(value) === JSON.stringify(usual);
}

/** Text as it stands, and nothing where there is none; all else as JSON. */
export function plain(value: Json): string {
  if (value === '') return 'nothing';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function cut(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117).toWellFormed()}...` : text;
}
