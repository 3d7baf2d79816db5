import {
  type ErrorCode,
  type ExportedService,
  type Problem,
  type Provider,
  shown,
  suggestion,
} from '../model/index.ts';

export type ReadSettings =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What a service sets for a provider, held against the provider's schema. Errors point to the annotation or field that it was read from. */
export function readSettings(
  service: ExportedService,
  provider: Pick<Provider, 'name' | 'serviceOptions'>,
): ReadSettings {
  const given = service.settings[provider.name] ?? {};
  const parsed = provider.serviceOptions.safeParse(given);
  if (parsed.success) return { ok: true, value: parsed.data };
  const known = fieldsOf(provider.serviceOptions);
  return {
    ok: false,
    problems: parsed.error.issues.flatMap((issue) => {
      if (issue.code !== 'unrecognized_keys')
        return [problemOf(service, provider.name, issue.path, given, issue.message)];
      return issue.keys.map((key) => {
        const message = `is not known to provider ${provider.name}${suggestion(key, known)}`;
        return problemOf(service, provider.name, [...issue.path, key], given, message, 'E_FIELD_UNKNOWN');
      });
    }),
  };
}

function problemOf(
  service: ExportedService,
  provider: string,
  path: readonly PropertyKey[],
  given: unknown,
  message: string,
  code?: ErrorCode,
): Problem {
  const keys = [provider, ...path.map(String)];
  const { kind, namespace, name, file, line } = service.origin;
  const origin = originOf(service, keys);
  const field = origin ?? `settings.${keys.join('.')}`;
  const value = shown(valueAt(given, path));
  return {
    code: code ?? (origin === undefined ? 'E_FIELD_VALUE' : 'E_ANNOTATION_VALUE'),
    severity: 'error',
    source: shown(`${kind}/${namespace}/${name}`),
    service: service.id,
    field,
    value,
    message: `${field} ${JSON.stringify(value)}: ${message}; the service stays as it was`,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}

/** The annotation or field that the value, or the nearest thing around it, was read from. */
function originOf({ settingsOrigin }: ExportedService, keys: readonly string[]): string | undefined {
  for (let length = keys.length; length > 0; length--) {
    const origin = settingsOrigin[keys.slice(0, length).join('.')];
    if (origin !== undefined) return origin;
  }
  return undefined;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}

function fieldsOf(schema: Provider['serviceOptions']): readonly string[] {
  return 'shape' in schema && typeof schema.shape === 'object' && schema.shape !== null
    ? Object.keys(schema.shape)
    : [];
}
