/** What is in force of what was read: duplicates decided, last good versions kept. Pure. */
import { errors } from '../../model/errors.ts';
import type { Problem } from '../../model/problem.ts';
import { Remade } from '../../model/remade.ts';
import { bornMs, type ExportedService, type ServiceId } from '../../model/service.ts';
import { share } from './share.ts';

export interface Read {
  /** In reading order. */
  readonly services: readonly ExportedService[];
  readonly problems: readonly Problem[];
}

export interface InForce {
  /** By id, in reading order. */
  readonly services: ReadonlyMap<ServiceId, ExportedService>;
  /** Number of errors of each file that name no service. */
  readonly nameless: ReadonlyMap<string, number>;
  /** Services that are held because such an error may be them. */
  readonly held: ReadonlySet<ServiceId>;
}

export interface Settled extends InForce {
  readonly problems: readonly Problem[];
}

export const nothingInForce: InForce = { services: new Map(), nameless: new Map(), held: new Set() };

/**
 * What is in force now, after what was `before`; unchanged services and parts of services are the same objects again. `shared` remembers
 * that from one reading to the next, so that it costs something only for services that are new. `alike`: how the parts that are the same
 * are found.
 */
export function settle(
  read: Read,
  before: InForce,
  shared: Remade<ExportedService, ExportedService> = new Remade(),
  alike: (before: ExportedService | undefined, now: ExportedService) => ExportedService = share,
): Settled {
  const services = shared.of(read.services, (service) => alike(before.services.get(service.id), service));
  const { services: chosen, problems: duplicates } = decideDuplicates(services);
  const nameless = countNameless(read.problems);
  const kept = keepNamed(read.problems, chosen, before);
  const held = holdNameless(nameless, chosen, kept, before);
  const problems = read.problems.map((problem) => explainKept(problem, kept, held));
  return {
    services: insertKept(chosen, new Map([...kept, ...held]), before.services),
    nameless,
    held: new Set(held.keys()),
    problems: [...problems, ...duplicates],
  };
}

function explainKept(problem: Problem, kept: Services, held: Services): Problem {
  if (problem.severity !== 'error') return problem;
  if (problem.service !== undefined) {
    return kept.has(problem.service)
      ? { ...problem, message: `${problem.message}; the last good version of the service stays in force` }
      : problem;
  }
  const ids = [...held.values()]
    .filter(({ origin }) => origin.file !== undefined && origin.file === problem.file)
    .map(({ id }) => id);
  if (ids.length === 0) return problem;
  const more = ids.length > 5 ? ` and ${ids.length - 5} more` : '';
  return {
    ...problem,
    message: `${problem.message}; it may be a service that is gone from the file, so these stay in force: ${ids.slice(0, 5).join(', ')}${more}`,
  };
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
    const older = bornMs(service.origin) < bornMs(other.origin);
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

type Services = ReadonlyMap<ServiceId, ExportedService>;

/** Services that were in force, are not usable as they are written now, and are named by an error. */
function keepNamed(problems: readonly Problem[], chosen: Services, before: InForce): Services {
  const kept = new Map<ServiceId, ExportedService>();
  for (const { severity, service: id } of problems) {
    const service = id === undefined || chosen.has(id) ? undefined : before.services.get(id);
    if (severity === 'error' && service !== undefined) kept.set(service.id, service);
  }
  return kept;
}

/**
 * Services that disappeared from a file at the moment when an object of it became impossible to identify: it may be them. They are held
 * while the error lasts; services that disappear later are deleted, whatever else is wrong with the file.
 */
function holdNameless(
  nameless: ReadonlyMap<string, number>,
  chosen: Services,
  kept: Services,
  before: InForce,
): Services {
  const held = new Map<ServiceId, ExportedService>();
  if (nameless.size === 0) return held;
  for (const [id, service] of before.services) {
    const { file } = service.origin;
    if (file === undefined || chosen.has(id) || kept.has(id)) continue;
    const errors = nameless.get(file) ?? 0;
    const news = errors > (before.nameless.get(file) ?? 0);
    if (errors > 0 && (news || before.held.has(id))) held.set(id, service);
  }
  return held;
}

function countNameless(problems: readonly Problem[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { severity, service, file } of problems) {
    if (severity === 'error' && service === undefined && file !== undefined)
      counts.set(file, (counts.get(file) ?? 0) + 1);
  }
  return counts;
}

/** Kept services stand where they stood: after the nearest one before them that is still there. Places decide ties behind the source. */
function insertKept(services: Services, kept: Services, before: Services): Services {
  if (kept.size === 0) return services;
  const after = new Map<ServiceId | undefined, ExportedService[]>();
  let anchor: ServiceId | undefined;
  for (const id of before.keys()) {
    if (services.has(id)) anchor = id;
    const service = kept.get(id);
    if (service !== undefined) after.set(anchor, [...(after.get(anchor) ?? []), service]);
  }
  const all = [
    ...(after.get(undefined) ?? []),
    ...[...services.values()].flatMap((service) => [service, ...(after.get(service.id) ?? [])]),
  ];
  return new Map(all.map((service) => [service.id, service]));
}
