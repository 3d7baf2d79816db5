/**
 * Rules that somebody else made and services took over: what they did before is written in their tags of adoption, so that they can be given
 * back as they were. One that only forwarded to a target group has its ARN there, others a text in parts. Pure.
 */
import { type Attrs, type Json, type Member, type MemberSet, type Resource, sameJson } from '../../src/model/index.ts';
import { adoptedTag } from './names.ts';

const unknown = 'true';
/** Of a tag's 256 characters, and of an object's 50 tags. */
const partSize = 250;
const mostParts = 6;

export interface Former {
  readonly attrs: { readonly Actions: Json; readonly TargetGroupStickinessConfig?: Json; readonly Transforms: Json };
  readonly groups: ReadonlyMap<string, number>;
}

/** Tags for a rule that is taken over: those that it has, or what it does now. */
export function marksOf({ attrs, sets }: Pick<Resource, 'attrs' | 'sets'>): ReadonlyMap<string, Member> {
  const now = partsIn(sets.Tags);
  if (now.length > 0) return new Map(now);
  const groups = [...(sets.TargetGroups ?? [])].map(([arn, { attrs: share }]): [string, number] => [
    arn,
    Number(share.Weight ?? 1),
  ]);
  const { Actions = [], TargetGroupStickinessConfig: sticky = {}, Transforms = [] } = attrs;
  const [[only, weight] = []] = groups;
  const plain = isEmpty(Actions) && isEmpty(Transforms) && !isSticky(sticky);
  if (plain && groups.length === 1 && only !== undefined && weight !== 0) return tagsOf(only);
  // The secret of a login cannot be read, and so not be written again.
  if (/authenticate-oidc/i.test(JSON.stringify(Actions))) return tagsOf(unknown);
  const text = encode([Actions, groups, sticky, Transforms]);
  return text.length > partSize * mostParts ? tagsOf(unknown) : tagsOf(text);
}

function isEmpty(value: Json): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isSticky(value: Json): boolean {
  return typeof value === 'object' && value !== null && 'Enabled' in value && value.Enabled === true;
}

function tagsOf(text: string): ReadonlyMap<string, Member> {
  const parts: [string, Member][] = [];
  for (let at = 0; at < text.length; at += partSize) {
    const name = at === 0 ? adoptedTag : `${adoptedTag}-${parts.length + 1}`;
    parts.push([name, { attrs: { Value: text.slice(at, at + partSize) } }]);
  }
  return new Map(parts);
}

/** In their order. */
function partsIn(tags: MemberSet | undefined): readonly (readonly [string, Member])[] {
  return Array.from({ length: mostParts }, (_, i) => (i === 0 ? adoptedTag : `${adoptedTag}-${i + 1}`)).flatMap(
    (name) => {
      const member = tags?.get(name);
      return member === undefined ? [] : [[name, member] as const];
    },
  );
}

/** What a rule did before it was taken over; undefined: nobody has made it before us, or nothing is known of that. */
export function formerRuleOf({ sets: { Tags } }: Pick<Resource, 'sets'>): Former | undefined {
  const text = partsIn(Tags)
    .map(([, { attrs }]) => String(attrs.Value))
    .join('');
  if (text === '' || text.startsWith(unknown)) return undefined;
  const nothing = { Actions: [], Transforms: [] };
  if (text.startsWith('arn:')) return { attrs: nothing, groups: new Map([[text, 1]]) };
  const read = decode(text);
  if (!Array.isArray(read)) return undefined;
  const [Actions = [], groups = [], sticky = {}, Transforms = []] = read;
  const shares = (Array.isArray(groups) ? groups : []).flatMap((one: Json): [string, number][] =>
    Array.isArray(one) && typeof one[0] === 'string' ? [[one[0], Number(one[1])]] : [],
  );
  const attrs = { Actions, Transforms, ...(isSticky(sticky) ? { TargetGroupStickinessConfig: sticky } : {}) };
  return { attrs, groups: new Map(shares) };
}

/** Tags as observed: where a group that was sent to is gone, nothing is known of it. */
export function withoutGoneGroups<T extends Readonly<Record<string, string>>>(
  tags: T | undefined,
  exists: (group: string) => boolean,
): T | undefined {
  return tags === undefined || formerGroupsOf(tags).every(exists) ? tags : { ...tags, [adoptedTag]: unknown };
}

/** Target groups that a rule or listener sent to before, as its tags say. */
export function formerGroupsOf(tags: Readonly<Record<string, string>> | undefined): readonly string[] {
  if (tags?.[adoptedTag] === undefined) return [];
  const Tags = new Map(Object.entries(tags).map(([key, Value]): [string, Member] => [key, { attrs: { Value } }]));
  return [...(formerRuleOf({ sets: { Tags } })?.groups.keys() ?? [])];
}

/** Whether a rule does again what it did before. */
export function isFormer({ attrs, sets }: Pick<Resource, 'attrs' | 'sets'>, former: Former): boolean {
  const now = new Map(
    [...(sets.TargetGroups ?? [])].map(([arn, { attrs: share }]) => [arn, Number(share.Weight ?? 1)] as const),
  );
  const { Actions = [], Transforms = [] } = attrs;
  const alike = (one: Attrs['x'], other: Json) => sameJson(one ?? [], other);
  return (
    alike(Actions, former.attrs.Actions) &&
    alike(Transforms, former.attrs.Transforms) &&
    now.size === former.groups.size &&
    [...now].every(([arn, weight]) => former.groups.get(arn) === weight || (now.size === 1 && former.groups.has(arn)))
  );
}

/** Signs that a tag may have. */
function encode(value: Json): string {
  const ascii = JSON.stringify(value).replaceAll(
    /[\u0080-\uffff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return btoa(ascii);
}

function decode(text: string): Json {
  try {
    return JSON.parse(atob(text));
  } catch {
    return null;
  }
}
