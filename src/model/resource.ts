/** Things in a load-balancing system as wanted (Resource) and as they are (Observed), and what the planner must know of their kinds. */
import type { Attrs } from './json.ts';
import type { KindWords } from './kind-words.ts';
import type { ServiceId } from './service.ts';

/** Logical id: chosen by the provider's model, stable over replacements, unique for its kind in a unit. */
export type Id = string;
/** Physical handle: what the real system calls it (ARN, lbl-…, name). Unique for its kind. */
export type Handle = string;
/** Resources that hang together: planned, applied and failing on their own. */
export type Unit = string;

export interface Member {
  readonly attrs: Attrs;
  /** The target no longer exists: nothing to drain. Desired members marked so are to be removed. */
  readonly gone?: true;
  /** Desired: added to an object that is there only when these are heard, who may want it otherwise and cannot be read. Refused until then. */
  readonly waits?: string;
}

/** Desired: key is the logical id where the set refers to a kind, else the member's natural key. Observed: the handle in place of the logical id. */
export type MemberSet = ReadonlyMap<string, Member>;

export interface Resource {
  readonly kind: string;
  readonly id: Id;
  readonly unit: Unit;
  /** Services that depend on it. Observed fronts: derived from what they point at with weight > 0. */
  readonly serves: readonly ServiceId[];
  readonly attrs: Attrs;
  /** Name → logical id (desired) or handle (observed). Absent means cleared. */
  readonly refs: Readonly<Record<string, Id>>;
  readonly sets: Readonly<Record<string, MemberSet>>;
  /** Desired: made only when these are heard, who may want it otherwise and cannot be read. Refused until then. */
  readonly waits?: string;
}

export type Health = 'initial' | 'ready' | 'unhealthy' | 'draining';

export interface Observed extends Resource {
  readonly handle: Handle;
  /** Ours (claimed) or foreign; there is no third state. */
  readonly owned: boolean;
  readonly facts: {
    readonly addresses?: readonly string[];
    readonly state?: string;
    readonly reason?: string;
    /** It exists and the system is still setting it up: looked at until it is done. */
    readonly pending?: true;
    /** Names of those that belong to it and are not there for so long that they will not be back. */
    readonly gone?: readonly string[];
  };
  /**
   * Set name → member key → health. A set without an entry here has no health: its members count as ready. An entry under the name of
   * a serving ref or set of objects (key: their handle) tells only whether what lost its traffic is still `draining`.
   */
  readonly health?: Readonly<Record<string, ReadonlyMap<string, Health>>>;
}

export interface RefSpec {
  readonly to: string;
  /** Traffic flows along it. */
  readonly serving?: boolean;
}

export interface SetSpec {
  /** Members in one call. */
  readonly batch: number;
  /** Traffic flows to the members. */
  readonly serving?: boolean;
  /** Kind of the members; absent: plain values such as targets. */
  readonly to?: string;
  readonly max?: number;
  readonly min?: number;
  /** Attribute of the member that is its share; 0 takes no traffic. */
  readonly weight?: string;
  /** The create call carries the members. */
  readonly inCreate?: boolean;
  /** Taking a member out is a deletion to people, and may be somebody else's loss: where the policy holds deletions, this is held, too. */
  readonly deletes?: true;
  /** Whole-state systems: whether a member of an object with these attributes is ready as soon as it is there, because nothing looks at its health. */
  readonly readyAtOnce?: (attrs: Attrs) => boolean;
  /** Immutable attributes that say what can be a member: where they differ, one generation cannot hold the members of another. */
  readonly fits?: readonly string[];
}

export interface KindSpec {
  readonly kind: string;
  /** How ownership is proved: tag or name in the system itself, by the owner of the parent, or by a journal entry written before the create. */
  readonly claim: 'tag' | 'name' | 'parent' | 'journal';
  /** Attributes and refs that cannot change in place: a change is a replacement. */
  readonly immutable: readonly string[];
  /** Attributes that are compared only where they are wanted: one that nobody names stays as it is instead of being cleared. */
  readonly sticky?: (attr: string) => boolean;
  /** Fronts: the place that clients know (`lb:port[/host]`); a front of any kind with the same key is its successor. */
  readonly frontKey?: (attrs: Attrs, refs: Readonly<Record<string, Id>>) => string;
  /** Health of its members is known even while no front refers to it (a proxy checks always, a cloud only what is used): gates may stand before the turn. */
  readonly unusedHealth?: true;
  /** Path of refs whose end is the scope of one generation (a target group belongs to one load balancer), e.g. `listener.lb`. */
  readonly per?: string;
  /** Members of `scope` (a ref) are ranked by `attr`. */
  readonly order?: { readonly scope: string; readonly attr: string };
  readonly refs: Readonly<Record<string, RefSpec>>;
  readonly sets: Readonly<Record<string, SetSpec>>;
  /** Places that only one object can hold (name, port of a listener). Reads immutable attributes, refs, or the order attribute only. */
  readonly slots?: (attrs: Attrs, refs: Readonly<Record<string, Id>>) => readonly string[];
  /** Rate class of its calls for the plan's cost; default: the kind's name. */
  readonly rateClass?: string;
  /**
   * It holds its connections itself while it exists, whoever has turned away from it, and the system ends them after so long: what shall go
   * leaves its fronts at once and is deleted when they have ended. Such a wait knows no deadline of gates.
   */
  readonly drainMs?: (object: Pick<Resource, 'attrs'>) => number;
  /** Made by somebody else and only used: a create takes it in, a delete lets it go, and it is there before and after. */
  readonly borrowed?: (object: Pick<Resource, 'attrs' | 'sets'>) => boolean;
  /**
   * Services may have a part in it that shows nowhere: ranges, certificates, attributes. While a source cannot be read, and so such a service
   * could exist, it stays as it is: it is not deleted, nothing leaves its sets but what traffic flows to, and no attribute changes.
   */
  readonly shared?: (object: Pick<Resource, 'id' | 'attrs'>) => boolean;
  /** Why an object is not deleted, nor anything that refers to it: the system itself guards it. Undefined: it may go. */
  readonly guarded?: (object: Pick<Resource, 'attrs' | 'sets'>) => string | undefined;
  /** How its objects are told to people; absent: by ids and raw values. */
  readonly words?: KindWords;
}
