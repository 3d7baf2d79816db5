/** Finalizers of the peer: what holds an object back until the peer, or whoever took it over, has cleaned up behind it. */
const names = ['service.k8s.aws/resources', 'ingress.k8s.aws/resources', 'elbv2.k8s.aws/resources'];
const groupPrefix = 'group.ingress.k8s.aws/';

export interface SortedFinalizers {
  /** To be replaced by ours when weir takes the object over. */
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
  /** Of others: never touched. */
  readonly others: readonly string[];
}

/** Whose each finalizer of an object is. `ownPrefix`: what ours begin with. */
export function sortFinalizers(finalizers: readonly string[], ownPrefix: string): SortedFinalizers {
  const theirs = finalizers.filter((name) => names.includes(name) || name.startsWith(groupPrefix));
  const ours = finalizers.filter((name) => name.startsWith(ownPrefix));
  return { theirs, ours, others: finalizers.filter((name) => !theirs.includes(name) && !ours.includes(name)) };
}
