import type { FieldPath } from '../../model/located.ts';
import type { CertRef, FrontTls } from '../../model/service.ts';
import { hostCovers, parseHost, safeText } from '../../net/index.ts';
import type { Form } from './form.ts';
import { present } from './present.ts';
import type { FrontTlsForm } from './tls-schema.ts';

/** TLS of a front. `unusable`: it cannot be served as its owner meant it, so the front must be left out. */
export function readFrontTls(form: Form, written: FrontTlsForm, path: FieldPath): FrontTls | 'unusable' {
  const at = (key: string): FieldPath => [...path, key];
  const mode = written.mode ?? (written.ca === undefined ? 'terminate' : 'mutual');
  if (mode === 'passthrough') {
    for (const key of ['certificate', 'certificates', 'key', 'ca'] as const) {
      if (written[key] !== undefined)
        form.complain('E_FIELD_VALUE', at(key), 'cannot stand beside mode passthrough: TLS ends at the targets');
    }
    return { mode, certs: [] };
  }
  const certs = readCertificates(form, written, path);
  if (mode === 'terminate') {
    if (written.ca !== undefined) form.complain('E_FIELD_VALUE', at('ca'), 'needs mode mutual', written.ca);
    return certs.length === 0 ? 'unusable' : { mode, certs };
  }
  if (written.ca === undefined) {
    form.complain('E_FIELD_MISSING', at('ca'), 'is missing; mode mutual needs the authorities of the clients');
    return 'unusable';
  }
  // Without its authorities a mutual front would let everybody in, or nobody: it is left out.
  const ca = form.lookUp(written.ca, at('ca'), (path) => form.certificates.authority(path, form.located.file));
  return ca === undefined || certs.length === 0 ? 'unusable' : { mode, certs, ca };
}

function readCertificates(form: Form, written: FrontTlsForm, path: FieldPath): readonly CertRef[] {
  const { certificate, key, ocsp, hosts } = written;
  const several = (written.certificates ?? []).map((entry, i) => ({ entry, at: [...path, 'certificates', i] }));
  if (certificate === undefined) {
    for (const field of ['key', 'ocsp', 'hosts'] as const) {
      if (written[field] !== undefined)
        form.complain('E_FIELD_VALUE', [...path, field], 'needs `certificate`', written[field]);
    }
    if (several.length === 0)
      form.complain('E_FIELD_MISSING', [...path, 'certificate'], 'is missing; name a PEM file with chain and key');
  }
  const all = [
    ...(certificate === undefined ? [] : [{ entry: { certificate, key, ocsp, hosts }, at: path }]),
    ...several,
  ];
  return all.flatMap(({ entry, at }) => {
    const key = entry.key === undefined ? undefined : form.take(safeText(entry.key), [...at, 'key'], entry.key);
    const ocsp = entry.ocsp === undefined ? undefined : form.take(safeText(entry.ocsp), [...at, 'ocsp'], entry.ocsp);
    const request = present({ certificate: entry.certificate, key, ocsp, file: form.located.file });
    const found = form.lookUp(entry.certificate, [...at, 'certificate'], (chain) =>
      form.certificates.certificate({ ...request, certificate: chain }),
    );
    const staple = found === undefined ? undefined : form.certificates.staple(request);
    if (staple?.ok === false)
      form.complain('W_OCSP', [...at, entry.ocsp === undefined ? 'certificate' : 'ocsp'], staple.reason);
    const cert = found === undefined || staple?.ok !== true ? found : { ...found, ocsp: staple.value };
    const names = form.each(entry.hosts, [...at, 'hosts'], (v) => parseHost(v, { address: true }));
    if (cert === undefined) return [];
    for (const name of names ?? []) {
      if (cert.names.some((covered) => covered === name || hostCovers(covered, name))) continue;
      form.complain(
        'W_CERT_HOST',
        [...at, 'hosts'],
        `names ${name}, which the certificate does not cover (it covers ${cert.names.join(', ')})`,
      );
    }
    return [names === undefined ? cert : { ...cert, hosts: names }];
  });
}
