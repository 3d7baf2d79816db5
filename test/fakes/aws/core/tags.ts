import { AwsError } from './aws-error.ts';

export interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

export type Tags = ReadonlyMap<string, string>;

/** Checks tags as ELBv2 does and puts them over `before`. Throws DuplicateTagKeys, TooManyTags (50) or ValidationError. */
export function putTags(tags: readonly Tag[], before: Tags = new Map()): Map<string, string> {
  const keys = new Set<string>();
  const result = new Map(before);
  for (const { Key = '', Value = '' } of tags) {
    if (keys.has(Key))
      throw new AwsError('DuplicateTagKeys', `Tag keys must be unique: '${Key}' appears more than once`);
    keys.add(Key);
    checkTag(Key, Value);
    result.set(Key, Value);
  }
  if (result.size > 50) throw new AwsError('TooManyTags', 'A resource can have at most 50 tags');
  return result;
}

function checkTag(key: string, value: string): void {
  if (/^aws:/i.test(key)) {
    throw new AwsError(
      'ValidationError',
      `Tag key '${key}' is not valid: keys that begin with 'aws:' are reserved for system use`,
    );
  }
  if (key.length < 1 || key.length > 128 || !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(key)) {
    throw new AwsError('ValidationError', `Tag key '${key}' is not valid`);
  }
  if (value.length > 256 || !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(value)) {
    throw new AwsError('ValidationError', `The value of tag '${key}' is not valid`);
  }
}

export function listTags(tags: Tags): { Key: string; Value: string }[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

export function sameTags(a: Tags, b: Tags): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}
