/**
 * TLS of a listener that somebody else made: where no service says otherwise it stays as it was, and what was changed stands in a tag, so that
 * it is given back. Pure.
 */
import { type Attrs, type Json, type Member, type MemberSet, type Resource, sameJson } from '../../src/model/index.ts';
import { isObject } from './apply-codec.ts';
import { adoptedTag, clusterTag } from './names.ts';

const securityTag = 'elbv2.k8s.aws/security';
const unset: Attrs = { SslPolicy: '', AlpnPolicy: [], MutualAuthentication: {} };
const none = '-';

type Seen = Pick<Resource, 'attrs' | 'sets'>;

/** What it had before us; undefined: it is ours, or did not speak TLS. */
export function securityBefore(now: Seen | undefined): Attrs | undefined {
  const tags = now?.sets.Tags;
  if (now === undefined || (tags?.has(clusterTag) === true && !tags.has(adoptedTag))) return undefined;
  const before = read(tags) ?? securityOf(now.attrs);
  return before.SslPolicy === '' ? undefined : before;
}

/** The tag of what it had before, where something else is wanted or was. */
export function securityMarks(now: Seen, wanted: Seen): MemberSet {
  const said = now.sets.Tags?.get(securityTag);
  if (said !== undefined) return new Map([[securityTag, said]]);
  const before = securityBefore(now);
  if (before === undefined || sameJson(before, securityOf(wanted.attrs))) return new Map();
  return new Map<string, Member>([[securityTag, { attrs: { Value: textOf(before) } }]]);
}

/** What of it is to be said when it is let go. */
export function formerSecurity({ attrs, sets }: Seen): Attrs {
  const now = securityOf(attrs);
  return Object.fromEntries(
    Object.entries(read(sets.Tags) ?? {}).filter(([name, value]) => !sameJson(value, now[name] ?? null)),
  );
}

function securityOf(attrs: Attrs): Attrs {
  return Object.fromEntries(Object.entries(unset).map(([name, value]) => [name, attrs[name] ?? value]));
}

/** Words, for a tag takes no braces. */
function textOf({ SslPolicy, AlpnPolicy, MutualAuthentication: mutual }: Attrs): string {
  const [alpn = none] = Array.isArray(AlpnPolicy) ? AlpnPolicy : [];
  const said = isObject(mutual) ? mutual : {};
  return [SslPolicy, alpn, ...mutualWords.map((name) => said[name] ?? none)].map(String).join(' ');
}

const mutualWords = ['Mode', 'TrustStoreArn', 'IgnoreClientCertificateExpiry', 'AdvertiseTrustStoreCaNames'] as const;

function read(tags: MemberSet | undefined): Attrs | undefined {
  const value = tags?.get(securityTag)?.attrs.Value;
  const [SslPolicy, alpn, ...words] = typeof value === 'string' ? value.split(' ') : [];
  if (SslPolicy === undefined || alpn === undefined || words.length !== mutualWords.length) return undefined;
  const said = mutualWords.flatMap((name, i): [string, Json][] => {
    const word = words[i] ?? none;
    return word === none ? [] : [[name, word === 'true' || word === 'false' ? word === 'true' : word]];
  });
  return { SslPolicy, AlpnPolicy: alpn === none ? [] : [alpn], MutualAuthentication: Object.fromEntries(said) };
}
