import { type Context, Hono } from 'hono';
import type { Readiness } from '../app.ts';
import type { State } from '../model/index.ts';
import type { ServedMetrics } from './metrics.ts';
import { createServiceMetrics } from './service-metrics.ts';
import { createStateMetrics } from './state-metrics.ts';

export interface ProbeInput {
  readonly readiness: () => Readiness;
  readonly state: () => State;
  readonly metrics: ServedMetrics;
  /** Services with numbers of their own at most. */
  readonly perService: number;
  /** Told once when there are more. */
  readonly complain: (message: string) => void;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
}

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly reason: string;
  /** Not ok, and nothing is wrong: it is meant so. */
  readonly meant?: true;
}

/** The listener that may stand anywhere: /healthz, /readyz, /metrics. Carries no secret; of services their names and numbers. */
export function probeRoutes({ readiness, state, metrics, perService, complain, now }: ProbeInput): Hono {
  const startedMs = now();
  const collect = createStateMetrics(metrics);
  const collectServices = createServiceMetrics(metrics, perService, complain);
  const app = new Hono();
  app.get('/healthz', (c) => answer(c, [turning(readiness(), startedMs, now())]));
  app.get('/readyz', (c) => answer(c, ready(readiness())));
  app.get('/metrics', async (c) => {
    const now = state();
    collect(now);
    collectServices(now);
    return c.body(await metrics.text(), 200, { 'content-type': metrics.contentType });
  });
  app.notFound((c) => c.text('not found; there are /healthz /readyz /metrics\n', 404));
  return app;
}

/** The loop has turned within three of its periods; a stuck one should be restarted. */
function turning({ lastTurnMs, turnEveryMs }: Readiness, startedMs: number, nowMs: number): Check {
  const sinceMs = nowMs - (lastTurnMs ?? startedMs);
  const ok = sinceMs <= 3 * turnEveryMs;
  return { name: 'loop', ok, reason: ok ? '' : `has not turned for ${Math.round(sinceMs / 1000)} s` };
}

function ready({
  synced,
  planned,
  draining,
  waitingFor,
  unread = [],
  blind = [],
  follows = [],
}: Readiness): readonly Check[] {
  const reason = waitingFor.join(', ');
  return [
    ...(draining === undefined
      ? []
      : [{ name: 'drain', ok: false, reason: 'weir is about to stop', meant: true as const }]),
    { name: 'sources', ok: synced, reason: synced ? '' : reason || 'the first listing is not complete' },
    { name: 'plan', ok: planned, reason: planned ? '' : reason || 'the first plan is not made' },
    // Told beside what decides: a plan that is not made names its balancer, and one beside proxies of our own keeps nobody from being ready.
    ...blind.map(({ balancer, sinceMs, never, code, message, hint }) => ({
      name: `balancer ${balancer}`,
      ok: planned || !never,
      reason: `${never ? 'never read' : 'not read'} since ${new Date(sinceMs).toISOString()}: ${code}: ${message}. ${hint}`,
    })),
    ...follows.map(({ lease, holder }) => ({
      name: `leader ${lease}`,
      ok: true,
      reason: holder === undefined ? 'follower; nobody is known to lead' : `follower; ${holder} leads`,
    })),
    // Traffic goes on by what is known: taking this weir out of service would help nobody.
    ...unread.map(({ source, part, never, blank }) => ({
      name: `source ${source}`,
      ok: never !== true,
      reason: `${part} cannot be read; ${never === true || blank === true ? 'nothing is known of before' : 'what was last known is served'}`,
    })),
  ];
}

/** `?verbose` lists the checks as kube-apiserver does. A failure always says which check failed; what is meant so is not called one. */
function answer(c: Context, checks: readonly Check[]): Response {
  const ok = checks.every((check) => check.ok);
  const verbose = c.req.query('verbose') !== undefined;
  const lines = checks.map(({ name, ok: passed, reason, meant }) => {
    if (passed) return reason === '' ? `[+]${name} ok\n` : `[+]${name} ok: ${reason}\n`;
    return meant ? `[-]${name}: ${reason}\n` : `[-]${name} failed: ${verbose ? reason : 'see ?verbose'}\n`;
  });
  const text = ok && !verbose ? 'ok' : `${lines.join('')}${ok ? 'ok' : 'not ok'}\n`;
  return c.text(text, ok ? 200 : 503, { 'cache-control': 'no-store' });
}
