/** What EC2's describes have in common: filters with wildcards, ids that must exist, pages. */
import { AwsError, refuse } from '../core/aws-error.ts';
import { page } from '../core/page.ts';

import type { Tagged } from './state.ts';

export interface Filter {
  readonly Name?: string | undefined;
  readonly Values?: readonly string[] | undefined;
}

/** Filter name → the values of a row; `tag:KEY`, `tag-key` come by themselves. */
export type FilterTable<T> = Readonly<Record<string, (row: T) => string | readonly string[] | undefined>>;

export interface Question {
  readonly Filters?: readonly Filter[] | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

/** The rows asked for by ids and filters, one page of them. `notFound` is EC2's code, such as `InvalidSubnetID.NotFound`. */
export function ask<T extends Tagged>(
  table: { get(id: string): T | undefined; list(): readonly T[] },
  input: Question,
  {
    ids,
    idOf,
    notFound,
    filters,
  }: { ids: readonly string[] | undefined; idOf: (row: T) => string; notFound: string; filters: FilterTable<T> },
): { items: readonly T[]; next: string | undefined } {
  const { Filters: asked = [], MaxResults, NextToken } = input;
  for (const { Name = '' } of asked) {
    if (Name.startsWith('tag:') || Name === 'tag-key' || filters[Name] !== undefined) continue;
    throw new AwsError('InvalidParameterValue', `The filter '${Name}' is invalid`, { loud: true });
  }
  const rows = ids?.length
    ? ids.map((id) => table.get(id) ?? refuse(notFound, `The ID '${id}' does not exist`))
    : table.list();
  const tests = asked.map((filter) => testOf(filter, filters));
  const found = rows.filter((row) => tests.every((fits) => fits(row)));
  if (ids?.length && MaxResults !== undefined)
    refuse('InvalidParameterCombination', 'MaxResults cannot stand beside IDs');
  return page(found, idOf, { marker: NextToken, size: MaxResults, most: 1000 }, 'InvalidParameterValue');
}

/** Whether a row has one of the values of a filter. */
function testOf<T extends Tagged>({ Name = '', Values = [] }: Filter, table: FilterTable<T>): (row: T) => boolean {
  const valuesOf = (row: T) => {
    if (Name.startsWith('tag:')) return row.tags.get(Name.slice(4));
    return Name === 'tag-key' ? [...row.tags.keys()] : table[Name]?.(row);
  };
  const plain = new Set(Values.filter((value) => !/[*?\\]/.test(value)));
  const patterns = Values.filter((value) => !plain.has(value)).map(wildcard);
  const fits = (value: string) => plain.has(value) || patterns.some((pattern) => pattern.test(value));
  return (row) => {
    const values = valuesOf(row) ?? [];
    return typeof values === 'string' ? fits(values) : values.some(fits);
  };
}

function wildcard(pattern: string): RegExp {
  const source = pattern.replace(/\\[*?]|[\s\S]/g, (part) => {
    if (part === '*') return '[\\s\\S]*';
    if (part === '?') return '[\\s\\S]';
    return part.length === 2 ? part : part.replace(/[.+^${}()|[\]\\/-]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}

export function listTags({ tags }: Tagged): { Key: string; Value: string }[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

/** Tags of a create call for one type of thing. */
export function tagsFor(
  type: string,
  specifications:
    | readonly {
        readonly ResourceType?: string | undefined;
        readonly Tags?: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined;
      }[]
    | undefined,
): Map<string, string> {
  const tags = new Map<string, string>();
  for (const { ResourceType, Tags = [] } of specifications ?? []) {
    if (ResourceType !== type)
      refuse('InvalidParameterValue', `'${ResourceType}' is not a valid taggable resource type for this operation.`);
    putTags(tags, Tags);
  }
  return tags;
}

export function putTags(
  tags: Map<string, string>,
  given: readonly { Key?: string | undefined; Value?: string | undefined }[],
): void {
  for (const { Key = '', Value = '' } of given) {
    if (Key.startsWith('aws:'))
      refuse('InvalidParameterValue', "Tag keys starting with 'aws:' are reserved for internal use");
    if (Key.length < 1 || Key.length > 128 || Value.length > 256)
      refuse('InvalidParameterValue', `The tag '${Key}' is not valid`);
    tags.set(Key, Value);
  }
  if (tags.size > 50) refuse('TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.');
}
