import type { FieldPath } from '../../model/located.ts';
import type { Action, Front, Protocol } from '../../model/service.ts';
import { parseHost, parseName, parsePort } from '../../net/index.ts';
import type { Form } from './form.ts';
import { present } from './present.ts';
import { readAction } from './read-action.ts';
import { readLimits } from './read-limits.ts';
import { readRoutes } from './read-route.ts';
import { readFrontTls } from './read-tls.ts';
import type { FrontForm } from './schema.ts';

const layer7: ReadonlySet<Protocol> = new Set(['http', 'https', 'quic']);
const encrypted: ReadonlySet<Protocol> = new Set(['https', 'quic', 'tls']);
const protocols: readonly Protocol[] = ['tcp', 'udp', 'tcp_udp', 'http', 'https', 'tls', 'quic'];

/** One entry of `ports`; undefined when it cannot be served. */
export function readFront(
  form: Form,
  written: FrontForm,
  path: FieldPath,
  backends: readonly string[],
): Front | undefined {
  const at = (key: string): FieldPath => [...path, key];
  const place = readPlace(form, written, at('port'));
  const protocol = written.protocol ?? place?.protocol ?? defaultProtocol(written);
  const name = form.maybe(written.name, at('name'), parseName);
  const tls = readTlsOf(form, written, protocol, at('tls'));
  if (!layer7.has(protocol)) {
    if (written.http !== undefined)
      form.complain('E_FIELD_VALUE', at('http'), `needs protocol http or https, not ${protocol}`);
    for (const key of ['redirect', 'fixed', 'filters'] as const) {
      if (written[key] !== undefined)
        form.complain('E_FIELD_VALUE', at(key), `needs protocol http or https, not ${protocol}`);
    }
  }
  const hosts = tls === 'unusable' || tls?.mode !== 'passthrough' ? [] : readHosts(form, written, at('tls'));
  const named = hosts.length > 0;
  const routes = layer7.has(protocol) ? readRoutes(form, written.http ?? [], at('http'), backends) : [];
  const action = defaultAction(form, written, path, backends);
  const limits = readLimits(form, written, path);
  if (place === undefined || tls === 'unusable') return undefined;
  const range = place.endPort === undefined ? `${place.port}` : `${place.port}-${place.endPort}`;
  return present({
    key: name ?? `${range}/${protocol}`,
    port: place.port,
    endPort: place.endPort,
    protocol,
    tls,
    ...limits,
    routes: named && action !== undefined ? [{ hosts, filters: [], action, order: 0 }] : routes,
    default: named ? undefined : action,
  });
}

/** The names by which TLS that is passed through is told apart. */
function readHosts(form: Form, { tls }: FrontForm, path: FieldPath): readonly string[] {
  return form.each(tls?.hosts, [...path, 'hosts'], (host) => parseHost(host)) ?? [];
}

/** With routes, nothing stands for what they did not take unless its owner says so. */
function defaultAction(
  form: Form,
  written: FrontForm,
  path: FieldPath,
  backends: readonly string[],
): Action | undefined {
  const silent = written.to === undefined && written.redirect === undefined && written.fixed === undefined;
  return silent && (written.http?.length ?? 0) > 0 ? undefined : readAction(form, written, path, backends);
}

function defaultProtocol(written: FrontForm): Protocol {
  if (written.http !== undefined) return written.tls === undefined ? 'http' : 'https';
  return written.tls === undefined ? 'tcp' : 'tls';
}

function readTlsOf(form: Form, written: FrontForm, protocol: Protocol, path: FieldPath): Front['tls'] | 'unusable' {
  if (written.tls === undefined) {
    if (encrypted.has(protocol))
      form.complain(
        'E_FIELD_MISSING',
        path,
        `is missing; protocol ${protocol} needs a certificate or mode passthrough`,
      );
    return undefined;
  }
  if (!encrypted.has(protocol)) {
    form.complain('E_FIELD_VALUE', path, `needs protocol https or tls, not ${protocol}`);
    return undefined;
  }
  const tls = readFrontTls(form, written.tls, path);
  if (tls !== 'unusable' && tls.mode === 'passthrough' && protocol !== 'tls') {
    form.complain(
      'E_FIELD_VALUE',
      [...path, 'mode'],
      `needs protocol tls, not ${protocol}: requests cannot be read inside TLS`,
      'passthrough',
    );
  }
  return tls;
}

interface Place {
  readonly port: number;
  readonly endPort?: number;
  readonly protocol?: Protocol;
}

/** 5432, "5432", "8000-8010", "53/udp". */
function readPlace(form: Form, written: FrontForm, path: FieldPath): Place | undefined {
  const value = written.port;
  const match = typeof value === 'string' ? /^([^/-]*)(?:-([^/]*))?(?:\/(.*))?$/s.exec(value) : null;
  const port = form.take(parsePort(match?.[1] ?? value), path, value);
  const endPort = match?.[2] === undefined ? undefined : form.take(parsePort(match[2]), path, value);
  const protocol = protocols.find((p) => p === match?.[3]);
  if (match?.[3] !== undefined && protocol === undefined) {
    form.complain('E_FIELD_VALUE', path, `must name one of ${protocols.join(', ')} after the /`, value);
  }
  if (protocol !== undefined && written.protocol !== undefined && protocol !== written.protocol) {
    form.complain('E_FIELD_VALUE', path, `says another protocol than \`protocol\` (${written.protocol})`, value);
  }
  if (port === undefined) return undefined;
  if (endPort !== undefined && endPort <= port) {
    form.complain('E_FIELD_VALUE', path, 'must have a last port above the first', value);
    return undefined;
  }
  return present({ port, endPort, protocol });
}
