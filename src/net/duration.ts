import { accept, type Parsed, refuse } from './parsed.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Proxies keep timers in 31 bits of milliseconds. */
export const maxDurationMs = 2_147_483_647;

/** What a schema can say of a duration. */
export const durationForm = /^(?:\d{1,10}(?:\.\d{1,6})?(?:ms|[smhd]))+$/;

/** `30s`, `500ms`, `1h30m`, `1.5s` in milliseconds; at most 24 days, and not below `minMs` (default 0). */
export function parseDuration(value: unknown, minMs = 0): Parsed<number> {
  const wanted = 'must be a duration such as 500ms, 30s, 5m or 1h30m';
  if (typeof value === 'number') return refuse('E_DURATION', `${wanted}; a number alone has no unit`);
  if (typeof value !== 'string' || value.length > 40) return refuse('E_DURATION', wanted);
  if (!durationForm.test(value)) {
    return refuse('E_DURATION', /^\d+$/.test(value) ? `${wanted}; a number alone has no unit` : wanted);
  }
  let total = 0;
  for (const [, amount = '', unit = ''] of value.matchAll(/([\d.]+)(ms|[smhd])/g)) {
    total += Number(amount) * (unitMs[unit] ?? 0);
  }
  const durationMs = Math.round(total);
  if (Math.abs(durationMs - total) > 1e-6) return refuse('E_DURATION', 'must be a whole number of milliseconds');
  if (durationMs > maxDurationMs) return refuse('E_DURATION', 'must be at most 24d');
  if (durationMs < minMs) return refuse('E_DURATION', `must be at least ${minMs}ms`);
  return accept(durationMs);
}
