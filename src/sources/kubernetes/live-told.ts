import { KubeError } from '../../kube/index.ts';
import { errors, type Incomplete, type Problem } from '../../model/index.ts';
import type { LivePart } from './live-part.ts';
import type { Known } from './live-state.ts';

/** So long a part may be behind before it is told: watches end and begin again all the time. */
const graceMs = 5000;

export interface Told {
  readonly source: string;
  readonly parts: readonly LivePart[];
  readonly secrets: Iterable<readonly [name: string, error: KubeError | undefined]>;
  readonly nowMs: number;
  /** The finalizer that objects may be held by, of an earlier weir too; absent: nothing is made that outlives them. */
  readonly holdsBy?: string | undefined;
}

/** What of the cluster is known, and what is to be said about the rest. Pure but for what the parts say of themselves. */
export function tellParts({ source, parts, secrets, nowMs, holdsBy }: Told): Known {
  const problems: Problem[] = [];
  const incomplete: Incomplete[] = [];
  const unread = new Set<string>();
  const limited: LivePart[] = [];
  let everything = false;
  for (const part of parts) {
    const { kind, namespace } = part.place;
    if (kind.required === true && !part.everKnown && !isNowhere(part)) {
      if (namespace === undefined) everything = true;
      else unread.add(namespace);
    }
    if (isLimited(part)) limited.push(part);
    const told = tellPart(part, source, nowMs, holdsBy);
    if (told === undefined) continue;
    problems.push(told);
    if (kind.required === true) incomplete.push({ source, part: part.name, reason: told.message });
  }
  problems.push(...tellLimited(limited, source));
  for (const [name, error] of secrets) {
    const forbidden = error?.forbidden === true;
    problems.push(unreadable(`Secret/${name}`, `Secret ${name}`, forbidden, error, source));
  }
  const nodes = parts.some((part) => part.place.kind.kind === 'Node' && part.everKnown);
  const ofPools = parts.filter((part) => part.place.kind.home === true);
  // Pools that may not be read any more stay; what else may not be read was never there for us.
  const pools = ofPools.every(
    ({ everKnown, phase, place }) =>
      everKnown || phase === 'absent' || (phase === 'forbidden' && place.kind.kind !== 'IPAddressPool'),
  );
  // Without its rules nothing is announced: those of before are better than none.
  const announcements = ofPools.every(
    ({ everKnown, phase, place }) => everKnown || phase === 'absent' || place.kind.kind !== 'L2Advertisement',
  );
  const announcers = parts.every(({ place, everKnown }) => place.kind.kind !== 'EndpointSlice' || everKnown);
  const everywhere = !everything && unread.size === 0;
  const read = parts.filter(({ place }) => place.kind.required === true).map(({ place }) => place.namespace);
  const somewhere = !everything && read.some((namespace) => namespace === undefined || !unread.has(namespace));
  return {
    namespace: (one) => !everything && !unread.has(one),
    everywhere,
    somewhere,
    nodes,
    pools,
    announcements,
    announcers,
    problems,
    incomplete,
  };
}

/** A server without Ingresses has none; without EndpointSlices it is too old. */
function isNowhere(part: LivePart): boolean {
  return part.phase === 'absent' && part.place.kind.kind === 'Ingress';
}

/** May not be read, never could be, and weir can do without. */
function isLimited({ phase, everKnown, place }: LivePart): boolean {
  return phase === 'forbidden' && place.kind.required !== true && !everKnown;
}

/** One warning for all of it: it is mostly meant so, by who names namespaces. */
function tellLimited(parts: readonly LivePart[], source: string): readonly Problem[] {
  if (parts.length === 0) return [];
  const kinds = [...Map.groupBy(parts, ({ place }) => place.kind)];
  const said = kinds.map(([{ lost = 'they are left out' }, own]) => {
    return `${own.map(({ name }) => name).join(', ')} may not be read: ${lost}`;
  });
  const resources = kinds.map(([{ resource }]) => resource).join(', ');
  const message = `source ${source}: ${said.join('; ')}. Grant list and watch of ${resources} where that is wanted`;
  return [{ code: 'W_KUBE_LIMITED', severity: 'warning', source: `source/${source}`, message }];
}

function tellPart(part: LivePart, source: string, nowMs: number, holdsBy?: string): Problem | undefined {
  const { phase, staleSinceMs, error } = part;
  const { kind } = part.place;
  const at = `source/${source}`;
  switch (phase) {
    case 'absent': {
      // A kind that is not installed is nothing to tell, unless nothing goes without it.
      if (kind.required !== true || isNowhere(part)) return undefined;
      const versions = kind.versions.join(' or ');
      const message = `source ${source}: the server has no ${part.name} (${versions}): it is older than Kubernetes 1.17, or not a cluster`;
      return { code: 'E_KUBE_READ', severity: 'error', source: at, message };
    }
    case 'forbidden':
      if (isLimited(part)) return undefined;
      return unreadable(at, part.name, true, error, source, holdsBy === undefined ? '' : letGo(part, holdsBy));
    case 'failing':
      if (part.everKnown && nowMs - (staleSinceMs ?? nowMs) < graceMs) return undefined;
      return unreadable(at, part.name, false, error, source);
    case 'reading':
      return kind.required === true ? unreadable(at, part.name, false, undefined, source) : undefined;
    case 'known':
      return undefined;
  }
}

function unreadable(
  at: string,
  what: string,
  forbidden: boolean,
  error: KubeError | undefined,
  source: string,
  more = '',
): Problem {
  const code = forbidden ? 'E_KUBE_FORBIDDEN' : 'E_KUBE_READ';
  const why = error?.message ?? 'their first listing is not complete';
  const hint = hintOf(code, error);
  const message = `source ${source}: ${what} cannot be read: ${why}; what was read last stays in force. ${hint}${more}`;
  return { code, severity: 'error', source: at, message };
}

/** Rights in a namespace go before what waits in it for a finalizer, and then nobody sees what waits. */
function letGo({ place, everKnown }: LivePart, holdsBy: string): string {
  const { kind, namespace } = place;
  if (everKnown || namespace === undefined || !mayWait.has(kind.kind)) return '';
  return ` If namespace ${namespace} is being deleted, its ${kind.plural} wait there for ${holdsBy}: take ${namespace} out of namespaces, so that what was made for them goes, then let each go by hand: kubectl -n ${namespace} patch ${kind.resource} NAME --type=merge -p '{"metadata":{"finalizers":null}}'`;
}

const mayWait: ReadonlySet<string> = new Set(['Service', 'Ingress']);

/** What to do about it. */
export function hintOf(code: 'E_KUBE_READ' | 'E_KUBE_FORBIDDEN', error: unknown): string {
  if (error instanceof KubeError && error.code === 401)
    return 'The API server does not know who asks: put a token or certificate that it takes into the kubeconfig; weir reads it again by itself.';
  return errors[code].hint;
}
