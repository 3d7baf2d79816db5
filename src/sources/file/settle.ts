/** What is in force of what was read: duplicates decided, last good versions kept. Pure. */
import { errors } from '../../model/errors.ts';
import type { Problem } from '../../model/problem.ts';
import type { ExportedService, ServiceId } from '../../model/service.ts';
import { share } from './share.ts';

export interface Read {
  /** In reading order. */
  readonly services: readonly ExportedService[];
  readonly problems: readonly Problem[];
}

export interface Settled {
  readonly services: readonly ExportedService[];
  readonly problems: readonly Problem[];
}

/** `before`: what was in force, by id; unchanged services and parts of services are the same objects again. */
export function settle(read: Read, before: ReadonlyMap<ServiceId, ExportedService>): Settled {
  const { services: chosen, problems: duplicates } = decideDuplicates(read.services);
  const kept = keepLastGood(read, chosen, before);
  const services = [...chosen.values()].map((service) => share(before.get(service.id), service));
  const problems = read.problems.map((problem) =>
    problem.service !== undefined && kept.has(problem.service) && problem.severity === 'error'
      ? { ...problem, message: `${problem.message}; the last good version of the service stays in force` }
      : problem,
  );
  return { services: insertKept(services, kept, before), problems: [...problems, ...duplicates] };
}

/** One service for each id: the older by date of creation, else the first by reading order. */
function decideDuplicates(services: readonly ExportedService[]): {
  services: Map<ServiceId, ExportedService>;
  problems: Problem[];
} {
  const chosen = new Map<ServiceId, ExportedService>();
  const problems: Problem[] = [];
  for (const service of services) {
    const other = chosen.get(service.id);
    if (other === undefined) {
      chosen.set(service.id, service);
      continue;
    }
    const older =
      (service.origin.createdMs ?? Number.POSITIVE_INFINITY) < (other.origin.createdMs ?? Number.POSITIVE_INFINITY);
    const [winner, loser] = older ? [service, other] : [other, service];
    chosen.set(service.id, winner);
    problems.push(duplicate(loser, winner));
  }
  return { services: chosen, problems };
}

function duplicate(loser: ExportedService, winner: ExportedService): Problem {
  const { file, line } = loser.origin;
  return {
    code: 'E_SERVICE_DUPLICATE',
    severity: 'error',
    source: place(loser),
    service: loser.id,
    message: `${loser.origin.kind} ${loser.id} is described a second time; the ${winner.origin.kind} of ${place(winner)} is in force. ${errors.E_SERVICE_DUPLICATE.hint}`,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}

function place({ origin }: ExportedService): string {
  if (origin.file === undefined) return `${origin.kind}/${origin.namespace}/${origin.name}`;
  return origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`;
}

/**
 * Services that were in force and are not read any more because of an error: the error names them, or it stands in their file and its
 * object could not even be identified, so that it may be them.
 */
function keepLastGood(
  read: Read,
  chosen: ReadonlyMap<ServiceId, ExportedService>,
  before: ReadonlyMap<ServiceId, ExportedService>,
): ReadonlyMap<ServiceId, ExportedService> {
  const named = new Set<ServiceId>();
  const files = new Set<string>();
  for (const problem of read.problems) {
    if (problem.severity !== 'error') continue;
    if (problem.service !== undefined) named.add(problem.service);
    else if (problem.file !== undefined) files.add(problem.file);
  }
  const kept = new Map<ServiceId, ExportedService>();
  for (const [id, service] of before) {
    if (chosen.has(id)) continue;
    if (named.has(id) || (service.origin.file !== undefined && files.has(service.origin.file))) kept.set(id, service);
  }
  return kept;
}

/** Kept services stand where they stood: after the nearest one before them that is still there. Places decide ties behind the source. */
function insertKept(
  services: readonly ExportedService[],
  kept: ReadonlyMap<ServiceId, ExportedService>,
  before: ReadonlyMap<ServiceId, ExportedService>,
): readonly ExportedService[] {
  if (kept.size === 0) return services;
  const present = new Set(services.map(({ id }) => id));
  const after = new Map<ServiceId | undefined, ExportedService[]>();
  let anchor: ServiceId | undefined;
  for (const id of before.keys()) {
    if (present.has(id)) anchor = id;
    const service = kept.get(id);
    if (service !== undefined) after.set(anchor, [...(after.get(anchor) ?? []), service]);
  }
  return [
    ...(after.get(undefined) ?? []),
    ...services.flatMap((service) => [service, ...(after.get(service.id) ?? [])]),
  ];
}
