/** Options of the memory provider and what a service may set for it. */
import { z } from 'zod';

export const options = z.strictObject({
  store: z
    .string()
    .min(1)
    .default('default')
    .describe('Name of the store; balancers of one process that name the same share it.'),
  file: z
    .string()
    .min(1)
    .optional()
    .describe('JSON file that holds the store, so that it lives longer than the process; default: memory only.'),
  healthMs: z
    .int()
    .min(0)
    .default(0)
    .describe('How long a target of a target group in use needs to become ready, in milliseconds.'),
  drainMs: z
    .int()
    .min(0)
    .default(0)
    .describe('How long targets drain after the last front has turned away, in milliseconds.'),
  readLagMs: z
    .int()
    .min(0)
    .default(0)
    .describe('How old the state is that a reading shows, in milliseconds: an eventually consistent API.'),
  callsPerSecond: z
    .number()
    .positive()
    .optional()
    .describe('Writes a second beyond which calls are throttled; default: no limit.'),
});

export type Options = z.infer<typeof options>;

export const serviceOptions = z.strictObject({
  idleMs: z
    .int()
    .positive()
    .default(60_000)
    .describe('Idle time-out of the load balancer, in milliseconds; changed in place.'),
  scheme: z
    .enum(['internal', 'internet-facing'])
    .default('internal')
    .describe('Kind of addresses of the load balancer; a change replaces it.'),
});

export type ServiceOptions = z.infer<typeof serviceOptions>;
