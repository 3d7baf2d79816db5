/** How the objects of a kind are told to people: what matters of them, in few words. Read where text is made and nowhere else. */
import type { Attrs, Json } from './json.ts';

/** Functions here are pure and do not throw, whatever the values say: what is told may come from a hostile or a newer system. */
export interface KindWords {
  /** The object within its unit, from its id: `443 www.example.com/*`. Absent: the id. */
  readonly name?: (id: string, unit: string) => string;
  /** The object where only its handle is known: `k8s-shop-web` of an ARN. Absent: the handle. */
  readonly handle?: (handle: string) => string;
  /** Attributes in the order of telling: of a new object these alone, of one that changes whatever changes. */
  readonly attrs?: Readonly<Record<string, AttrWords>>;
  /** Those of `attrs` that are told of an object that goes: how people know it elsewhere. Default: none. */
  readonly gone?: readonly string[];
  /** Attributes that `attrs` does not name; undefined: told of a change only, by its own name. */
  readonly attr?: (name: string) => AttrWords | undefined;
  /** What stands before the name of the thing referred to; a ref that is not here is told of a change only. */
  readonly refs?: Readonly<Record<string, string>>;
  readonly sets?: Readonly<Record<string, SetWords>>;
}

export interface AttrWords {
  /** Stands before the value: `idle timeout`. '': the value needs none where the object is new. */
  readonly word: string;
  /**
   * The value in words; '': not worth any. `attrs`: the attributes told of at the same time, of a change only those that change. Default:
   * text as it stands, all else as JSON.
   */
  readonly text?: (value: Json, attrs: Attrs) => string;
  /** The value that everybody expects: not told of a new object. */
  readonly usual?: Json;
  /** Told of a change only. */
  readonly quiet?: true;
}

export interface SetWords {
  readonly word: string;
  /** A member in words, from its key (for sets of objects: their name) and attributes. Default: the key. */
  readonly member?: (key: string, attrs: Attrs) => string;
  /** Of a new object not told: every one has them. */
  readonly quiet?: true;
}
