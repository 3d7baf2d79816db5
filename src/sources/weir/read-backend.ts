import type { FieldPath } from '../../model/located.ts';
import type { Backend } from '../../model/service.ts';
import { parseCookieName, parseDuration, parseHost, parsePort } from '../../net/index.ts';
import type { BackendFields, BackendForm } from './backend-schema.ts';
import type { Form } from './form.ts';
import { present } from './present.ts';
import { readCheck } from './read-check.ts';
import { readTargets } from './read-target.ts';
import type { BackendTlsForm } from './tls-schema.ts';

/** `protocol`: what the ports that lead to it speak, used where the backend says nothing. */
export function readBackend(form: Form, written: BackendForm, path: FieldPath, protocol: Backend['protocol']): Backend {
  const list = Array.isArray(written);
  const fields: BackendFields = list ? { targets: written } : written;
  const targetsAt = list ? path : [...path, 'targets'];
  const at = (key: string): FieldPath => [...path, key];
  const targets = readTargets(form, fields, targetsAt);
  if ((fields.targets ?? []).length === 0) form.complain('W_NO_TARGETS', targetsAt, 'has no targets');
  return present({
    targets,
    targetKind: fields.kind ?? ('ip' as const),
    protocol:
      fields.protocol ?? (fields.tls !== undefined && fields.tls !== false && protocol === 'http' ? 'https' : protocol),
    balance: fields.balance ?? ('roundrobin' as const),
    nodePort: form.maybe(fields.nodePort, at('nodePort'), parsePort),
    localOnly: fields.localOnly,
    tls: readBackendTls(form, fields.tls, at('tls')),
    affinity: readAffinity(form, fields.affinity, at('affinity')),
    health: readCheck(form, fields.check, at('check')),
    drainMs: form.maybe(fields.drain, at('drain'), (v) => parseDuration(v)),
    maxConnections: form.whole(fields.maxConnections, at('maxConnections'), 1, 10_000_000),
    sendProxy: fields.sendProxy,
    retries: form.whole(fields.retries, at('retries'), 0, 100),
    reuse: fields.reuse,
  });
}

function readAffinity(form: Form, written: BackendFields['affinity'], path: FieldPath): Backend['affinity'] {
  if (written === undefined) return undefined;
  if (typeof written === 'string') return { type: written };
  const cookie = form.maybe(written.cookie, [...path, 'cookie'], parseCookieName);
  if (written.type === 'source' && written.cookie !== undefined) {
    form.complain('E_FIELD_VALUE', [...path, 'cookie'], 'needs type cookie', written.cookie);
  }
  return present({
    type: written.type,
    cookie,
    timeoutMs: form.maybe(written.timeout, [...path, 'timeout'], (v) => parseDuration(v, 1000)),
  });
}

function readBackendTls(form: Form, written: BackendTlsForm | undefined, path: FieldPath): Backend['tls'] {
  if (written === undefined || written === false) return undefined;
  if (written === true) return { verify: true };
  const file = form.located.file;
  const ca =
    written.ca === undefined
      ? undefined
      : form.lookUp(written.ca, [...path, 'ca'], (v) => form.certificates.authority(v, file));
  // Without the authorities that its owner named nothing could be verified as meant: never fall back to those of the system.
  if (written.ca !== undefined && ca === undefined) form.usable = false;
  return present({
    verify: written.verify ?? true,
    ca,
    serverName: form.maybe(written.serverName, [...path, 'serverName'], (v) => parseHost(v, { wildcard: false })),
  });
}
