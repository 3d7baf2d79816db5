import type { LocatedObject } from '../../../src/model/index.ts';
import type { KubernetesReadOptions } from '../../../src/sources/kubernetes/options.ts';

/** An object as a cluster gives it. */
export function located(object: object): LocatedObject {
  return { object, file: '', document: 1, line: 1 };
}

/** Readers for which balancers stand in for these controllers. */
export function options(controllers: readonly string[]): KubernetesReadOptions {
  return {
    source: 'kubernetes',
    controllers,
    nowMs: 0,
    hash: (text) => text,
    certificate: () => ({ error: 'none here' }),
    authorities: () => ({ error: 'none here' }),
  };
}
