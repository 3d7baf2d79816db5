import { type ErrorCode, type ExportedService, errors, type Problem, shown } from '../../src/model/index.ts';

/** A problem of a setting: named by the annotation or field that it was read from. `path` is that in `settings.awselb`. */
export function tellSetting(
  service: ExportedService,
  code: ErrorCode,
  path: readonly (string | number)[],
  value: unknown,
  message: string,
): Problem {
  const keys = ['awselb', ...path.map(String)];
  const { settingsOrigin } = service;
  for (let length = keys.length; length > 1; length--) {
    const origin = settingsOrigin[keys.slice(0, length).join('.')];
    if (origin === undefined) continue;
    return tell(service, code === 'E_FIELD_VALUE' ? 'E_ANNOTATION_VALUE' : code, origin, value, message);
  }
  return tell(service, code, `settings.${keys.join('.')}`, value, message);
}

/** A problem of a service, named as its owner knows it. */
export function tell(
  service: ExportedService,
  code: ErrorCode,
  field: string,
  value: unknown,
  message: string,
): Problem {
  const { kind, namespace, name, file, line } = service.origin;
  const warning = errors[code].class === 'warning';
  return {
    code,
    severity: warning ? 'warning' : 'error',
    source: shown(`${kind}/${namespace}/${name}`),
    service: service.id,
    field,
    value: shown(value),
    message: `${field} ${JSON.stringify(shown(value))}: ${message}${warning ? '' : '; what exists of the service stays as it is'}`,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}

export function nameOf({ origin: { kind, namespace, name } }: ExportedService): string {
  return shown(namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`);
}
