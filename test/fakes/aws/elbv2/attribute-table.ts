/** One way to say which attributes exist, for what, with which default and which values. */
import { refuse } from '../core/aws-error.ts';

export type Allowed =
  | readonly string[]
  | RegExp
  | { readonly least: number; readonly most: number; readonly or?: readonly string[] };

export interface Attribute {
  readonly key: string;
  /** Types that have it: of load balancers, protocols of listeners, classes of target groups. */
  readonly on: readonly string[];
  /** Undefined: not there until it is set. */
  readonly initial?: string | Readonly<Record<string, string>>;
  readonly values: Allowed;
}

export const flag = ['true', 'false'] as const;
export const text = /^[\s\S]{0,1024}$/;

export function initialAttributes(table: readonly Attribute[], type: string): [string, string][] {
  return table.flatMap(({ key, on, initial }): [string, string][] => {
    if (!on.includes(type) || initial === undefined) return [];
    const value = typeof initial === 'string' ? initial : initial[type];
    return value === undefined ? [] : [[key, value]];
  });
}

/** Checks keys and values against a table and answers them all; throws before anything is changed. */
export function checkAttributes(
  table: readonly Attribute[],
  what: string,
  type: string,
  given: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[],
): [string, string][] {
  const seen = new Set<string>();
  return given.map(({ Key = '', Value = '' }) => {
    if (seen.has(Key)) refuse('ValidationError', `${what} attribute key '${Key}' appears more than once`);
    seen.add(Key);
    const attribute = table.find(({ key, on }) => key === Key && on.includes(type));
    if (attribute === undefined) {
      if (!table.some(({ key }) => key === Key))
        refuse('ValidationError', `${what} attribute key '${Key}' is not recognized`);
      refuse('InvalidConfigurationRequest', `${what} attribute key '${Key}' is not supported on type '${type}'`);
    }
    if (!isAllowed(attribute.values, Value)) {
      refuse('ValidationError', `'${Value}' is not a valid value for ${what} attribute '${Key}'`);
    }
    return [Key, Value];
  });
}

function isAllowed(values: Allowed, value: string): boolean {
  if (values instanceof RegExp) return values.test(value);
  if ('least' in values) {
    if (values.or?.includes(value)) return true;
    return /^\d+(\.\d+)?$/.test(value) && Number(value) >= values.least && Number(value) <= values.most;
  }
  return values.includes(value);
}

export function listAttributes(attributes: ReadonlyMap<string, string>): { Key: string; Value: string }[] {
  return [...attributes].map(([Key, Value]) => ({ Key, Value }));
}
