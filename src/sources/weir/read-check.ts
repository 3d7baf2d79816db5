import type { FieldPath } from '../../model/located.ts';
import type { HealthCheck } from '../../model/service.ts';
import {
  accept,
  type Parsed,
  parseDuration,
  parseHost,
  parseMethod,
  parsePath,
  parsePort,
  refuse,
} from '../../net/index.ts';
import type { CheckForm } from './backend-schema.ts';
import type { Form } from './form.ts';
import { present } from './present.ts';

type Range = { readonly from: number; readonly to: number };

export function readCheck(form: Form, check: CheckForm | undefined, path: FieldPath): HealthCheck | undefined {
  if (check === undefined) return undefined;
  if (check === 'tcp') return { type: 'tcp' };
  const at = (key: string): FieldPath => [...path, key];
  if (check.http === undefined) {
    for (const key of ['host', 'method', 'expect'] as const) {
      if (check[key] !== undefined)
        form.complain('E_FIELD_VALUE', at(key), 'needs `http`, the path to ask for', check[key]);
    }
  }
  const interval = form.maybe(check.interval, at('interval'), (v) => parseDuration(v, 100));
  const timeout = form.maybe(check.timeout, at('timeout'), (v) => parseDuration(v, 10));
  return present({
    type: check.http === undefined ? ('tcp' as const) : ('http' as const),
    path: form.maybe(check.http, at('http'), parseCheckPath),
    port: form.maybe(check.port, at('port'), parsePort),
    host: form.maybe(check.host, at('host'), (v) => parseHost(v, { address: true, wildcard: false })),
    method: form.maybe(check.method, at('method'), parseMethod),
    expect: form.each(check.expect, at('expect'), parseStatusRange),
    intervalMs: interval,
    timeoutMs: timeout,
    rise: form.whole(check.rise, at('rise'), 1, 100),
    fall: form.whole(check.fall, at('fall'), 1, 100),
  });
}

/** A path to ask for: a query may follow. */
function parseCheckPath(value: string): Parsed<string> {
  const at = value.indexOf('?');
  const path = parsePath(at < 0 ? value : value.slice(0, at), 'stringPrefix');
  if (!path.ok || at < 0) return path;
  return /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*$/.test(value.slice(at))
    ? accept(value)
    : refuse('E_PATH', 'must have a query of printable ASCII characters without spaces and quotes');
}

/** 200 or "200-399". */
function parseStatusRange(value: number | string): Parsed<Range> {
  const match = /^([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?$/.exec(String(value));
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  return match !== null && from <= to
    ? accept({ from, to })
    : refuse('E_FIELD_VALUE', 'must be a status such as 200 or a range such as 200-399');
}
