/** What the builtin relay cannot do, said as a problem of the one service that asks for it. */
import { type Backend, type ExportedService, type Front, type Problem, shown } from '../../src/model/index.ts';

/** A front that is not served at all: serving it without what it asks for would be another front. */
export function frontProblem(service: ExportedService, front: Front): Problem | undefined {
  const say = (value: unknown, message: string) => problem(service, `fronts.${front.key}`, value, message);
  if (front.endPort !== undefined && front.endPort !== front.port) {
    return say(
      `${front.port}-${front.endPort}`,
      'The builtin relay has no port ranges: export each port, or use provider haproxy.',
    );
  }
  if (front.proxyProtocol === true) {
    return say(true, 'The builtin relay does not read the PROXY protocol: remove it, or use provider haproxy.');
  }
  return undefined;
}

/** A backend that gets no traffic; its routes answer 503. */
export function backendProblem(service: ExportedService, key: string, backend: Backend): Problem | undefined {
  const field = `backends.${key.slice(service.id.length + 1)}`;
  if (!['tcp', 'http', 'https'].includes(backend.protocol)) {
    const message = `The builtin relay speaks tcp, http and https to targets, not ${backend.protocol}: use provider haproxy.`;
    return problem(service, field, backend.protocol, message);
  }
  if (backend.targetKind !== 'ip') {
    return problem(
      service,
      field,
      backend.targetKind,
      'The builtin relay needs IP addresses as targets, not instance ids.',
    );
  }
  return undefined;
}

function problem(service: ExportedService, field: string, value: unknown, message: string): Problem {
  const { origin } = service;
  return {
    code: 'E_FEATURE',
    severity: 'error',
    source: origin.file ?? `${origin.kind}/${origin.namespace}/${origin.name}`,
    service: service.id,
    field,
    value: shown(value),
    message,
    ...(origin.file === undefined ? {} : { file: origin.file }),
    ...(origin.line === undefined ? {} : { line: origin.line }),
  };
}
