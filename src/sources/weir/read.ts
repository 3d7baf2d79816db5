import { type FieldPath, type LocatedObject, problemAt } from '../../model/located.ts';
import type { Problem } from '../../model/problem.ts';
import type { ExportedService } from '../../model/service.ts';
import { type Cidr, type Parsed, parseName } from '../../net/index.ts';
import { type CertificateLookup, Form } from './form.ts';
import { explainIssues, type Finding } from './issues.ts';
import { prune } from './prune.ts';
import { type Identity, readService } from './read-service.ts';
import { weirServiceSchema } from './schema.ts';

export type { CertificateLookup, CertificateRequest } from './form.ts';

export interface WeirOptions {
  /** Name of the source in the configuration. */
  readonly source: string;
  /** Loopback and link-local ranges that targets may be in. */
  readonly allowed: readonly Cidr[];
  readonly certificates: CertificateLookup;
}

export interface WeirResult {
  readonly services: readonly ExportedService[];
  readonly problems: readonly Problem[];
}

/** Reads one document of weir's own form. A bad service is a problem that names it and stops nothing else. */
export function readWeir(located: LocatedObject, options: WeirOptions): WeirResult {
  const { object } = located;
  if (typeof object !== 'object' || object === null || !('services' in object)) return readOne(located, options);
  const problems: Problem[] = [];
  for (const key of Object.keys(object)) {
    if (key === 'services' || key === 'kind') continue;
    problems.push(
      problemAt(located, { code: 'E_FIELD_UNKNOWN', path: [key], reason: 'is not a known field beside `services`' }),
    );
  }
  if (!Array.isArray(object.services)) {
    problems.push(
      problemAt(located, {
        code: 'E_FIELD_TYPE',
        path: ['services'],
        reason: 'must be a list',
        value: object.services,
      }),
    );
    return { services: [], problems };
  }
  const results = object.services.map((service, i) => readOne(inside(located, ['services', i], service), options));
  return {
    services: results.flatMap((result) => result.services),
    problems: [...problems, ...results.flatMap((result) => result.problems)],
  };
}

/** A part of a located object, located itself. */
function inside(located: LocatedObject, base: FieldPath, object: unknown): LocatedObject {
  const { position } = located;
  if (position === undefined) return { ...located, object };
  // Lazily: a line is asked for each service, but positions cost a second parse of the text.
  return { ...located, object, position: (path) => position([...base, ...path]) };
}

function readOne(located: LocatedObject, options: WeirOptions): WeirResult {
  const { object } = located;
  const identity = identify(object);
  const id = identity.ok ? `${identity.value.namespace}/${identity.value.name}` : undefined;
  const form = new Form(located, id, options.allowed, options.certificates);
  const parsed = weirServiceSchema.safeParse(object);
  if (!parsed.success) {
    const findings = explainIssues(parsed.error.issues, object);
    for (const { code, path, reason, value } of findings) form.complain(code, path, reason, value);
    if (!identity.ok && !findings.some(({ path: [key] }) => key === undefined || key === 'name' || key === 'namespace'))
      form.complain(identity.code, ['name'], identity.reason, nameOf(object));
    readRest(form, object, findings, options.source);
    return { services: [], problems: form.problems };
  }
  if (!identity.ok) form.complain(identity.code, ['name'], identity.reason, parsed.data.name);
  const service = readService(form, parsed.data, identity.ok ? identity.value : nobody, options.source);
  return { services: service === undefined ? [] : [service], problems: form.problems };
}

/** Stands for a service whose name cannot be read: its other mistakes are told, it is never used. */
const nobody: Identity = { namespace: 'default', name: 'unnamed' };

/** Reads what is left of an object whose shape is wrong, for its other mistakes: fields are left out until the shape is right. */
function readRest(form: Form, object: unknown, findings: readonly Finding[], source: string): void {
  if (typeof object !== 'object' || object === null) return;
  // The name can be replaced, so it is in the way of nothing.
  const named = { ...object, name: nobody.name, namespace: nobody.namespace };
  const cuts = findings.map(cutFor).filter(([key]) => key !== undefined && key !== 'name' && key !== 'namespace');
  for (let round = 0; round < 12; round++) {
    const rest = prune(named, cuts);
    const parsed = weirServiceSchema.safeParse(rest.object);
    if (parsed.success) {
      form.original = rest.original;
      readService(form, parsed.data, nobody, source);
      return;
    }
    const more = explainIssues(parsed.error.issues, rest.object).map(cutFor);
    if (more.some((path) => path.length === 0)) return;
    cuts.push(...more.map(rest.original));
  }
}

/** What has to go: the field itself, or what lacks one. */
function cutFor({ code, path }: Finding): FieldPath {
  return code === 'E_FIELD_MISSING' ? path.slice(0, -1) : path;
}

/** Who a service is, read before anything else so that every problem can name it. */
function identify(object: unknown): Parsed<Identity> {
  const fields = typeof object === 'object' && object !== null ? object : {};
  const written = nameOf(object);
  const [first, second, ...rest] = typeof written === 'string' ? written.split('/') : [written];
  const outer = 'namespace' in fields ? fields.namespace : undefined;
  if (rest.length > 0) return { ok: false, code: 'E_NAME', reason: 'must be name or namespace/name' };
  if (second !== undefined && outer !== undefined && outer !== first) {
    return { ok: false, code: 'E_NAME', reason: 'must not name another namespace than `namespace`' };
  }
  const name = parseName(second ?? first);
  const namespace = parseName((second === undefined ? outer : first) ?? 'default');
  if (!name.ok) return name;
  return namespace.ok ? { ok: true, value: { namespace: namespace.value, name: name.value } } : namespace;
}

function nameOf(object: unknown): unknown {
  return typeof object === 'object' && object !== null && 'name' in object ? object.name : undefined;
}
