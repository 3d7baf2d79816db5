/** The JSON of actions: shapes and bounds as the peer and the API have them. */
import { z } from 'zod';
import { isSafeText } from '../../net/index.ts';
import { json } from './json-value.ts';
import { port, text } from './shape-parts.ts';
import { targetGroupArn } from './words.ts';

const arn = z.string().refine((value) => targetGroupArn.parse(value).ok, 'must be the ARN of a target group');
const weight = z.int().min(0).max(999);

/** Digits in quotes are a number: no name of a port is made of digits alone. */
const servicePort = z
  .union([port, text(63)])
  .transform((value) => (/^\d+$/.test(String(value)) ? Number(value) : value));

const targetGroup = z
  .object({
    targetGroupARN: arn.optional(),
    targetGroupName: text(32).optional(),
    serviceName: text(253).optional(),
    servicePort: servicePort.optional(),
    weight: weight.optional(),
  })
  .refine(
    (one) =>
      [one.targetGroupARN, one.targetGroupName, one.serviceName].filter((name) => name !== undefined).length === 1,
    'must have precisely one of targetGroupARN, targetGroupName and serviceName',
  )
  .refine(
    (one) => one.serviceName === undefined || one.servicePort !== undefined,
    'must have servicePort beside serviceName',
  );

const forwardConfig = z
  .object({
    targetGroups: z.array(targetGroup).min(1).max(5),
    targetGroupStickinessConfig: z
      .object({ enabled: z.boolean().optional(), durationSeconds: z.int().min(1).max(604_800).optional() })
      .optional(),
  })
  .refine(
    ({ targetGroups }) => targetGroups.length === 1 || targetGroups.every((one) => one.weight !== undefined),
    'must have a weight at each of several target groups',
  );

const redirectConfig = z
  .object({
    host: text(128).optional(),
    path: text(128)
      .refine((value) => value.startsWith('/'), 'must begin with /')
      .optional(),
    port: z
      .string()
      .regex(/^([1-9]\d{0,4}|#\{port\})$/, 'must be a port in quotes, or #{port}')
      .optional(),
    protocol: z.enum(['HTTP', 'HTTPS', '#{protocol}']).optional(),
    query: z.string().max(128).refine(isSafeText, 'must not contain control characters').optional(),
    statusCode: z.enum(['HTTP_301', 'HTTP_302']),
  })
  .refine(
    ({ protocol, host, port, path }) =>
      (protocol ?? '#{protocol}') !== '#{protocol}' ||
      (host ?? '#{host}') !== '#{host}' ||
      (port ?? '#{port}') !== '#{port}' ||
      (path ?? '/#{path}') !== '/#{path}',
    'must change the protocol, host, port or path: AWS refuses a redirect that creates a loop',
  );

const fixedResponseConfig = z.object({
  contentType: z.enum(['text/plain', 'text/css', 'text/html', 'application/javascript', 'application/json']).optional(),
  messageBody: z.string().max(1024).optional(),
  statusCode: z.string().regex(/^[245]\d\d$/, 'must be a status of 2xx, 4xx or 5xx in quotes'),
});

const action = z
  .object({
    type: z.enum(['forward', 'redirect', 'fixed-response']),
    targetGroupARN: arn.optional(),
    forwardConfig: forwardConfig.optional(),
    redirectConfig: redirectConfig.optional(),
    fixedResponseConfig: fixedResponseConfig.optional(),
  })
  .refine((one) => one.type !== 'redirect' || one.redirectConfig !== undefined, 'must have redirectConfig')
  .refine(
    (one) => one.type !== 'fixed-response' || one.fixedResponseConfig !== undefined,
    'must have fixedResponseConfig',
  )
  .refine(
    (one) => one.type !== 'forward' || (one.targetGroupARN === undefined) !== (one.forwardConfig === undefined),
    'must have precisely one of targetGroupARN and forwardConfig',
  );

export const actionValue = json(
  action,
  [
    ...[
      'type',
      'targetGroupARN',
      'targetGroupName',
      'forwardConfig',
      'targetGroups',
      'serviceName',
      'servicePort',
      'weight',
    ],
    ...[
      'targetGroupStickinessConfig',
      'enabled',
      'durationSeconds',
      'redirectConfig',
      'host',
      'path',
      'port',
      'protocol',
    ],
    ...['query', 'statusCode', 'fixedResponseConfig', 'contentType', 'messageBody'],
  ],
  '{"type": "forward" | "redirect" | "fixed-response", …}',
);

/** Of a Service: its own target group with `baseServiceWeight`, beside others. */
export const networkActionValue = json(
  z.object({
    type: z.literal('forward'),
    forwardConfig: z.object({
      baseServiceWeight: weight.optional(),
      targetGroups: z
        .array(targetGroup)
        .min(1)
        .max(4)
        .refine((groups) => groups.every((one) => one.weight !== undefined), 'must have a weight at each target group'),
    }),
  }),
  [
    ...['type', 'forwardConfig', 'baseServiceWeight', 'targetGroups', 'targetGroupARN', 'targetGroupName'],
    ...['serviceName', 'servicePort', 'weight'],
  ],
  '{"type": "forward", "forwardConfig": {"baseServiceWeight": 90, "targetGroups": […]}}',
);
