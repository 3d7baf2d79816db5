import type { Config } from '../config/index.ts';
import { WeirError } from '../model/index.ts';
import { parseDuration } from '../net/index.ts';

/** Milliseconds of the durations in a configuration. Throws E_CONFIG; a configuration that was parsed has none that fails. */
export function parseGateDeadline(config: Config): number {
  return parse('gateDeadline', config.gateDeadline);
}

export function parseAuditInterval(config: Config): number {
  return parse('auditInterval', config.auditInterval);
}

export function parseDrain(config: Config): number {
  return parse('drain', config.drain, 0);
}

/** Of the Lease. */
export function parseLeaderTimes({ leader }: Config): { leaseMs: number; renewDeadlineMs: number; retryMs: number } {
  return {
    leaseMs: parse('leader.leaseDuration', leader.leaseDuration),
    renewDeadlineMs: parse('leader.renewDeadline', leader.renewDeadline),
    retryMs: parse('leader.retryPeriod', leader.retryPeriod),
  };
}

function parse(field: string, text: string, leastMs = 1): number {
  const parsed = parseDuration(text, leastMs);
  if (!parsed.ok) throw new WeirError('E_CONFIG', `${field} ${JSON.stringify(text)} ${parsed.reason}`);
  return parsed.value;
}
