import {
  accept,
  type Parsed,
  parseDuration,
  parseHeaderName,
  parseHost,
  parseMethod,
  parseOrigin,
  parsePath,
  parseRate,
  parseRealm,
  parseRegex,
  parseReplacement,
  parseSize,
} from '../../net/index.ts';
import type { AnnotationReader } from './annotation-reader.ts';
import { decimal, listOf, pairOf, parseHeaders, parseSwitch, wholeNumber } from './annotation-value.ts';
import { parseObjectName } from './metadata.ts';

/** What our annotations say about the treatment of requests. */
export function readFilterValues(reader: AnnotationReader) {
  const prefix = (text: string): Parsed<string> => parsePath(text, 'stringPrefix');
  const host = (text: string): Parsed<string> => parseHost(text, { address: true, wildcard: false });
  return {
    authSecret: reader.take('auth-secret', parseObjectName),
    authRealm: reader.take('auth-realm', parseRealm),
    rateLimit: reader.take('rate-limit', decimal(parseRate)),
    rateBurst: reader.take('rate-limit-burst', wholeNumber(1, 1_000_000)),
    bodyLimit: reader.take('body-limit', parseSize),
    corsOrigins: reader.take('cors-origins', listOf(parseOrigin)),
    corsMethods: reader.take('cors-methods', listOf(parseMethod)),
    corsHeaders: reader.take('cors-headers', listOf(parseHeaderName)),
    corsExpose: reader.take('cors-expose-headers', listOf(parseHeaderName)),
    corsCredentials: reader.take('cors-credentials', parseSwitch),
    corsMaxAgeMs: reader.take('cors-max-age', (text) => parseDuration(text)),
    requestSet: reader.take('request-headers-set', parseHeaders),
    requestAdd: reader.take('request-headers-add', parseHeaders),
    requestRemove: reader.take('request-headers-remove', listOf(parseHeaderName)),
    responseSet: reader.take('response-headers-set', parseHeaders),
    responseAdd: reader.take('response-headers-add', parseHeaders),
    responseRemove: reader.take('response-headers-remove', listOf(parseHeaderName)),
    rewritePrefix: reader.take('rewrite-prefix', pairOf(prefix, prefix)),
    rewriteRegex: reader.take('rewrite-regex', pairOf(expression, parseReplacement)),
    rewriteHost: reader.take('rewrite-host', host),
  };
}

function expression(text: string): Parsed<string> {
  const parsed = parseRegex(text);
  return parsed.ok ? accept(text) : parsed;
}
