import type { Step } from '../../src/model/index.ts';
import type { Call, Work } from './apply-call.ts';
import { tagsOf } from './apply-codec.ts';

/** Tags of load balancers, target groups, listeners and rules. */
export function elbTags({ members = [] }: Step): Work {
  const Tags = tagsOf(members);
  const TagKeys = removed(members);
  return {
    rest: (handle): readonly Call[] => [
      ...(Tags.length === 0 ? [] : [{ name: 'AddTags' as const, input: { ResourceArns: [handle], Tags } }]),
      ...(TagKeys.length === 0 ? [] : [{ name: 'RemoveTags' as const, input: { ResourceArns: [handle], TagKeys } }]),
    ],
  };
}

/** Tags of security groups. */
export function ec2Tags({ members = [] }: Step): Work {
  const Tags = tagsOf(members);
  const gone = removed(members).map((Key) => ({ Key }));
  return {
    rest: (handle): readonly Call[] => [
      ...(Tags.length === 0 ? [] : [{ name: 'CreateTags' as const, input: { Resources: [handle], Tags } }]),
      ...(gone.length === 0 ? [] : [{ name: 'DeleteTags' as const, input: { Resources: [handle], Tags: gone } }]),
    ],
  };
}

function removed(members: NonNullable<Step['members']>): string[] {
  return members.flatMap(([key, member]) => (member === null ? [String(key)] : []));
}
