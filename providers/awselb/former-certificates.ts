/**
 * Certificates of a listener that somebody else made: which of them are ours, and which was the default one before, stands in a tag, so that
 * ours go with the services, and theirs are as they were. Pure.
 */
import type { Member, MemberSet, Observed, Resource } from '../../src/model/index.ts';
import { withCertificatesOf } from './beside-others.ts';
import { sha256 } from './names.ts';

const certificatesTag = 'elbv2.k8s.aws/certificates';
/** So many fit into a tag: others are taken for theirs, and stay. */
const mostMarked = 26;

interface Mark {
  /** Of the certificate that was the default one. */
  readonly main: string;
  readonly ours: ReadonlySet<string>;
}

function short(arn: string): string {
  return sha256(arn).slice(0, 8);
}

function markOf(tags: MemberSet | undefined): Mark | undefined {
  const value = tags?.get(certificatesTag)?.attrs.Value;
  const [main, ours] = typeof value === 'string' ? value.split(':') : [];
  if (main === undefined || ours === undefined) return undefined;
  return { main, ours: new Set(ours.split('+').filter((one) => one !== '')) };
}

function defaultOf(certificates: MemberSet | undefined): string | undefined {
  for (const [arn, { attrs }] of certificates ?? []) if (attrs.IsDefault === true) return arn;
  return undefined;
}

/** The wanted listener with what it has of theirs, and the tag that tells ours. Nothing is marked where all is theirs. */
export function besideTheirs(
  now: Observed,
  wanted: Resource,
): { readonly wanted: Resource; readonly marks: MemberSet } {
  const there = now.sets.Certificates ?? new Map<string, Member>();
  const asked = wanted.sets.Certificates ?? new Map<string, Member>();
  const said = markOf(now.sets.Tags);
  const was = defaultOf(there);
  const main = said?.main ?? (was === undefined ? '' : short(was));
  const theirs = new Map(
    [...there]
      .filter(([arn]) => said?.ours.has(short(arn)) !== true)
      .map(([arn, { attrs }]): [string, Member] => [arn, { attrs: { ...attrs, IsDefault: short(arn) === main } }]),
  );
  const resource = withCertificatesOf({ ...now, sets: { ...now.sets, Certificates: theirs } }, wanted);
  const ours = [...asked.keys()].filter((arn) => !theirs.has(arn)).map(short);
  if (ours.length === 0 && said === undefined && (defaultOf(asked) ?? was) === was)
    return { wanted: resource, marks: new Map() };
  // Who was ours is until it is gone, and nobody writes only to forget it.
  const all = [...new Set([...ours, ...(said?.ours ?? [])])].slice(0, mostMarked).sort();
  const Value = `${main}:${all.join('+')}`;
  return { wanted: resource, marks: new Map([[certificatesTag, { attrs: { Value } }]]) };
}

/** What is to be done with the certificates of a listener that is let go: the default one of before, and those that are taken out. */
export function formerCertificates({ sets: { Certificates, Tags } }: Pick<Resource, 'sets'>): {
  readonly main: string | undefined;
  readonly gone: readonly string[];
} {
  const mark = markOf(Tags);
  if (mark === undefined) return { main: undefined, gone: [] };
  const all = [...(Certificates?.keys() ?? [])];
  const was = all.find((arn) => short(arn) === mark.main);
  const now = defaultOf(Certificates);
  const main = was === now ? undefined : was;
  // A listener has a default one: where that of before is gone, ours stays.
  const ours = all.filter((arn) => mark.ours.has(short(arn)) && (arn !== now || main !== undefined));
  // While another one had its place it stood among the others.
  return { main, gone: main === undefined ? ours : [...ours, main] };
}
