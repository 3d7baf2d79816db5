import type { Resource } from '../../src/model/index.ts';

const delayKey = 'deregistration_delay.timeout_seconds';
/** Default of AWS for `delayKey`. */
const delaySeconds = 300;

/** So long AWS lets connections of a target group live that it sends nothing new to: its deregistration delay. */
export function drainMs({ attrs }: Pick<Resource, 'attrs'>): number {
  const seconds = Number(attrs[delayKey] ?? delaySeconds);
  return (Number.isFinite(seconds) ? seconds : delaySeconds) * 1000;
}
