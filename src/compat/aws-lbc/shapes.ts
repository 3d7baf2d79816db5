/** The JSON of conditions, transforms, logins and listeners: shapes and bounds as the peer and the API have them. */
import { z } from 'zod';
import { isSafeText, parseCidr } from '../../net/index.ts';
import { json } from './json-value.ts';
import { port, text } from './shape-parts.ts';

const values = z.array(text(128)).min(1).optional();
const anyOf = z.object({ values, regexValues: values });
const filled = <T extends { values?: unknown; regexValues?: unknown }>(config: T): boolean =>
  config.values !== undefined || config.regexValues !== undefined;
const condition = z.discriminatedUnion('field', [
  z.object({ field: z.literal('host-header'), hostHeaderConfig: anyOf.refine(filled, 'must have values') }),
  z.object({ field: z.literal('path-pattern'), pathPatternConfig: anyOf.refine(filled, 'must have values') }),
  z.object({
    field: z.literal('http-header'),
    httpHeaderConfig: z
      .object({
        httpHeaderName: z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}$/, 'must be the name of a header'),
        values,
        regexValues: values,
      })
      .refine(filled, 'must have values'),
  }),
  z.object({
    field: z.literal('http-request-method'),
    httpRequestMethodConfig: z.object({
      values: z.array(z.string().regex(/^[A-Z_-]{1,40}$/, 'must be a method in capitals')).min(1),
    }),
  }),
  z.object({
    field: z.literal('query-string'),
    queryStringConfig: z.object({
      values: z.array(z.object({ key: text(128).optional(), value: text(128) })).min(1),
    }),
  }),
  z.object({
    field: z.literal('source-ip'),
    sourceIPConfig: z.object({
      values: z
        .array(
          z
            .string()
            .refine((value) => value.includes('/') && parseCidr(value).ok, 'must be a range such as 10.0.0.0/8'),
        )
        .min(1),
    }),
  }),
]);

const rewrites = z.object({
  rewrites: z.array(z.object({ regex: text(1024), replace: z.string().max(1024).refine(isSafeText) })).min(1),
});
const transform = z.discriminatedUnion('type', [
  z.object({ type: z.literal('host-header-rewrite'), hostHeaderRewriteConfig: rewrites }),
  z.object({ type: z.literal('url-rewrite'), urlRewriteConfig: rewrites }),
]);

const extraParams = z.record(text(128), text(1024)).optional();
const url = z.url({ protocol: /^https$/, message: 'must be an https URL' });

export const conditionsValue = json(
  z.array(condition).min(1),
  [
    ...[
      'field',
      'hostHeaderConfig',
      'pathPatternConfig',
      'httpHeaderConfig',
      'httpHeaderName',
      'httpRequestMethodConfig',
    ],
    ...['queryStringConfig', 'sourceIPConfig', 'values', 'regexValues', 'key', 'value'],
  ],
  '[{"field": "http-header", "httpHeaderConfig": {…}}]',
);

export const transformsValue = json(
  z.array(transform).min(1).max(2),
  ['type', 'hostHeaderRewriteConfig', 'urlRewriteConfig', 'rewrites', 'regex', 'replace'],
  '[{"type": "url-rewrite", "urlRewriteConfig": {"rewrites": [{"regex": "…", "replace": "…"}]}}]',
);

export const oidcValue = json(
  z.object({
    issuer: url,
    authorizationEndpoint: url,
    tokenEndpoint: url,
    userInfoEndpoint: url,
    secretName: text(253),
    authenticationRequestExtraParams: extraParams,
  }),
  [
    'issuer',
    'authorizationEndpoint',
    'tokenEndpoint',
    'userInfoEndpoint',
    'secretName',
    'authenticationRequestExtraParams',
  ],
  '{"issuer": …, "authorizationEndpoint": …, "tokenEndpoint": …, "userInfoEndpoint": …, "secretName": …}',
);

export const cognitoValue = json(
  z.object({
    userPoolARN: z.string().regex(/^arn:aws[a-z-]*:cognito-idp:[\w:/-]{1,500}$/, 'must be the ARN of a user pool'),
    userPoolClientID: text(1024),
    userPoolDomain: text(128),
    authenticationRequestExtraParams: extraParams,
  }),
  ['userPoolARN', 'userPoolClientID', 'userPoolDomain', 'authenticationRequestExtraParams'],
  '{"userPoolARN": …, "userPoolClientID": …, "userPoolDomain": …}',
);

export const listenPortsValue = json(
  z
    .array(z.partialRecord(z.enum(['HTTP', 'HTTPS']), port))
    .min(1)
    .max(50)
    .transform((entries) =>
      entries.flatMap((entry) =>
        (['HTTP', 'HTTPS'] as const).flatMap((protocol) => {
          const number = entry[protocol];
          return number === undefined ? [] : [{ protocol, port: number }];
        }),
      ),
    )
    .refine((ports) => ports.length > 0, 'must name a port')
    .refine(
      (ports) => new Set(ports.map(({ port: number }) => number)).size === ports.length,
      'must name each port once',
    ),
  [],
  '[{"HTTP": 80}, {"HTTPS": 443}]',
);

export const mutualValue = json(
  z
    .array(
      z
        .object({
          port,
          mode: z.enum(['off', 'passthrough', 'verify']),
          trustStore: text(2048).optional(),
          ignoreClientCertificateExpiry: z.boolean().optional(),
          advertiseTrustStoreCaNames: z.enum(['on', 'off']).optional(),
        })
        .refine(({ mode, trustStore }) => (mode === 'verify') === (trustStore !== undefined), {
          message: 'mode verify needs a trustStore, and no other mode takes one',
          path: ['trustStore'],
        })
        .refine(({ mode, ignoreClientCertificateExpiry: ignore }) => mode === 'verify' || ignore === undefined, {
          message: 'goes with mode verify only',
          path: ['ignoreClientCertificateExpiry'],
        }),
    )
    .min(1),
  ['port', 'mode', 'trustStore', 'ignoreClientCertificateExpiry', 'advertiseTrustStoreCaNames'],
  '[{"port": 443, "mode": "verify", "trustStore": "…"}]',
);
