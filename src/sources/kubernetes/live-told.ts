import type { KubeError } from '../../kube/index.ts';
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
}

/** What of the cluster is known, and what is to be said about the rest. Pure but for what the parts say of themselves. */
export function tellParts({ source, parts, secrets, nowMs }: Told): Known {
  const problems: Problem[] = [];
  const incomplete: Incomplete[] = [];
  const unread = new Set<string>();
  let everything = false;
  for (const part of parts) {
    const { kind, namespace } = part.place;
    if (kind.required === true && !part.everKnown && !isNowhere(part)) {
      if (namespace === undefined) everything = true;
      else unread.add(namespace);
    }
    const told = tellPart(part, source, nowMs);
    if (told === undefined) continue;
    problems.push(told);
    if (kind.required === true) incomplete.push({ source, part: part.name, reason: told.message });
  }
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

function tellPart(part: LivePart, source: string, nowMs: number): Problem | undefined {
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
      if (kind.required === true || part.everKnown) return unreadable(at, part.name, true, error, source);
      return {
        code: 'W_KUBE_LIMITED',
        severity: 'warning',
        source: at,
        message: `source ${source}: ${part.name} may not be read: ${kind.lost ?? 'they are left out'}. Grant get, list and watch of ${kind.resource} where that is wanted`,
      };
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
): Problem {
  const code = forbidden ? 'E_KUBE_FORBIDDEN' : 'E_KUBE_READ';
  const why = error?.message ?? 'their first listing is not complete';
  const message = `source ${source}: ${what} cannot be read: ${why}; what was read last stays in force. ${errors[code].hint}`;
  return { code, severity: 'error', source: at, message };
}
