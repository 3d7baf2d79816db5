import type { ServiceState } from '../model/index.ts';

/** What goes through a service now, in one line for the page: rate, failures, open sessions, queue. Empty while nobody counts. */
export function trafficText({ reports }: Pick<ServiceState, 'reports'>): string {
  const all = reports.flatMap(({ traffic }) => traffic ?? []);
  if (all.length === 0) return '';
  let [perSecond, current, queued, answers, failed, broken] = [0, 0, 0, 0, 0, 0];
  for (const traffic of all) {
    perSecond += traffic.perSecond;
    current += traffic.current;
    queued += traffic.queued;
    answers += Object.values(traffic.requests).reduce((sum, count) => sum + count, 0);
    failed += traffic.requests['5xx'] ?? 0;
    broken += traffic.failures.connect + traffic.failures.response;
  }
  const rate = perSecond < 10 ? perSecond.toFixed(1) : String(Math.round(perSecond));
  const share = failed === 0 ? '0' : ((failed / answers) * 100).toFixed(2);
  return [
    `${rate}/s`,
    // TCP has no codes: what could not be passed on is what failed.
    answers > 0 ? `${share} % 5xx` : `${broken} errors`,
    `${current} open`,
    ...(queued > 0 ? [`${queued} queued`] : []),
  ].join(', ');
}
