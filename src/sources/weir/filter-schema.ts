import { z } from 'zod';
import { cidr, duration, file, oneOrMany } from './scalars.ts';

const headers = z.strictObject({
  set: z.record(z.string(), z.string()).optional().describe('Headers to set, replacing what is there.'),
  add: z.record(z.string(), z.string()).optional().describe('Headers to add.'),
  remove: z.array(z.string()).optional().describe('Headers to remove.'),
});

const rateLimit = z.union([
  z.number().describe('Requests per second.'),
  z.strictObject({
    requestsPerSecond: z.number().describe('Requests per second; may be a fraction.'),
    burst: z.number().optional().describe('Requests at once; default: those of a second.'),
  }),
]);

const cors = z.union([
  z.literal(true).describe('Every origin, without credentials.'),
  z.strictObject({
    origins: oneOrMany(z.string()).optional().describe('https://shop.test, https://*.shop.test, or * (default).'),
    methods: oneOrMany(z.string()).optional().describe('Default GET, PUT, POST, DELETE, PATCH, OPTIONS.'),
    headers: oneOrMany(z.string()).optional().describe('Request headers; default: those that the browser asks for.'),
    exposeHeaders: oneOrMany(z.string()).optional().describe('Answer headers that scripts may read.'),
    credentials: z.boolean().optional().describe('Cookies and authentication may be sent; default false.'),
    maxAge: duration.optional().describe('How long a browser keeps the answer of a preflight.'),
  }),
]);

const basicAuth = z.strictObject({
  users: file.describe(
    'File with one name:hash a line, as `htpasswd -B` and `openssl passwd -5` make them. While it cannot be read nobody gets in.',
  ),
  realm: z.string().optional().describe('What the browser shows; default: the name of the service.'),
});

export const filter = z
  .strictObject({
    sourceRanges: z
      .strictObject({
        allow: oneOrMany(cidr).optional().describe('Clients that are let in; default: everyone.'),
        deny: oneOrMany(cidr).optional().describe('Clients that are kept out, also where `allow` has them.'),
      })
      .optional()
      .describe('Who may ask; everyone else gets 403.'),
    rateLimit: rateLimit.optional().describe('For each client address; 429 above it.'),
    bodyLimit: z
      .union([z.number().describe('Bytes.'), z.string().describe('Such as 512k, 10m or 1g (powers of 1024).')])
      .optional()
      .describe(
        'Largest request body; 413 above it, 411 for one whose length is not told beforehand (chunked, or HTTP/2 without content-length), however short.',
      ),
    basicAuth: basicAuth.optional().describe('Asks for name and password.'),
    cors: cors.optional().describe('Lets scripts of other origins ask.'),
    requestHeaders: headers.optional().describe('Changes headers before the target sees them.'),
    responseHeaders: headers.optional().describe('Changes headers before the client sees them.'),
    rewritePrefix: z
      .strictObject({ from: z.string(), to: z.string() })
      .optional()
      .describe('Replaces the beginning of the path.'),
    rewriteRegex: z
      .strictObject({ pattern: z.string(), to: z.string() })
      .optional()
      .describe('Replaces what matches; \\1 to \\9 are groups.'),
    host: z.string().optional().describe('Host header that the target sees.'),
  })
  .describe('One or more guards and changes, in the order of the fields.')
  .meta({ id: 'filter' });

export type FilterForm = z.infer<typeof filter>;
export type HeadersForm = z.infer<typeof headers>;
export type RateLimitForm = z.infer<typeof rateLimit>;
export type BasicAuthForm = z.infer<typeof basicAuth>;
export type CorsForm = z.infer<typeof cors>;
