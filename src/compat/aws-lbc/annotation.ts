import type { Value } from './value.ts';

/** One annotation of the peer: where it counts, what it may say, what it means here. The tables are the only place that knows keys. */
export interface Annotation<T = unknown> {
  readonly on: readonly ('Service' | 'Ingress')[];
  readonly value: Value<T>;
  /**
   * How the members of an IngressGroup agree. exclusive: the first that says something sets it, who says otherwise is refused by name.
   * merged: all together. service: also on the backend Service, whose word counts first. own: for the object alone.
   */
  readonly merge: 'exclusive' | 'merged' | 'merged, service' | 'service' | 'own';
  /** Order of importance: A and B are done, C where it costs little. */
  readonly rank: 'A' | 'B' | 'C';
  /** Field of the model, or path in `settings.awselb`. */
  readonly sets: string;
  /** A value that is right. */
  readonly example: string;
  /** Not served: why and what to do. `unless`: values that ask for nothing and are let pass. */
  readonly refused?: { readonly why: string; readonly unless?: readonly string[] };
}

/** The value that an entry's parser gives. */
export type ValueOf<A> = A extends { readonly value: Value<infer T> } ? T : never;

export const servicePrefix = 'service.beta.kubernetes.io/';
export const ingressPrefix = 'alb.ingress.kubernetes.io/';

/** Makes the entries of a table that count at the same place in the same way. */
export function entries(on: Annotation['on'], merge: Annotation['merge']) {
  return <T>(
    rank: Annotation['rank'],
    sets: string,
    value: Value<T>,
    example: string,
    refused?: Annotation['refused'],
  ): Annotation<T> => ({ on, merge, rank, sets, value, example, ...(refused === undefined ? {} : { refused }) });
}
