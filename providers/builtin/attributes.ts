/** Attributes of the resources, from the model's words. Every default is written out, so that two states compare by what they mean. */
import type { Attrs, Backend, Json, Listener, MergedAction, Timeouts } from '../../src/model/index.ts';

/** Drops undefined, freezes the arrays' types into JSON. */
export function compact(record: Readonly<Record<string, unknown>>): Attrs {
  return JSON.parse(JSON.stringify(record));
}

export function timeoutsOf(timeouts: Timeouts | undefined): Attrs {
  const { connectMs, clientMs, serverMs, tunnelMs } = timeouts ?? {};
  return compact({ connectMs, clientMs, serverMs, tunnelMs });
}

export function listenerAttrsOf(listener: Listener, addresses: readonly string[], key: string): Attrs {
  const fronts = listener.fronts.map(({ front }) => front);
  const tls = fronts.find((front) => front.tls !== undefined)?.tls;
  const http = listener.protocol === 'http' || listener.protocol === 'https';
  const terminated = tls !== undefined && tls.mode !== 'passthrough' && listener.protocol !== 'http';
  const limits = fronts.flatMap(({ maxConnections }) => maxConnections ?? []);
  return compact({
    key,
    addresses: [...addresses],
    port: listener.port,
    mode: http ? 'http' : 'tcp',
    tls: terminated
      ? { mutual: tls.mode === 'mutual', caSha256: tls.ca?.sha256, caOrigin: tls.ca?.origin }
      : listener.protocol === 'https'
        ? { mutual: false }
        : undefined,
    timeouts: timeoutsOf(fronts[0]?.timeouts),
    // Layer 7 fronts share the port: their ranges stand at their routes.
    sourceRanges: http ? undefined : fronts[0]?.sourceRanges,
    maxConnections: limits.length === fronts.length ? limits.reduce((sum, limit) => sum + limit, 0) : undefined,
  });
}

export function backendAttrsOf(backend: Backend): Attrs {
  const { health, tls } = backend;
  return compact({
    protocol: backend.protocol === 'https' || backend.protocol === 'tcp' ? backend.protocol : 'http',
    balance: backend.affinity === undefined ? backend.balance : 'source',
    tls: tls && { verify: tls.verify, serverName: tls.serverName, caSha256: tls.ca?.sha256, caOrigin: tls.ca?.origin },
    drainMs: backend.drainMs,
    maxConnections: backend.maxConnections,
    check: health && {
      type: health.type,
      port: health.port,
      path: health.path ?? '/',
      host: health.host,
      method: health.method ?? 'GET',
      expect: health.expect ?? [{ from: 200, to: 399 }],
      intervalMs: health.intervalMs ?? 2000,
      timeoutMs: health.timeoutMs ?? Math.min(health.intervalMs ?? 2000, 2000),
      rise: health.rise ?? 2,
      fall: health.fall ?? 3,
    },
  });
}

/** `{ action }` for an answer of the relay's own; empty for forwards. */
export function actionOf({ action }: MergedAction): { readonly action?: Json } {
  return action.type === 'forward' ? {} : { action: compact({ ...action }) };
}
