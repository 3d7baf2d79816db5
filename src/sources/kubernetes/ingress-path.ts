import type { FieldPath, PathMatch } from '../../model/index.ts';
import { type Parsed, parseName, parsePath, refuse } from '../../net/index.ts';
import type { Field } from './field.ts';
import type { IngressPath } from './ingress.ts';
import { parseObjectName } from './metadata.ts';
import { parsePortOrName } from './service-port.ts';

/** A Service and one of its ports, by number or by name. Both mean the Service's port, never the pod's. */
export interface BackendRef {
  readonly service: string;
  readonly port: number | string;
  readonly at: FieldPath;
}

const pathTypes = { Exact: 'exact', Prefix: 'prefix', ImplementationSpecific: 'stringPrefix' } as const;

/** Another reading of a path; undefined: as weir itself does. */
export type PathReader = (type: PathMatch['type'], text: unknown) => Parsed<PathMatch> | undefined;

/** One path of a rule; undefined when it was refused and told. `beta`: the v1beta1 form. */
export function readIngressPath(item: Field, beta: boolean, readPath?: PathReader): IngressPath | undefined {
  if (!item.isObject()) return undefined;
  const type = readPathType(item.at('pathType'), beta);
  if (type === undefined) return undefined;
  const match = otherMatch(item.at('path'), type, readPath) ?? readMatch(item.at('path'), type);
  const backend = readBackendRef(item.at('backend'), beta);
  if (match === undefined || match === 'refused' || backend === undefined) return undefined;
  return { type, match, backend, at: item.path };
}

function readPathType(field: Field, beta: boolean): PathMatch['type'] | undefined {
  if (!field.present && beta) return 'stringPrefix';
  if (!field.present)
    return field.refuse('E_FIELD_MISSING', 'is missing; write Exact, Prefix or ImplementationSpecific');
  const type = field.oneOf(['Exact', 'Prefix', 'ImplementationSpecific']);
  return type === undefined ? undefined : pathTypes[type];
}

function otherMatch(field: Field, type: PathMatch['type'], readPath?: PathReader): PathMatch | 'refused' | undefined {
  const parsed = readPath?.(type, field.value ?? '');
  if (parsed === undefined) return undefined;
  if (parsed.ok) return parsed.value;
  field.refuse(parsed.code, parsed.reason);
  return 'refused';
}

/** A trailing slash of a Prefix rule is ignored, so it is dropped here: `/aaa/` and `/aaa` are the same rule. */
function readMatch(field: Field, type: PathMatch['type']): PathMatch | undefined {
  if (!field.present || field.value === '') {
    return type === 'stringPrefix'
      ? { type, value: '/' }
      : field.refuse('E_FIELD_MISSING', 'is missing; the path is left out');
  }
  const value = field.parse((text): Parsed<string> => {
    const parsed = parsePath(text, type);
    return parsed.ok ? parsed : refuse(parsed.code, `${parsed.reason}; the path is left out`);
  });
  if (value === undefined) return undefined;
  return { type, value: type === 'prefix' && value !== '/' ? value.replace(/\/$/, '') : value };
}

/** A reference to a Service; undefined when it was refused and told. */
export function readBackendRef(field: Field, beta: boolean): BackendRef | undefined {
  if (!field.present) return field.refuse('E_FIELD_MISSING', 'is missing');
  if (!field.isObject()) return undefined;
  const resource = field.at('resource');
  if (resource.present)
    return resource.refuse('E_FEATURE', `(${nameOf(resource)}) cannot be served; only Services can be backends`);
  const foreign = field.at(beta ? 'service' : 'serviceName');
  if (foreign.present) {
    const hint = beta
      ? 'is the networking.k8s.io/v1 form; here write serviceName and servicePort'
      : 'is the v1beta1 form; in networking.k8s.io/v1 write service.name and service.port';
    return foreign.refuse('E_FIELD_UNKNOWN', hint);
  }
  const parent = beta ? field : field.at('service');
  if (!beta && !parent.present) return parent.refuse('E_FIELD_MISSING', 'is missing');
  if (!parent.isObject()) return undefined;
  const service = parent.at(beta ? 'serviceName' : 'name').required(parseObjectName);
  const port = beta ? parent.at('servicePort').required(parsePortOrName) : readPort(parent.at('port'));
  return service === undefined || port === undefined ? undefined : { service, port, at: field.path };
}

function readPort(field: Field): number | string | undefined {
  if (!field.present) return field.refuse('E_FIELD_MISSING', 'is missing; write port.name or port.number');
  if (!field.isObject()) return undefined;
  const [name, number] = [field.at('name'), field.at('number')];
  const named = name.present && name.value !== '';
  const numbered = number.present && number.value !== 0;
  if (named && numbered) return field.refuse('E_FIELD_VALUE', 'has name and number; keep one of them');
  if (named) return name.parse(parseName);
  if (!number.present) return field.refuse('E_FIELD_MISSING', 'needs name or number');
  return number.parse((value) =>
    typeof value === 'number' ? parsePortOrName(value) : refuse('E_PORT', 'must be a whole number from 1 to 65535'),
  );
}

function nameOf(resource: Field): string {
  const text = (key: string): string => {
    const parsed = parseName(resource.at(key).value);
    return parsed.ok ? parsed.value : '?';
  };
  return `${text('kind')} ${text('name')}`;
}
