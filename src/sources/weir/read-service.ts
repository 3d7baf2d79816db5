import type { AddressRequest, Backend, ExportedService, Front } from '../../model/service.ts';
import { accept, addressFamily, type Parsed, parseAddress, parseName, refuse, safeText } from '../../net/index.ts';
import type { BackendForm } from './backend-schema.ts';
import type { Form } from './form.ts';
import { listOf, present } from './present.ts';
import { readBackend } from './read-backend.ts';
import { readFront } from './read-front.ts';
import { readHttp } from './read-http.ts';
import { readSettings } from './read-settings.ts';
import type { ServiceForm } from './schema.ts';

export interface Identity {
  readonly namespace: string;
  readonly name: string;
}

/** A service whose shape is right; undefined when it cannot be used (the form tells why). */
export function readService(
  form: Form,
  written: ServiceForm,
  identity: Identity,
  source: string,
): ExportedService | undefined {
  const forms = backendForms(form, written);
  const names = Object.keys(forms);
  const fronts = readFronts(form, written, names);
  const backends: Record<string, Backend> = {};
  for (const [name, backend] of Object.entries(forms)) {
    const path = written.backends === undefined ? [] : ['backends', name];
    if (form.take(parseName(name), path, name) !== undefined) {
      backends[name] = readBackend(form, backend, path, protocolOf(name, fronts));
    }
  }
  const { namespace, name } = identity;
  const service: ExportedService = {
    id: `${namespace}/${name}`,
    origin: {
      source,
      kind: 'ExportedService',
      namespace,
      name,
      labels: readLabels(form, written.labels),
      ...(form.located.file === '' ? {} : { file: form.located.file }),
      line: form.located.line,
      ...present({ createdMs: form.maybe(written.created, ['created'], parseDate) }),
    },
    groups: form.each(written.groups, ['groups'], parseName) ?? [],
    ...present({
      class: form.maybe(written.class, ['class'], parseName),
      bundle: readBundle(form, written.bundle),
      balancers: form.each(written.balancers, ['balancers'], parseName),
      address: readAddress(form, written.address),
    }),
    fronts,
    backends,
    ...readSettings(form, written.settings),
  };
  return form.usable ? service : undefined;
}

/** Either `backends`, or the one backend whose fields stand at the top level. */
function backendForms(form: Form, written: ServiceForm): Readonly<Record<string, BackendForm>> {
  const { targets, balance, affinity, check, drain } = written;
  const single = present({ targets, balance, affinity, check, drain });
  if (written.backends !== undefined) {
    for (const key of Object.keys(single))
      form.complain('E_FIELD_VALUE', [key], 'cannot stand beside `backends`; move it into one of them');
    return written.backends;
  }
  return Object.keys(single).length === 0 ? {} : { default: single };
}

function readFronts(form: Form, written: ServiceForm, backends: readonly string[]): readonly Front[] {
  if (written.http === undefined && (written.ports ?? []).length === 0) {
    form.complain('E_FIELD_MISSING', [], 'has neither `http` nor `ports`: nothing would be reachable');
  }
  if (written.http === undefined && written.tls !== undefined) {
    form.complain('E_FIELD_VALUE', ['tls'], 'needs `http`; for other ports write it in the entry of `ports`');
  }
  const short = written.http === undefined ? [] : readHttp(form, written.http, written.tls, backends);
  const fronts = [...short];
  for (const [i, entry] of (written.ports ?? []).entries()) {
    const front = readFront(form, entry, ['ports', i], backends);
    if (front === undefined) continue;
    if (fronts.some((other) => other.key === front.key)) {
      form.complain(
        'E_PORT_CONFLICT',
        ['ports', i],
        `is the second port called ${front.key} in this service; remove one, or give it another name or number`,
      );
    } else fronts.push(front);
  }
  return fronts;
}

/** What the ports that lead to a backend speak; http wins because a proxy must read requests to route them. */
function protocolOf(backend: string, fronts: readonly Front[]): Backend['protocol'] {
  const leading = fronts.filter((front) =>
    [front.default, ...front.routes.map((route) => route.action)].some(
      (action) => action?.type === 'forward' && action.to.some((share) => share.backend === backend),
    ),
  );
  if (leading.some((front) => front.protocol === 'http' || front.protocol === 'https' || front.protocol === 'quic'))
    return 'http';
  return leading.length > 0 && leading.every((front) => front.protocol === 'udp') ? 'udp' : 'tcp';
}

function readLabels(form: Form, written: ServiceForm['labels']): Readonly<Record<string, string>> {
  const entries = Object.entries(written ?? {}).filter(
    ([key, value]) =>
      form.take(safeText(key, 317), ['labels', key], key) !== undefined &&
      form.take(safeText(value, 253), ['labels', key], value) !== undefined,
  );
  return Object.fromEntries(entries);
}

function readBundle(form: Form, written: ServiceForm['bundle']): ExportedService['bundle'] {
  if (written === undefined) return undefined;
  const fields = typeof written === 'string' ? { key: written } : written;
  const key = form.take(
    parseName(fields.key),
    typeof written === 'string' ? ['bundle'] : ['bundle', 'key'],
    fields.key,
  );
  const order = form.whole('order' in fields ? fields.order : undefined, ['bundle', 'order'], -1000, 1000) ?? 0;
  return key === undefined ? undefined : { key, order };
}

function readAddress(form: Form, written: ServiceForm['address']): AddressRequest | undefined {
  if (written === undefined) return undefined;
  const plain = typeof written === 'string' || Array.isArray(written);
  const fields = plain ? { list: [...listOf(written)] } : written;
  const list = form.each(fields.list, plain ? ['address'] : ['address', 'list'], parseAddress);
  const { pool, shareKey, backendKey, families, familyPolicy, held } = plain ? {} : { ...written };
  // Who writes down neither pool nor address asks for any.
  const open = !plain && pool === undefined && (list === undefined || list.length === 0);
  return present({
    pool: form.maybe(pool, ['address', 'pool'], parseName),
    list,
    families:
      families?.map((family) => (family === 'ipv4' || family === 'IPv4' ? 'ipv4' : 'ipv6')) ??
      (list === undefined || list.length === 0 ? (['ipv4'] as const) : [...new Set(list.map(addressFamily))]),
    fromPool: open ? [] : undefined,
    familyPolicy,
    shareKey: form.maybe(shareKey, ['address', 'shareKey'], (v) => safeText(v, 253)),
    backendKey: form.maybe(backendKey, ['address', 'backendKey'], (v) => safeText(v, 253)),
    held: form.each(held, ['address', 'held'], parseAddress) ?? [],
  });
}

/** RFC 3339, in milliseconds since the epoch. */
function parseDate(value: string): Parsed<number> {
  const shape = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d))?$/.test(value);
  const ms = shape ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms)
    ? refuse('E_FIELD_VALUE', 'must be a date such as 2026-01-31 or 2026-01-31T08:00:00Z')
    : accept(ms);
}
