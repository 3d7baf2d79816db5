import type { LocatedObject } from '../../model/located.ts';
import type { Problem } from '../../model/problem.ts';
import type { ExportedService } from '../../model/service.ts';
import type { Cidr } from '../../net/index.ts';
import { parseExportService } from './export-service.ts';
import { exportService } from './make-service.ts';
import { parseMesosService, parseTaskGroup, type TaskGroup } from './mesos.ts';
import { kindOf } from './recognise.ts';

export interface BcsOptions {
  /** Name of the source in the configuration. */
  readonly source: string;
  /** Take only services that are exported to one of these groups, compared exactly; absent: all. */
  readonly groups?: readonly string[];
  /** Loopback and link-local ranges that targets may be in. */
  readonly allowed: readonly Cidr[];
}

export interface BcsResult {
  readonly services: readonly ExportedService[];
  readonly problems: readonly Problem[];
}

/** Reads every object that `isBcsObject` takes. Mesos services join task groups over all of them; a bad service stops nothing but itself. */
export function readBcs(objects: readonly LocatedObject[], options: BcsOptions): BcsResult {
  const services: ExportedService[] = [];
  const problems: Problem[] = [];
  let groups: readonly TaskGroup[] | undefined;
  for (const located of objects) {
    const kind = kindOf(located.object);
    if (kind !== 'exportService' && kind !== 'service') continue;
    groups ??= objects
      .filter(({ object }) => kindOf(object) === 'taskGroup')
      .flatMap((group) => parseTaskGroup(group) ?? []);
    const parsed = kind === 'service' ? parseMesosService(located, groups) : parseExportService(located);
    const result = exportService(parsed, options);
    if (result.service !== undefined) services.push(result.service);
    problems.push(...result.problems);
  }
  return { services, problems };
}
