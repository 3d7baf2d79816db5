import type { FieldPath } from '../../model/located.ts';
import type { Filter } from '../../model/service.ts';
import {
  parseHeaderName,
  parseHeaderValue,
  parseHost,
  parsePath,
  parseRegex,
  parseReplacement,
} from '../../net/index.ts';
import type { FilterForm, HeadersForm } from './filter-schema.ts';
import type { Form } from './form.ts';
import { readGuards } from './read-guard.ts';

export function readFilters(
  form: Form,
  written: readonly FilterForm[] | undefined,
  path: FieldPath,
): readonly Filter[] {
  return (written ?? []).flatMap((filter, i) => readFilter(form, filter, [...path, i]));
}

function readFilter(form: Form, written: FilterForm, path: FieldPath): readonly Filter[] {
  const filters = [
    ...readGuards(form, written, path),
    ...readHeaders(form, 'requestHeader', written.requestHeaders, [...path, 'requestHeaders']),
    ...readHeaders(form, 'responseHeader', written.responseHeaders, [...path, 'responseHeaders']),
  ];
  const { rewritePrefix, rewriteRegex } = written;
  if (rewritePrefix !== undefined) {
    const at = [...path, 'rewritePrefix'];
    const from = form.take(parsePath(rewritePrefix.from, 'stringPrefix'), [...at, 'from'], rewritePrefix.from);
    const to = form.take(parsePath(rewritePrefix.to, 'stringPrefix'), [...at, 'to'], rewritePrefix.to);
    if (from !== undefined && to !== undefined) filters.push({ type: 'rewritePrefix', from, to });
  }
  if (rewriteRegex !== undefined) {
    const at = [...path, 'rewriteRegex'];
    const pattern = form.take(parseRegex(rewriteRegex.pattern), [...at, 'pattern'], rewriteRegex.pattern);
    const to = form.take(parseReplacement(rewriteRegex.to), [...at, 'to'], rewriteRegex.to);
    if (pattern !== undefined && to !== undefined) filters.push({ type: 'rewriteRegex', pattern, to });
  }
  const value = form.maybe(written.host, [...path, 'host'], (v) => parseHost(v, { address: true, wildcard: false }));
  if (value !== undefined) filters.push({ type: 'host', value });
  if (Object.keys(written).length === 0)
    form.complain('E_FIELD_MISSING', path, 'changes nothing; write one of its fields or remove it');
  return filters;
}

function readHeaders(
  form: Form,
  type: 'requestHeader' | 'responseHeader',
  written: HeadersForm | undefined,
  path: FieldPath,
): Filter[] {
  if (written === undefined) return [];
  const filters: Filter[] = [];
  for (const op of ['set', 'add'] as const) {
    for (const [name, text] of Object.entries(written[op] ?? {})) {
      const at = [...path, op, name];
      const header = form.take(parseHeaderName(name), at, name);
      const value = form.take(parseHeaderValue(text), at, text);
      if (header !== undefined && value !== undefined) filters.push({ type, op, name: header, value });
    }
  }
  for (const name of form.each(written.remove, [...path, 'remove'], parseHeaderName) ?? []) {
    filters.push({ type, op: 'remove', name });
  }
  return filters;
}
