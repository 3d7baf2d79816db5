import type { Json } from './json.ts';

/** The filters of a route in the words of a plan. `value`: as in the attributes of a resource. */
export function filtersText(value: Json): string {
  return Array.isArray(value) ? value.map((one: Json) => filterText(one)).join(', ') : '';
}

function filterText(filter: Json): string {
  const type = fieldText(filter, 'type');
  if (type === 'requestHeader' || type === 'responseHeader')
    return `${fieldText(filter, 'op')}s ${type === 'requestHeader' ? 'request' : 'response'} header ${fieldText(filter, 'name')}`;
  if (type === 'rewritePrefix') return `rewrites ${fieldText(filter, 'from')} to ${fieldText(filter, 'to')}`;
  if (type === 'rewriteRegex') return `rewrites ${fieldText(filter, 'pattern')} to ${fieldText(filter, 'to')}`;
  return type === 'host' ? `host ${fieldText(filter, 'value')} for the targets` : type;
}

/** A field of an object as text; empty where there is none, or no text or number. */
export function fieldText(value: Json, name: string): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const found = Object.entries(value).find(([key]) => key === name)?.[1];
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
}
