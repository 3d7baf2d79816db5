import { type ExportedService, errors, isErrorCode, type Problem, shown } from '../model/index.ts';
import type { Balancer } from './balancer.ts';
import type { Gathered } from './gather.ts';

/**
 * What stands in the way of single services in the system itself (a port that another process holds), as problems like every other:
 * seen in the log, in the state and by whoever asks whether all is well. Reports are only made where something observed has a reason.
 */
export function reportProblems(balancers: readonly Balancer[], gathered: Gathered | undefined): readonly Problem[] {
  if (gathered === undefined) return [];
  return balancers.flatMap((balancer) => {
    if (!balancer.lane.hasReasons) return [];
    const services = new Map((gathered.taken.get(balancer.name) ?? []).map((service) => [service.id, service]));
    return balancer.reports(gathered).flatMap(({ service: id, conditions }) => {
      const service = services.get(id);
      if (service === undefined) return [];
      return conditions.flatMap(({ status, reason, message }) =>
        !status && isErrorCode(reason)
          ? [problemOf(service, { code: reason, message: `balancer ${balancer.name}: ${message}` })]
          : [],
      );
    });
  });
}

function problemOf(service: ExportedService, { code, message }: Pick<Problem, 'code' | 'message'>): Problem {
  const { kind, namespace, name, file, line } = service.origin;
  return {
    code,
    severity: errors[code].class === 'warning' ? 'warning' : 'error',
    source: shown(`${kind}/${namespace}/${name}`),
    service: service.id,
    message: `${message}. ${errors[code].hint}`,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}
