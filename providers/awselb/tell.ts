import { bornMs, type ErrorCode, type ExportedService, errors, type Problem, shown } from '../../src/model/index.ts';

/** Annotations of aws-load-balancer-controller for settings that are missed where nobody wrote them. */
const annotations: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ingress: {
    certificateArns: 'alb.ingress.kubernetes.io/certificate-arn',
    subnets: 'alb.ingress.kubernetes.io/subnets',
    securityGroups: 'alb.ingress.kubernetes.io/security-groups',
    scheme: 'alb.ingress.kubernetes.io/scheme',
  },
  Service: {
    certificateArns: 'service.beta.kubernetes.io/aws-load-balancer-ssl-cert',
    subnets: 'service.beta.kubernetes.io/aws-load-balancer-subnets',
    securityGroups: 'service.beta.kubernetes.io/aws-load-balancer-security-groups',
    scheme: 'service.beta.kubernetes.io/aws-load-balancer-scheme',
  },
};

/** A problem of a setting: named by the annotation or field that it was read from. `path` is that in `settings.awselb`. */
export function tellSetting(
  service: ExportedService,
  code: ErrorCode,
  path: readonly (string | number)[],
  value: unknown,
  message: string,
): Problem {
  const keys = ['awselb', ...path.map(String)];
  const { settingsOrigin, origin: from } = service;
  for (let length = keys.length; length > 1; length--) {
    const origin = settingsOrigin[keys.slice(0, length).join('.')];
    if (origin === undefined) continue;
    const annotated = code === 'E_FIELD_VALUE' && origin.includes('/');
    return tell(service, annotated ? 'E_ANNOTATION_VALUE' : code, origin, value, message);
  }
  const missed = isWritten(service.settings, keys) ? undefined : annotations[from.kind]?.[keys.slice(1).join('.')];
  if (missed === undefined) return tell(service, code, `settings.${keys.join('.')}`, value, message);
  // Nothing was written there: the object itself is the subject, and the annotation a remedy.
  const problem = tell(service, code, missed, value, message);
  const { severity } = problem;
  return {
    ...problem,
    message: `${nameOf(service)}: ${message} (annotation ${missed})${severity === 'warning' ? '' : kept}`,
  };
}

function isWritten(settings: unknown, [key = '', ...rest]: readonly string[]): boolean {
  if (typeof settings !== 'object' || settings === null || !Object.hasOwn(settings, key)) return false;
  return rest.length === 0 || isWritten(Reflect.get(settings, key), rest);
}

const kept = '; what exists of the service stays as it is';

/** What only the account can tell, where nobody asks it: the rest is made without. */
export function tellUnasked(service: ExportedService, path: readonly string[], message: string): Problem {
  const problem = tellSetting(service, 'E_DISCOVERY', path, '', message);
  return {
    ...problem,
    severity: 'warning',
    message: `${nameOf(service)}: ${message}, unless ${problem.field} says it`,
  };
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
  const told = shown(
    Array.isArray(value) ? value.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(', ') : value,
  );
  return {
    code,
    severity: warning ? 'warning' : 'error',
    source: shown(`${kind}/${namespace}/${name}`),
    service: service.id,
    field,
    value: told,
    message: `${field} ${JSON.stringify(told)}: ${message}${warning ? '' : kept}`,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}

export function nameOf({ origin: { kind, namespace, name } }: ExportedService): string {
  return shown(namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`);
}

/** Why one comes before the other, with the time where that decides: `which is older (created 2026-01-02T03:04:05Z)`. */
export function seniority({ origin: first }: ExportedService, { origin: second }: ExportedService): string {
  if (!(bornMs(first) < bornMs(second))) return 'which comes first by name';
  const verb = first.createdMs === undefined ? 'first seen' : 'created';
  const made = new Date(bornMs(first));
  return `which is older (${verb}${Number.isNaN(made.getTime()) ? '' : ` ${made.toISOString().replace('.000Z', 'Z')}`})`;
}
