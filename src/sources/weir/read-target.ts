import type { FieldPath } from '../../model/located.ts';
import type { Target } from '../../model/service.ts';
import {
  formatAuthority,
  parseAddress,
  parseName,
  parsePort,
  parseTargetAddress,
  safeText,
  splitAuthority,
} from '../../net/index.ts';
import type { BackendFields, TargetForm } from './backend-schema.ts';
import type { Form } from './form.ts';
import { present } from './present.ts';

/** The targets of a backend, in the order written; each address and port once. */
export function readTargets(form: Form, backend: BackendFields, path: FieldPath): readonly Target[] {
  const seen = new Set<string>();
  return (backend.targets ?? []).flatMap((written, i) => {
    const at = [...path, i];
    const target = readTarget(form, written, backend, at);
    if (target === undefined) return [];
    const key = formatAuthority(target.address, target.port);
    if (!seen.has(key)) {
      seen.add(key);
      return [target];
    }
    form.complain(
      'E_FIELD_VALUE',
      at,
      `names ${key} a second time; write each target once, with a weight where it shall take more`,
    );
    return [];
  });
}

function readTarget(form: Form, written: TargetForm, backend: BackendFields, at: FieldPath): Target | undefined {
  const instance = backend.kind === 'instance';
  const parts = typeof written === 'string' ? splitTarget(written) : written;
  const inside = (key: string): FieldPath => (typeof written === 'string' ? at : [...at, key]);
  const shownValue = (value: unknown): unknown => (typeof written === 'string' ? written : value);
  const address = form.take(
    instance ? parseName(parts.address) : parseTargetAddress(parts.address, form.allowed),
    inside('address'),
    shownValue(parts.address),
  );
  const number = parts.port ?? backend.port;
  if (number === undefined) {
    form.complain('E_FIELD_MISSING', at, 'has no port; write address:port, or `port` in the backend', written);
    return undefined;
  }
  const port = form.take(parsePort(number), inside('port'), shownValue(number));
  if (typeof written === 'string') {
    return address === undefined || port === undefined ? undefined : { address, port, weight: 1, state: 'ready' };
  }
  const text = (key: 'node' | 'zone' | 'pod'): string | undefined =>
    form.maybe(written[key], inside(key), (v) => safeText(v, 253));
  const weight = form.whole(written.weight, inside('weight'), 0, 256) ?? 1;
  const about = present({ node: text('node'), zone: text('zone'), pod: text('pod') });
  return address === undefined || port === undefined
    ? undefined
    : { address, port, weight, state: written.state ?? 'ready', ...about };
}

/** address:port, [address]:port, or an address alone (IPv6 without brackets too). */
function splitTarget(text: string): { readonly address: string; readonly port?: string } {
  if (parseAddress(text).ok) return { address: text };
  const bare = /^\[([^[\]]*)\]$/.exec(text)?.[1];
  return splitAuthority(text) ?? { address: bare ?? text };
}
