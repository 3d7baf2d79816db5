/** What a listener rule can be told beyond the model's Route. Field names are those of the API. */
import { z } from 'zod';
import { arn, idOrName } from './words.ts';

const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^\P{C}+$/u, 'must not contain control characters');
const header = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}$/, 'must be the name of a header');
const values = z.array(text(128)).min(1);

/** All of the conditions must hold; one of the values of each. */
const condition = z.discriminatedUnion('field', [
  z.strictObject({ field: z.literal('host-header'), values: values.optional(), regexValues: values.optional() }),
  z.strictObject({ field: z.literal('path-pattern'), values: values.optional(), regexValues: values.optional() }),
  z.strictObject({
    field: z.literal('http-header'),
    name: header,
    values: values.optional(),
    regexValues: values.optional(),
  }),
  z.strictObject({
    field: z.literal('http-request-method'),
    values: z.array(z.string().regex(/^[A-Z_-]{1,40}$/, 'must be a method in capitals')).min(1),
  }),
  z.strictObject({
    field: z.literal('query-string'),
    values: z.array(z.strictObject({ key: text(128).optional(), value: text(128) })).min(1),
  }),
  z.strictObject({ field: z.literal('source-ip'), values: z.array(z.cidrv4().or(z.cidrv6())).min(1) }),
]);

/** `#{host}`, `#{path}`, `#{port}`, `#{protocol}`, `#{query}` stand for those of the request. */
const redirect = z.strictObject({
  protocol: z.enum(['HTTP', 'HTTPS', '#{protocol}']).optional(),
  host: text(128).optional(),
  port: z
    .string()
    .regex(/^([1-9]\d{0,4}|#\{port\})$/)
    .optional(),
  path: z
    .string()
    .regex(/^\/\P{C}{0,127}$/u, 'must begin with /')
    .optional(),
  query: z
    .string()
    .max(128)
    .regex(/^\P{C}*$/u)
    .optional(),
  statusCode: z.enum(['HTTP_301', 'HTTP_302']).optional(),
});

/** target groups of others in a weighted forward, beside the backends of the route. */
const foreignTargetGroup = z.strictObject({ targetGroup: idOrName.or(arn), weight: z.int().min(0).max(999) });

const common = {
  scope: text(1024).optional(),
  sessionCookieName: z
    .string()
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/)
    .max(256)
    .optional(),
  sessionTimeoutSeconds: z.int().min(1).max(604_800).optional(),
  onUnauthenticatedRequest: z.enum(['authenticate', 'allow', 'deny']).optional(),
  authenticationRequestExtraParams: z.record(text(128), text(1024)).optional(),
};
const url = z.url({ protocol: /^https$/ });

/** Absent fields take the API's defaults: openid, AWSELBAuthSessionCookie, 604800, authenticate. HTTPS listeners only. */
export const auth = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({
    type: z.literal('oidc'),
    issuer: url,
    authorizationEndpoint: url,
    tokenEndpoint: url,
    userInfoEndpoint: url,
    clientId: text(1024),
    /** Where the client secret is found; it never travels in settings: `ctx.secret` fetches it by this. */
    clientSecret: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), origin: z.string() }),
    ...common,
  }),
  z.strictObject({
    type: z.literal('cognito'),
    userPoolArn: arn,
    userPoolClientId: text(1024),
    userPoolDomain: text(128),
    ...common,
  }),
]);

const rewrite = z.strictObject({ regex: text(1024), replace: z.string().max(1024) });
const transform = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('host-header-rewrite'), rewrites: z.array(rewrite).min(1) }),
  z.strictObject({ type: z.literal('url-rewrite'), rewrites: z.array(rewrite).min(1) }),
]);

export const rule = z.strictObject({
  conditions: z
    .array(condition)
    .optional()
    .describe(
      'Beside host, path, method, headers, query and source addresses of the route; values of one field are joined.',
    ),
  transforms: z.array(transform).max(2).optional(),
  redirect: redirect.optional().describe("In place of the route's action."),
  targetGroups: z.array(foreignTargetGroup).optional(),
  stickySeconds: z
    .int()
    .min(1)
    .max(604_800)
    .optional()
    .describe('Forward: TargetGroupStickinessConfig.DurationSeconds.'),
  auth: auth.optional(),
});

export type RuleOptions = z.infer<typeof rule>;
export type Condition = z.infer<typeof condition>;
export type Auth = z.infer<typeof auth>;
