import { flattenIssues, type JsonSchema, toJsonSchema } from '../config/index.ts';
import { type ErrorCode, type ExportedService, type Problem, type Provider, shown } from '../model/index.ts';

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
  return {
    ok: false,
    problems: flattenIssues(parsed.error.issues, schemaOf(provider)).map(({ path, unknown, message, near }) =>
      unknown
        ? problemOf(
            service,
            provider.name,
            path,
            given,
            `is not known to provider ${provider.name}${near}`,
            'E_FIELD_UNKNOWN',
          )
        : problemOf(service, provider.name, path, given, message + near),
    ),
  };
}

const schemas = new WeakMap<Provider['serviceOptions'], JsonSchema>();

/** For the spellings that are allowed; made when the first setting is wrong. */
function schemaOf({ name, serviceOptions }: Pick<Provider, 'name' | 'serviceOptions'>): JsonSchema {
  const known = schemas.get(serviceOptions) ?? toJsonSchema(serviceOptions, `${name}: serviceOptions`);
  schemas.set(serviceOptions, known);
  return known;
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
    // Names of annotations have a slash; a field of weir's own form has none.
    code: code ?? (origin?.includes('/') === true ? 'E_ANNOTATION_VALUE' : 'E_FIELD_VALUE'),
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
