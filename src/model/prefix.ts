/** Prefix of our own annotations, labels and finalizers. */
export const ownPrefix = 'weir-lb.dev/';
