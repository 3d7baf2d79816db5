import type { CertRef, ExportedService } from '../../model/service.ts';

const refs = new WeakMap<ExportedService, readonly CertRef[]>();

/** Everything that a service names by hash: certificates with their OCSP responses, authorities, users. */
export function refsOf(service: ExportedService): readonly CertRef[] {
  let found = refs.get(service);
  if (found === undefined) {
    found = findRefs(service);
    refs.set(service, found);
  }
  return found;
}

const noRefs: readonly CertRef[] = [];

function findRefs({ fronts, backends }: ExportedService): readonly CertRef[] {
  const certs = fronts.flatMap(({ tls }) =>
    tls === undefined ? [] : [...tls.certs, ...(tls.ca === undefined ? [] : [tls.ca])],
  );
  const filters = fronts.flatMap((front) => [
    ...(front.filters ?? []),
    ...front.routes.flatMap((route) => route.filters),
  ]);
  const users = filters.flatMap((filter) => (filter.type === 'basicAuth' ? (filter.users ?? []) : []));
  const authorities = Object.values(backends).flatMap(({ tls }) => tls?.ca ?? []);
  const staples = certs.flatMap(({ ocsp }) => ocsp ?? []);
  const all = [...certs, ...authorities, ...[...staples, ...users].map((ref) => ({ ...ref, names: [] }))];
  return all.length === 0 ? noRefs : all;
}

export function hashesOf(service: ExportedService): readonly string[] {
  return refsOf(service).map((ref) => ref.sha256);
}
