import type { FieldPath } from '../../model/located.ts';
import type { Action, NameMatch, PathMatch, Route } from '../../model/service.ts';
import {
  type Parsed,
  parseHeaderName,
  parseHeaderValue,
  parseHost,
  parseMethod,
  parsePath,
  parseRegex,
  refuse,
  safeText,
} from '../../net/index.ts';
import type { Form } from './form.ts';
import { present } from './present.ts';
import { forwardTo, readAction } from './read-action.ts';
import { readFilters } from './read-filter.ts';
import type { ActionForm, ConditionForm, MatchForm, PathForm, RuleForm } from './route-schema.ts';

/** The routes of a front, in the order written: `order` is their number. */
export function readRoutes(
  form: Form,
  rules: readonly RuleForm[],
  path: FieldPath,
  backends: readonly string[],
): readonly Route[] {
  const routes: Omit<Route, 'order'>[] = rules.flatMap((rule, i) => readRule(form, rule, [...path, i], backends));
  return routes.map((route, order) => ({ ...route, order }));
}

function readRule(
  form: Form,
  rule: RuleForm,
  path: FieldPath,
  backends: readonly string[],
): readonly Omit<Route, 'order'>[] {
  const at = (key: string): FieldPath => [...path, key];
  if (rule.host !== undefined && rule.hosts !== undefined) {
    form.complain('E_FIELD_VALUE', at('host'), 'cannot stand beside `hosts`; write one of them', rule.host);
  }
  if (rule.hosts?.length === 0)
    form.complain('E_FIELD_VALUE', at('hosts'), 'must not be empty; for every host leave it out');
  const hosts =
    form.each(rule.hosts ?? rule.host, at(rule.hosts === undefined ? 'host' : 'hosts'), parseRouteHost) ?? [];
  const outer = readConditions(form, rule, path);
  if (rule.paths === undefined) {
    const action = readAction(form, rule, path, backends);
    const match = rule.path === undefined ? undefined : readPath(form, rule.path, at('path'));
    return action === undefined ? [] : [{ hosts, ...outer, ...(match === undefined ? {} : { path: match }), action }];
  }
  for (const key of ['path', 'to', 'redirect', 'fixed'] as const) {
    if (rule[key] !== undefined)
      form.complain('E_FIELD_VALUE', at(key), 'cannot stand beside `paths`; write a rule of its own for it');
  }
  return Object.entries(rule.paths).flatMap(([key, body]) => {
    const here = [...path, 'paths', key];
    const match = readPath(form, key, here);
    const inner: Partial<Conditions> = typeof body === 'string' ? {} : readConditions(form, body, here);
    const action: Action | undefined =
      typeof body === 'string'
        ? forwardTo(form, body, here, backends)
        : readAction(form, bodyAction(body), here, backends);
    const filters = [...outer.filters, ...(inner.filters ?? [])];
    return action === undefined || match === undefined
      ? []
      : [{ hosts, ...outer, ...inner, filters, path: match, action }];
  });
}

function bodyAction(body: ActionForm): ActionForm {
  return present({ to: body.to, redirect: body.redirect, fixed: body.fixed });
}

type Conditions = Pick<Route, 'methods' | 'headers' | 'query' | 'sourceIps' | 'filters'>;

function readConditions(form: Form, written: ConditionForm, path: FieldPath): Conditions {
  return present({
    methods: form.each(written.methods, [...path, 'methods'], parseMethod),
    headers: readMatches(form, written.headers, [...path, 'headers'], parseHeaderName, parseHeaderValue),
    query: readMatches(form, written.query, [...path, 'query'], parseQueryName, (v) => safeText(v, 1024)),
    sourceIps: form.ranges(written.from, [...path, 'from']),
    filters: readFilters(form, written.filters, [...path, 'filters']),
  });
}

function readMatches(
  form: Form,
  written: Readonly<Record<string, MatchForm>> | undefined,
  path: FieldPath,
  parseKey: (value: unknown) => Parsed<string>,
  parseExact: (value: unknown) => Parsed<string>,
): readonly NameMatch[] | undefined {
  if (written === undefined) return undefined;
  return Object.entries(written).flatMap(([key, match]): NameMatch[] => {
    const at = [...path, key];
    const name = form.take(parseKey(key), at, key);
    if (name === undefined) return [];
    if (typeof match === 'string') {
      const value = form.take(parseExact(match), at, match);
      return value === undefined ? [] : [{ name, type: 'exact', value }];
    }
    if ('present' in match) return [{ name, type: 'present' }];
    const value = form.take(parseRegex(match.regex), [...at, 'regex'], match.regex);
    return value === undefined ? [] : [{ name, type: 'regex', value }];
  });
}

function parseQueryName(value: unknown): Parsed<string> {
  return value === '' ? refuse('E_FIELD_VALUE', 'must have a name') : safeText(value, 256);
}

/** Hosts of routes may be addresses: what a client sends that knows no name. */
function parseRouteHost(value: string): Parsed<string> {
  return parseHost(value, { address: true });
}

/** `/x` prefix, `= /x` exact, `~ ^/x` expression, or an object that names the type. */
function readPath(form: Form, written: PathForm, path: FieldPath): PathMatch | undefined {
  const [type, text, at] = typeof written === 'string' ? [...splitPath(written), path] : namedPath(written, path);
  const value = form.take(parsePath(text, type), at, text);
  return value === undefined ? undefined : { type, value };
}

function splitPath(text: string): readonly [PathMatch['type'], string] {
  const match = /^([=~]) *(.*)$/su.exec(text);
  if (match === null) return ['prefix', text];
  return [match[1] === '=' ? 'exact' : 'regex', match[2] ?? ''];
}

function namedPath(
  written: Exclude<PathForm, string>,
  path: FieldPath,
): readonly [PathMatch['type'], string, FieldPath] {
  if ('exact' in written) return ['exact', written.exact, [...path, 'exact']];
  if ('prefix' in written) return ['prefix', written.prefix, [...path, 'prefix']];
  if ('stringPrefix' in written) return ['stringPrefix', written.stringPrefix, [...path, 'stringPrefix']];
  return ['regex', written.regex, [...path, 'regex']];
}
