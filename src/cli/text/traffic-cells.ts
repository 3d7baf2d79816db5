import type { ServiceState, Traffic } from '../../model/index.ts';
import { span } from './words.ts';

/** Requests (TCP: connections) a second, share of 5xx since the balancer was taken up, time to answer, open and queued now. */
export const trafficHead = ['PER S', '5XX', 'ANSWER', 'OPEN', 'QUEUE'];

/** The columns of one service, over all its balancers; undefined while none counts. */
export function trafficCells({ reports }: Pick<ServiceState, 'reports'>): readonly string[] | undefined {
  const all = reports.flatMap(({ traffic }) => traffic ?? []);
  if (all.length === 0) return undefined;
  const sum = (pick: (traffic: Traffic) => number) => all.reduce((total, traffic) => total + pick(traffic), 0);
  const answers = sum(({ requests }) => Object.values(requests).reduce((total, n) => total + n, 0));
  const failed = sum(({ requests }) => requests['5xx'] ?? 0);
  const perSecond = sum((traffic) => traffic.perSecond);
  const sessions = sum((traffic) => traffic.sessions);
  const answerMs = sum((traffic) => traffic.sessions * traffic.latencyMs.response) / Math.max(1, sessions);
  return [
    perSecond < 10 ? perSecond.toFixed(1) : String(Math.round(perSecond)),
    answers === 0 ? '-' : `${((failed / answers) * 100).toFixed(failed === 0 ? 0 : 2)} %`,
    answers === 0 ? '-' : span(answerMs),
    String(sum((traffic) => traffic.current)),
    String(sum((traffic) => traffic.queued)),
  ];
}
