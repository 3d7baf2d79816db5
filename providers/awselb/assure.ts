import { type Observed, type Step, WeirError } from '../../src/model/index.ts';
import type { Drive } from './drive.ts';
import type { Snapshot } from './snapshot.ts';

/** Health that is older is asked for again before anybody relies on it. */
const trustMs = 120_000;

/** What others may have begun to use since it was seen, before it is taken away. Throws E_APPLY: the unit is then read and planned anew. */
export async function assureStep(step: Step, drive: Pick<Drive, 'known'>, snapshot: Snapshot): Promise<void> {
  await assureEmpty(step, drive, snapshot);
  await assureOthers(step, drive, snapshot);
}

/** A port of a group that others share goes only while it has no rules. */
async function assureEmpty({ op, kind, id, handle }: Step, { known }: Pick<Drive, 'known'>, snapshot: Snapshot) {
  if (op !== 'delete' || kind !== 'Listener' || typeof handle !== 'string') return;
  if (known.find(kind, handle)?.attrs.empty !== true || (await snapshot.rulesNow(handle)) === 0) return;
  throw new WeirError('E_APPLY', `listener ${id} has got rules of others since it was seen last, and stays`);
}

/**
 * Ready targets are given up only while others are known to be ready, by a look that is not old: a target may have fallen ill, or been
 * taken out by somebody, since it was seen last. Throws E_APPLY where that is so: the unit is then read and planned anew.
 */
async function assureOthers(step: Step, { known }: Pick<Drive, 'known'>, snapshot: Snapshot): Promise<void> {
  const { kind, op, set, handle, members = [] } = step;
  if (kind !== 'TargetGroup' || op !== 'remove' || set !== 'Targets' || typeof handle !== 'string') return;
  const leaving = new Set(members.map(([key]) => String(key)));
  const ready = (group: Observed | undefined, leaves: boolean): boolean =>
    [...(group?.health?.Targets ?? [])].some(
      ([key, state]) => state === 'ready' && leaving.has(key) === leaves && group?.sets.Targets?.has(key) === true,
    );
  const before = known.find('TargetGroup', handle);
  // The last ones of a group that shall be empty go without others.
  if (!ready(before, true) || !ready(before, false)) return;
  if (ready(await snapshot.sure(handle, trustMs), false)) return;
  throw new WeirError(
    'E_APPLY',
    `the targets of ${step.id} that shall stay are not healthy any more; those that shall go stay until they are`,
  );
}
