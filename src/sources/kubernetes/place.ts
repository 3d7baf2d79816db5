import {
  type ErrorCode,
  errors,
  type FieldPath,
  fieldName,
  type LocatedObject,
  locate,
  type Problem,
  type ServiceId,
  shown,
} from '../../model/index.ts';
import { isSafeText } from '../../net/index.ts';

/** Where an object stands and how it is named: what every problem about it carries. Of every object one is kept, so it holds no texts of its own. */
export class Place {
  readonly #kind: string;
  /** As it was written; empty for cluster-wide kinds. */
  readonly #namespace: string;
  readonly #name: string;
  /** Without the object itself: what is kept of an object is its view. */
  readonly located: Omit<LocatedObject, 'object'>;
  /** The exported service that the object would become. */
  readonly service: ServiceId | undefined;
  /** Values of this object never appear in messages (Secrets). */
  readonly secret: boolean;

  constructor(
    [kind, namespace, name]: readonly [kind: string, namespace: string, name: string],
    located: Omit<LocatedObject, 'object'>,
    { service, secret = false }: { readonly service?: ServiceId | undefined; readonly secret?: boolean } = {},
  ) {
    this.#kind = kind;
    this.#namespace = namespace;
    this.#name = name;
    this.located = located;
    this.service = service;
    this.secret = secret;
  }

  /** As its owner calls it, e.g. `Ingress shop/front`. */
  get subject(): string {
    return `${this.#kind} ${shown(pathOf(this.#namespace, this.#name))}`;
  }

  /** `file.yaml#2`, or `Ingress/shop/front` where no file is known. */
  get source(): string {
    return this.located.file === ''
      ? shown(`${this.#kind}/${pathOf(this.#namespace, this.#name)}`)
      : locate(this.located);
  }

  /** The same place with more known of it. */
  with({ service = this.service, secret = this.secret }: Partial<Pick<Place, 'service' | 'secret'>>): Place {
    return new Place([this.#kind, this.#namespace, this.#name], this.located, { service, secret });
  }
}

function pathOf(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

const nowhere: Place['located'] = { file: '', document: 1, line: 1 };

export interface Finding {
  readonly code: ErrorCode;
  readonly path: FieldPath;
  /** Name of the field where it is not its path, e.g. of an annotation. */
  readonly name?: string;
  readonly value?: unknown;
  /** A clause that follows the field's name, e.g. `must start with /`. */
  readonly reason: string;
  readonly service?: ServiceId;
}

/** The place of an object that is named by kind, namespace (empty for cluster-wide ones) and name as they were written. */
export function placeOf(located: Omit<LocatedObject, 'object'>, kind: string, namespace: string, name: string): Place {
  const { file, document, line, position } = located;
  const at = file === '' ? nowhere : { file, document, line, ...(position === undefined ? {} : { position }) };
  return new Place([kind, namespace, name], at);
}

/** Makes the problem: object, field, value and remedy in one sentence, with file, line and column where they are known. */
export function problemAt(place: Place, finding: Finding): Problem {
  const { code, path, reason } = finding;
  const written = finding.name ?? fieldName(path);
  const field = isSafeText(written) ? written : shown(written);
  const service = finding.service ?? place.service;
  const told = finding.value !== undefined && !place.secret;
  const value = told ? shown(finding.value) : undefined;
  const is = value === undefined ? '' : ` (is ${typeof finding.value === 'string' ? `"${value}"` : value})`;
  const { file, line, position } = place.located;
  const at = position?.(path);
  return {
    code,
    severity: errors[code].class === 'warning' ? 'warning' : 'error',
    source: place.source,
    ...(service === undefined ? {} : { service }),
    ...(field === '' ? {} : { field }),
    ...(value === undefined ? {} : { value }),
    message: field === '' ? `${place.subject}: ${reason}${is}` : `${place.subject}: ${field} ${reason}${is}`,
    ...(file === '' ? {} : { file, line: at?.line ?? line }),
    ...(file === '' || at === undefined ? {} : { column: at.column }),
  };
}
