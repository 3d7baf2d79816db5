import type { FieldPath } from '../../model/located.ts';
import type { Action, Front, Route } from '../../model/service.ts';
import { parsePort } from '../../net/index.ts';
import type { Form } from './form.ts';
import { present } from './present.ts';
import { readAction, toHttps } from './read-action.ts';
import { readLimits } from './read-limits.ts';
import { readRoutes } from './read-route.ts';
import { readFrontTls } from './read-tls.ts';
import type { HttpForm } from './schema.ts';
import type { FrontTlsForm } from './tls-schema.ts';

/** The short form `http`: port 80 alone, or with `tls` port 443 and port 80 that leads there. */
export function readHttp(
  form: Form,
  written: HttpForm,
  tlsForm: FrontTlsForm | undefined,
  backends: readonly string[],
): readonly Front[] {
  const list = Array.isArray(written);
  const fields = list ? { rules: written } : written;
  const path: FieldPath = ['http'];
  const rules = readRoutes(form, fields.rules, list ? path : [...path, 'rules'], backends);
  const missing =
    fields.default === undefined ? undefined : readAction(form, fields.default, [...path, 'default'], backends);
  if (fields.rules.length === 0 && fields.default === undefined) {
    form.complain('E_FIELD_MISSING', list ? path : [...path, 'rules'], 'must have at least one rule, or `default`');
  }
  const limits = readLimits(form, fields, path);
  const port = fields.port === false ? undefined : (form.maybe(fields.port, [...path, 'port'], parsePort) ?? 80);
  const tlsPort = form.maybe(fields.tlsPort, [...path, 'tlsPort'], parsePort) ?? 443;
  const serve = { ...limits, routes: rules, ...present({ default: missing }) };

  if (tlsForm === undefined) {
    for (const key of ['tlsPort', 'redirect'] as const) {
      if (fields[key] !== undefined) form.complain('E_FIELD_VALUE', [...path, key], 'needs `tls`', fields[key]);
    }
    if (port === undefined) form.complain('E_FIELD_VALUE', [...path, 'port'], 'may be false only with `tls`', false);
    return port === undefined ? [] : [{ key: `${port}/http`, port, protocol: 'http', ...serve }];
  }
  if (port === tlsPort) form.complain('E_FIELD_VALUE', [...path, 'tlsPort'], 'must differ from `port`', tlsPort);
  const tls = readFrontTls(form, tlsForm, ['tls']);
  if (tls !== 'unusable' && tls.mode === 'passthrough') {
    form.complain(
      'E_FIELD_VALUE',
      ['tls', 'mode'],
      'cannot be passthrough here: requests cannot be read inside TLS; write the port under `ports`',
      'passthrough',
    );
  }
  const plain = fields.redirect === false ? serve : { ...limits, ...redirects(rules, missing, tlsPort) };
  return [
    ...(port === undefined ? [] : [{ key: `${port}/http`, port, protocol: 'http' as const, ...plain }]),
    ...(tls === 'unusable'
      ? []
      : [{ key: `${tlsPort}/https`, port: tlsPort, protocol: 'https' as const, tls, ...serve }]),
  ];
}

/** Plain HTTP of the same hosts leads to HTTPS; hosts of other services on the port are not touched. */
function redirects(
  rules: readonly Route[],
  missing: Action | undefined,
  tlsPort: number,
): Pick<Front, 'routes' | 'default'> {
  const action: Action = tlsPort === 443 ? toHttps : { ...toHttps, port: tlsPort };
  const everyHost = missing !== undefined || rules.some((rule) => rule.hosts.length === 0);
  if (everyHost) return { routes: [], default: action };
  const hosts = [...new Set(rules.flatMap((rule) => rule.hosts))];
  return { routes: hosts.length === 0 ? [] : [{ hosts, filters: [], action, order: 0 }] };
}
