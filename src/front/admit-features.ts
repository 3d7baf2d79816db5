import type { Capabilities, ExportedService, Feature, Filter, Front, Problem } from '../model/index.ts';
import { tell } from './tell.ts';

const features: { readonly [T in Filter['type']]?: { readonly feature: Feature; readonly protects: boolean } } = {
  sourceRanges: { feature: 'sourceRangeFilter', protects: true },
  bodyLimit: { feature: 'bodyLimit', protects: true },
  rateLimit: { feature: 'rateLimit', protects: true },
  basicAuth: { feature: 'basicAuth', protects: true },
  // Without it browsers refuse answers; nothing is opened that was to be closed.
  cors: { feature: 'cors', protects: false },
};

/** False when a front asks for protection that the provider cannot give: it is not served then. Problems are told. */
export function frontAllowed(
  service: ExportedService,
  front: Front,
  field: string,
  capabilities: Capabilities,
  problems: Problem[],
): boolean {
  if ((front.deniedRanges ?? []).length > 0 && !can(capabilities, 'deniedRanges')) {
    const message = 'this provider cannot keep addresses out; the port is not served, use a provider that can';
    problems.push(tell(service, 'E_FEATURE', `${field}.deniedRanges`, front.deniedRanges, message));
    return false;
  }
  if (front.tls?.mode === 'mutual' && !can(capabilities, 'clientCertificates')) {
    const message =
      'this provider cannot ask clients for certificates; the port is not served, use a provider that can';
    problems.push(tell(service, 'E_FEATURE', `${field}.tls.mode`, 'mutual', message));
    return false;
  }
  if (front.protocol === 'tls' && front.routes.length > 0 && !can(capabilities, 'sniRoutes')) {
    const message = 'this provider cannot choose by the name in a TLS hello; give the service a port of its own';
    problems.push(tell(service, 'E_FEATURE', `${field}.routes`, front.routes[0]?.hosts, message));
    return false;
  }
  return (front.filters ?? []).every((filter, at) =>
    filterAllowed(service, filter, `${field}.filters[${at}]`, capabilities, problems),
  );
}

/** False when a filter protects something and the provider cannot do it: what it stands at must not be served without. */
export function filterAllowed(
  service: ExportedService,
  filter: Filter,
  field: string,
  capabilities: Capabilities,
  problems: Problem[],
): boolean {
  const entry = features[filter.type];
  if (entry === undefined || can(capabilities, entry.feature)) return true;
  const rest = entry.protects ? 'what it protects is not served' : 'it has no effect';
  const message = `this provider has no filter of type ${filter.type}; ${rest}; remove it or use a provider that can`;
  problems.push(tell(service, entry.protects ? 'E_FEATURE' : 'W_FEATURE', field, filter.type, message));
  return !entry.protects;
}

function can({ features: able = [] }: Capabilities, feature: Feature): boolean {
  return able.includes(feature);
}
