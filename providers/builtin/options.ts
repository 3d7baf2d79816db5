/** Options of the builtin relay and what a service may set for it. */
import { z } from 'zod';

export const options = z.strictObject({
  addresses: z
    .array(z.union([z.ipv4(), z.ipv6()]))
    .min(1)
    .default(['127.0.0.1'])
    .describe('Addresses to listen on for services that name none, e.g. ["0.0.0.0", "::"]; default: loopback only.'),
  connectMs: z.int().positive().default(3000).describe('How long a connect to a target may take, in milliseconds.'),
  serverMs: z
    .int()
    .positive()
    .default(60_000)
    .describe('How long a target may be silent while an answer is awaited, in milliseconds.'),
  attempts: z.int().min(1).max(16).default(4).describe('Targets tried for one connection or repeatable request.'),
  retryPortMs: z
    .int()
    .positive()
    .default(1000)
    .describe('How often a port that was taken is tried again, in milliseconds.'),
  closeGraceMs: z
    .int()
    .min(0)
    .default(2000)
    .describe('How long connections may finish when weir stops, in milliseconds.'),
});

export type Options = z.infer<typeof options>;

/** Nothing can be set for one service alone. */
export const serviceOptions = z.strictObject({});

export type ServiceOptions = z.infer<typeof serviceOptions>;
