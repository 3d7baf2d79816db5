import { z } from 'zod';
import { filter } from './filter-schema.ts';
import { cidr, host, oneOrMany, port, weight } from './scalars.ts';

const to = z.union([
  z.string().describe('Name of a backend.'),
  z.record(z.string(), weight).describe('Backends with their share, e.g. { stable: 95, canary: 5 }.'),
]);

const redirect = z.union([
  z.literal('https').describe('To the same host and path by https.'),
  z.strictObject({
    code: z
      .union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)])
      .optional()
      .describe('Default 302.'),
    scheme: z.enum(['http', 'https']).optional(),
    host: z.string().optional().describe('Default: the host that was asked for.'),
    port: port.optional().describe('Default: that of the scheme.'),
    path: z.string().optional().describe('Replaces the path; default: the path is kept.'),
  }),
]);

const fixed = z.union([
  z.number().describe('Status from 200 to 599.'),
  z.strictObject({
    status: z.number().describe('Status from 200 to 599.'),
    contentType: z.string().optional().describe('Default text/plain.'),
    body: z.string().optional().describe('Body, one line.'),
  }),
]);

/** Where requests or connections go. None of the three: to the only backend. */
export const actionFields = {
  to: to.optional().describe('Backend, or backends with their share; default: the only backend.'),
  redirect: redirect.optional().describe('Answer with a redirect.'),
  fixed: fixed.optional().describe('Answer with a fixed response.'),
};

const match = z.union([
  z.string().describe('Exactly this value.'),
  z.strictObject({ regex: z.string() }).describe('Matches this expression.'),
  z.strictObject({ present: z.literal(true) }).describe('Is there, whatever the value.'),
]);

const conditionFields = {
  methods: oneOrMany(z.string()).optional().describe('Request methods.'),
  headers: z.record(z.string(), match).optional().describe('Headers that must match.'),
  query: z.record(z.string(), match).optional().describe('Query parameters that must match.'),
  from: oneOrMany(cidr).optional().describe('Client addresses.'),
  filters: z.array(filter).optional().describe('Changes to request and response.'),
};

const path = z.union([
  z.string().describe('Prefix by path element (/api covers /api and /api/x); `= /x` exactly; `~ ^/x` expression.'),
  z.strictObject({ exact: z.string() }),
  z.strictObject({ prefix: z.string() }),
  z.strictObject({ stringPrefix: z.string() }).describe('Prefix by characters (/api covers /apix too).'),
  z.strictObject({ regex: z.string() }),
]);

/** What stands behind one entry of `paths`. */
const pathBody = z.union([
  z.string().describe('Name of a backend.'),
  z.strictObject({ ...conditionFields, ...actionFields }),
]);

export const rule = z
  .strictObject({
    host: host.optional().describe('Host; without host and hosts: every host.'),
    hosts: z.array(host).optional().describe('Several hosts.'),
    paths: z
      .record(z.string(), pathBody)
      .optional()
      .describe(
        'Path to backend, e.g. { /: web, /api: api }. Keys as in `path`; longest wins, the order does not matter.',
      ),
    path: path
      .optional()
      .describe('One path, where conditions or several rules for it are needed; default: every path.'),
    ...conditionFields,
    ...actionFields,
  })
  .describe('Requests by host, path and other conditions. Rules that match equally: first written wins.')
  .meta({ id: 'rule' });

export type RuleForm = z.infer<typeof rule>;
export type PathForm = z.infer<typeof path>;
export type MatchForm = z.infer<typeof match>;
export type ActionForm = z.infer<z.ZodObject<typeof actionFields>>;
export type ConditionForm = z.infer<z.ZodObject<typeof conditionFields>>;
