import { type MemberSet, type Resource, sameJson } from '../../src/model/index.ts';

/** Two resources say the same: then the one that is known already stands for both. */
export function sameResource(a: Resource, b: Resource | undefined): boolean {
  return (
    b !== undefined &&
    a.kind === b.kind &&
    a.id === b.id &&
    a.unit === b.unit &&
    a.serves.length === b.serves.length &&
    a.serves.every((service, i) => service === b.serves[i]) &&
    sameJson(a.attrs, b.attrs) &&
    sameJson(a.refs, b.refs) &&
    sameSets(a.sets, b.sets)
  );
}

function sameSets(a: Resource['sets'], b: Resource['sets']): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => sameMembers(a[name], b[name]));
}

function sameMembers(a: MemberSet | undefined, b: MemberSet | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.size !== b.size) return false;
  for (const [key, member] of a) {
    const other = b.get(key);
    if (other === undefined || member.gone !== other.gone || !sameJson(member.attrs, other.attrs)) return false;
  }
  return true;
}
