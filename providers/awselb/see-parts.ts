/** What every kind is seen by: from the API's answers to observed objects, in the words of `kinds`. Pure. */
import type { Attrs, Json, Member, MemberSet, Observed } from '../../src/model/index.ts';
import type { Account, Tags } from './account.ts';
import type { FilledGroup } from './filled-groups.ts';
import type { HeldThings } from './held-things.ts';
import { normalize } from './normalize.ts';
import type { Owners } from './owners.ts';
import { secretTag } from './secret-tag.ts';

export interface View {
  /** What is ours and cannot be deleted, as somebody else uses it. */
  readonly held: HeldThings;
  readonly account: Account;
  readonly owners: Owners;
  /** ARN → what of a target group of others is ours. */
  readonly filled: ReadonlyMap<string, FilledGroup>;
  /** Target groups of others behind load balancers that were made elsewhere → those. */
  readonly theirs: ReadonlyMap<string, string>;
  /** Back-end group that weir made: the word for it is `backend`. */
  readonly backendGroup: string | undefined;
  /** Somebody is asked for something, or nobody else lives in the cluster: the back-end group and its rules are ours to change. */
  readonly ownsShared: boolean;
}

/** In the one form that is compared. */
export function seen(object: Observed): Observed {
  const { handle, owned, facts, health } = object;
  return { ...normalize(object), handle, owned, facts, ...(health === undefined ? {} : { health }) };
}

/** The unit of what is somebody else's: of its own. */
export function foreignUnit(handle: string, { owners }: View): string {
  return `${owners.input.balancer}/foreign/${handle}`;
}

export function tagSet(tags: Tags | undefined): MemberSet {
  const entries = Object.entries(tags ?? {}).filter(([key]) => key !== secretTag);
  return new Map(entries.map(([key, Value]): [string, Member] => [key, { attrs: { Value } }]));
}

/** An answer of the SDK as JSON: without what is not there. */
export function plain(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, one]): [string, Json][] =>
        one === undefined || one === null ? [] : [[key, plain(one)]],
      ),
    );
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
}

/** Only what is said. */
export function given(values: Readonly<Record<string, unknown>>): Attrs {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]): [string, Json][] =>
      value === undefined || value === null ? [] : [[key, plain(value)]],
    ),
  );
}

/** Attributes as entries beside the fields, or that they were not read yet. */
export function attributesOf(arn: string, { account }: View): Attrs {
  return account.attributes.get(arn) ?? { unread: true };
}
