import { suggestion } from '../../model/closest.ts';
import type { FieldPath } from '../../model/located.ts';
import type { Action } from '../../model/service.ts';
import { parseHeaderValue, parseHost, parseName, parsePath, parsePort, safeText } from '../../net/index.ts';
import type { Form } from './form.ts';
import { present } from './present.ts';
import type { ActionForm } from './route-schema.ts';

/** Keeps method and body, and clients may remember it. */
export const toHttps: Extract<Action, { type: 'redirect' }> = { type: 'redirect', code: 308, scheme: 'https' };

/** `backends`: names that may be forwarded to; the only one is meant where nothing is written. */
export function readAction(
  form: Form,
  written: ActionForm,
  path: FieldPath,
  backends: readonly string[],
): Action | undefined {
  const named = (['to', 'redirect', 'fixed'] as const).filter((key) => written[key] !== undefined);
  if (named.length > 1) {
    form.complain(
      'E_FIELD_VALUE',
      [...path, named[1] ?? ''],
      `cannot stand beside \`${named[0]}\`; write one of to, redirect, fixed`,
    );
    return undefined;
  }
  if (written.redirect !== undefined) return readRedirect(form, written.redirect, [...path, 'redirect']);
  if (written.fixed !== undefined) return readFixed(form, written.fixed, [...path, 'fixed']);
  return readForward(form, written.to, path, backends);
}

/** A path in `paths` may name its backend directly. */
export function forwardTo(form: Form, backend: string, path: FieldPath, backends: readonly string[]): Action {
  // A name that no backend can have is refused outright: it must not reach the model even as something that is missing.
  if (form.take(parseName(backend), path, backend) !== undefined && !backends.includes(backend)) {
    form.complain(
      'E_BACKEND_MISSING',
      path,
      `names a backend that does not exist${suggestion(backend, backends)}`,
      backend,
    );
  }
  return { type: 'forward', to: [{ backend, weight: 1 }] };
}

function readForward(
  form: Form,
  to: ActionForm['to'],
  path: FieldPath,
  backends: readonly string[],
): Action | undefined {
  if (to === undefined) {
    const [only, second] = backends;
    if (only !== undefined && second === undefined) return { type: 'forward', to: [{ backend: only, weight: 1 }] };
    const why = only === undefined ? 'there is no backend' : `there are several: ${backends.slice(0, 5).join(', ')}`;
    form.complain('E_FIELD_MISSING', [...path, 'to'], `is missing; name a backend (${why})`);
    return undefined;
  }
  const at = [...path, 'to'];
  if (typeof to === 'string') return forwardTo(form, to, at, backends);
  const shares = Object.entries(to).flatMap(([backend, written]) => {
    forwardTo(form, backend, [...at, backend], backends);
    const weight = form.whole(written, [...at, backend], 0, 256);
    return weight === undefined ? [] : [{ backend, weight }];
  });
  if (Object.keys(to).length === 0) form.complain('E_FIELD_MISSING', at, 'must name at least one backend');
  return { type: 'forward', to: shares };
}

function readRedirect(form: Form, written: NonNullable<ActionForm['redirect']>, path: FieldPath): Action {
  if (written === 'https') return toHttps;
  const at = (key: string): FieldPath => [...path, key];
  if (
    written.scheme === undefined &&
    written.host === undefined &&
    written.port === undefined &&
    written.path === undefined
  ) {
    form.complain('E_FIELD_MISSING', path, 'leads nowhere else; give scheme, host, port or path');
  }
  return present({
    type: 'redirect' as const,
    code: written.code ?? (302 as const),
    scheme: written.scheme,
    host: form.maybe(written.host, at('host'), (v) => parseHost(v, { address: true, wildcard: false })),
    port: form.maybe(written.port, at('port'), parsePort),
    path: form.maybe(written.path, at('path'), (v) => parsePath(v, 'stringPrefix')),
  });
}

function readFixed(form: Form, written: NonNullable<ActionForm['fixed']>, path: FieldPath): Action | undefined {
  const fields = typeof written === 'number' ? { status: written } : written;
  const status = form.whole(fields.status, typeof written === 'number' ? path : [...path, 'status'], 200, 599);
  if (status === undefined || typeof written === 'number')
    return status === undefined ? undefined : { type: 'fixed', status };
  return present({
    type: 'fixed' as const,
    status,
    contentType: form.maybe(written.contentType, [...path, 'contentType'], parseHeaderValue),
    body: form.maybe(written.body, [...path, 'body'], (v) => safeText(v, 4096)),
  });
}
