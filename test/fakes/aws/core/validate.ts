/** Checks what was read against the SDK's models (required, words) and the API reference's ranges. */
import type { Enums } from '../wire/enums.ts';
import type { Shape } from '../wire/shape.ts';
import { isRecord } from '../wire/write-xml.ts';
import { AwsError } from './aws-error.ts';

/** Least and most of a number, of a text's length or of a list's length. */
export type Range = readonly [least: number, most: number];

export interface Rules {
  readonly enums: Enums;
  /** `Structure.Member` → range. Source: the API reference of the service. */
  readonly ranges: Readonly<Record<string, Range>>;
  readonly patterns: Readonly<Record<string, RegExp>>;
  readonly codes: { readonly missing: string; readonly invalid: string };
}

/** Throws the service's validation error for the first fault found. */
export function validate(value: unknown, shape: Shape, rules: Rules): void {
  if (shape.kind === 'list' && Array.isArray(value)) {
    for (const each of value) validate(each, shape.item(), rules);
    return;
  }
  if (shape.kind !== 'structure' || !isRecord(value)) return;
  for (const [name, member] of shape.members) {
    const given = value[name];
    const key = `${shape.name}.${name}`;
    if (given === undefined) {
      if (member.required) throw new AwsError(rules.codes.missing, `${name} is required (${key})`);
      continue;
    }
    checkWords(key, name, given, rules);
    checkRange(key, name, given, rules);
    validate(given, member.shape(), rules);
  }
}

function checkWords(key: string, name: string, given: unknown, rules: Rules): void {
  const words = rules.enums.get(key);
  if (words === undefined) return;
  for (const each of Array.isArray(given) ? given : [given]) {
    if (typeof each === 'string' && !words.has(each)) {
      throw new AwsError(
        rules.codes.invalid,
        `1 validation error detected: Value '${each}' at '${name}' failed to satisfy constraint: Member must satisfy enum value set: [${[...words].join(', ')}]`,
      );
    }
  }
}

function checkRange(key: string, name: string, given: unknown, rules: Rules): void {
  const range = rules.ranges[key];
  const size = typeof given === 'number' ? given : sizeOf(given);
  if (range !== undefined && size !== undefined && (size < range[0] || size > range[1])) {
    const what = typeof given === 'number' ? 'value' : 'length';
    throw new AwsError(
      rules.codes.invalid,
      `1 validation error detected: Value '${String(given)}' at '${name}' failed to satisfy constraint: Member must have ${what} between ${range[0]} and ${range[1]}`,
    );
  }
  const pattern = rules.patterns[key];
  if (pattern !== undefined && typeof given === 'string' && !pattern.test(given)) {
    throw new AwsError(rules.codes.invalid, `Value '${given}' at '${name}' must match ${pattern.source}`);
  }
}

function sizeOf(given: unknown): number | undefined {
  return typeof given === 'string' || Array.isArray(given) ? given.length : undefined;
}
