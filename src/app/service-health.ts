import type { Problem, ServiceReport, ServiceState, UnitState } from '../model/index.ts';

type Health = ServiceState['health'];

/** Best first: the worst of its parts is what a service is. */
const order: readonly Health[] = ['ok', 'pending', 'degraded', 'error', 'down'];

export interface ServiceParts {
  readonly balancers: readonly string[];
  readonly problems: readonly Problem[];
  readonly units: readonly Pick<UnitState, 'state' | 'message' | 'code'>[];
  readonly reports: readonly ServiceReport[];
  /** What another weir has to do before it can be served: in the place of `not served yet`. */
  readonly waitsFor?: string;
}

/** How well a service is reachable, and what decides it, in words. */
export function serviceHealth(parts: ServiceParts): Pick<ServiceState, 'health' | 'reason' | 'targets'> {
  const targets = parts.reports.flatMap((report) => report.targets);
  const ready = targets.filter((target) => target.health === 'ready').length;
  const counted = targets.filter((target) => target.health !== 'draining').length;
  const found: [Health, string][] = [];
  const error = parts.problems.find((problem) => problem.severity === 'error');
  if (error !== undefined) found.push(['error', error.message]);
  if (parts.balancers.length === 0) found.push(['pending', 'no balancer takes it']);
  else if (parts.reports.length === 0 && parts.units.every(({ state }) => state === 'in sync'))
    found.push(['pending', parts.waitsFor ?? 'not served yet']);
  for (const unit of parts.units) {
    if (unit.state === 'failed') found.push(['error', unit.message]);
    // What cannot be taken away yet is no matter of those that are served.
    else if (unit.state !== 'in sync' && (unit.code !== 'E_INCOMPLETE' || parts.reports.length === 0))
      found.push(['pending', unit.message]);
  }
  for (const { conditions } of parts.reports) {
    for (const { type, status, message } of conditions) {
      // Healthy is told by the targets, with numbers.
      if (!status && type !== 'Healthy') found.push(['pending', message === '' ? 'not served yet' : message]);
    }
  }
  if (parts.reports.length > 0) {
    const sick = targets.find((target) => target.health !== 'ready' && target.health !== 'draining');
    const why = sick?.reason === undefined ? '' : `: ${sick.key} ${sick.reason}`;
    if (counted > 0 && targets.every((target) => target.health === 'unknown' || target.health === 'draining'))
      found.push(['pending', 'the health of its targets is not known']);
    else if (counted > 0 && ready === 0) found.push(['down', `none of ${counted} targets is ready${why}`]);
    else if (ready < counted) found.push(['degraded', `${ready} of ${counted} targets are ready${why}`]);
  }
  const [health, reason] = found.reduce<[Health, string]>(
    (worst, part) => (order.indexOf(part[0]) > order.indexOf(worst[0]) ? part : worst),
    ['ok', ''],
  );
  // What is down because something failed says what failed.
  const cause = health === 'down' ? found.find(([part]) => part === 'error')?.[1] : undefined;
  return { health, reason: cause === undefined ? reason : `${reason}; ${cause}`, targets: { ready, total: counted } };
}
