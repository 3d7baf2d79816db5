import type { KnownObject } from './known-object.ts';
import type { Intent } from './status-intent.ts';

/** Whose each finalizer of an object is. */
export interface Sorted {
  /** Of a controller that we stand in for. */
  readonly theirs: readonly string[];
  /** Of any weir: another one in the cluster has a name of its own. */
  readonly ours: readonly string[];
  readonly others: readonly string[];
}

export interface FinalizerRule {
  readonly name: string;
  readonly sort: (finalizers: readonly string[]) => Sorted;
}

/** hold: the object may not go before what was made for it. release: nothing of it is left. */
export type Hold = 'hold' | 'release';

/**
 * The finalizers as they shall be; undefined: they are. Where we hold or let go of an object, we stand in for the controller that did
 * before: its finalizers go, else the object would wait for somebody who does not come. Pure.
 */
export function finalizerIntent(object: KnownObject, hold: Hold, { name, sort }: FinalizerRule): Intent | undefined {
  const { finalizers, uid, resourceVersion, deleting, namespace, resource } = object;
  const { theirs } = sort(finalizers);
  const held = finalizers.includes(name);
  // Nothing may be added to an object that is being deleted, and nothing is known of what was never held.
  if (hold === 'hold' ? deleting || (held && theirs.length === 0) : !held) return undefined;
  const others = finalizers.filter((one) => one !== name && !theirs.includes(one));
  const wanted = hold === 'hold' ? [...others, name] : others;
  // The list is replaced as a whole: not when somebody else has changed it since.
  const intent: Intent = { type: 'merge', body: { metadata: { uid, resourceVersion, finalizers: wanted } } };
  if (!deleting) return intent;
  const left = JSON.stringify({ metadata: { finalizers: wanted } });
  return { ...intent, byHand: `kubectl -n ${namespace} patch ${resource} ${object.name} --type=merge -p '${left}'` };
}
