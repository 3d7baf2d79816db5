import type { ExportedService, Problem, ServiceId } from '../model/index.ts';
import type { About, Notice } from './event-book.ts';

export interface NoticeParts {
  readonly problems: readonly Problem[];
  /** Those of the cluster. */
  readonly services: ReadonlyMap<ServiceId, Pick<ExportedService, 'origin'>>;
  /** What stands before their ids. */
  readonly idPrefix: string;
  /** The object of `Kind/namespace/name`. */
  readonly bySource: (source: string) => About | undefined;
  /** What is told of a Service (`namespace/name`) in other words than ours; undefined: what is wrong is told in ours. */
  readonly worded?: ((service: string, problem: Problem) => Notice | undefined) | undefined;
}

/**
 * What is wrong, told at the objects of one cluster. A problem names its object itself; one that arose later names the service. What is about
 * no object that is known here is told elsewhere. Pure.
 */
export function noticesOf({
  problems,
  services,
  idPrefix,
  bySource,
  worded,
}: NoticeParts): readonly (readonly [About, Notice])[] {
  return problems.flatMap((problem) => {
    const { code, service, source, field, message } = problem;
    const origin = service === undefined ? undefined : services.get(service)?.origin;
    const own = origin === undefined ? undefined : `${origin.kind}/${origin.namespace}/${origin.name}`;
    // Another cluster's objects may have the same names: what belongs to a service that is not ours is not ours.
    const about = bySource(own ?? source);
    if (about === undefined || (service !== undefined && own === undefined && service !== idPrefix + idOf(about)))
      return [];
    const where = field === undefined || message.includes(field) ? '' : `${field}: `;
    const note = where + message;
    const words =
      about.kind === 'Service'
        ? worded?.(`${about.namespace}/${about.name}`, { ...problem, message: note })
        : undefined;
    return [[about, words ?? { type: 'Warning', reason: code.replace(/^[EW]_/, ''), note }] as const];
  });
}

function idOf({ kind, namespace, name }: About): ServiceId {
  const path = `${namespace}/${name}`;
  return kind === 'Service' ? path : `${kind.toLowerCase()}/${path}`;
}
