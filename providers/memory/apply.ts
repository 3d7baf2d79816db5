/** One step of a plan as calls to the memory system. */
import { type Handle, type HandleRef, type Member, type Step, WeirError } from '../../src/model/index.ts';
import type { Stored } from './stored.ts';
import type { MemorySystem } from './system.ts';

/** Makes the step's call; a create answers the new handle. Handles in the step are resolved. */
export function apply(system: MemorySystem, step: Step, owner: string, nowMs: number): Handle | undefined {
  switch (step.op) {
    case 'create': {
      const sets = Object.entries(step.sets ?? {}).map(([name, members]): [string, Stored['sets'][string]] => [
        name,
        new Map(members.map(([ref, member]) => [handleOf(ref), { ...member, addedMs: nowMs }])),
      ]);
      const refs = Object.entries(step.refs ?? {}).flatMap(([name, ref]) =>
        ref === null ? [] : [[name, handleOf(ref)] as const],
      );
      const { id, unit, serves, kind, attrs = {} } = step;
      const object = { kind, attrs, refs: Object.fromEntries(refs), sets: Object.fromEntries(sets) };
      return system.create({ ...object, tags: { owner, id, unit, serves } }, nowMs);
    }
    case 'update': {
      const refs = Object.entries(step.refs ?? {}).map(
        ([name, ref]) => [name, ref === null ? null : handleOf(ref)] as const,
      );
      const change = { attrs: step.attrs ?? {}, refs: Object.fromEntries(refs), serves: step.serves };
      system.update(target(step), change, nowMs);
      return undefined;
    }
    case 'add':
    case 'set':
    case 'remove': {
      const members = (step.members ?? []).map(([ref, member]): [Handle, Member | null] => [handleOf(ref), member]);
      system.setMembers(step.op, target(step), step.set ?? '', members, nowMs);
      return undefined;
    }
    case 'delete':
      system.delete(target(step), nowMs);
      return undefined;
    case 'order':
      system.reorder(
        'priority',
        (step.ranks ?? []).map(([ref, rank]): [Handle, number] => [handleOf(ref), rank]),
        nowMs,
      );
      return undefined;
    case 'wait':
      return undefined;
  }
}

function target(step: Step): Handle {
  if (step.handle === undefined) throw new WeirError('E_BUG', `${step.op} ${step.kind} ${step.id} has no handle`);
  return handleOf(step.handle);
}

function handleOf(ref: HandleRef): Handle {
  if (typeof ref === 'number') throw new WeirError('E_BUG', `step ${ref} was not resolved to a handle`);
  return ref;
}
