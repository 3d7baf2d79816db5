import type { LocatedObject } from '../../model/index.ts';
import { type Metadata, openObject, type Reading } from './metadata.ts';
import type { Place } from './place.ts';

/** A networking.k8s.io IngressClass. */
export interface IngressClassView {
  readonly kind: 'IngressClass';
  readonly place: Place;
  readonly meta: Metadata;
  readonly controller: string;
  /** Ingresses that name no class belong to it. */
  readonly isDefault: boolean;
}

const defaultAnnotation = 'ingressclass.kubernetes.io/is-default-class';

export function parseIngressClass(located: LocatedObject): Reading<IngressClassView> {
  const { root, meta, notes } = openObject(located, 'IngressClass', { clusterWide: true });
  const { problems, place } = notes;
  if (meta === undefined) return { problems };
  const controller = root.at('spec').at('controller');
  if (!controller.present) controller.refuse('E_FIELD_MISSING', "is missing; without it the class is nobody's");
  // A class whose controller cannot be read is nobody's; without a view it would seem that there are no classes at all.
  const name = controller.text(250) ?? '';
  const flag = root.at('metadata').at('annotations').at(defaultAnnotation);
  if (flag.present && flag.value !== 'true' && flag.value !== 'false') {
    flag.refuse('E_ANNOTATION_VALUE', 'must be "true" or "false" in quotes');
  }
  return { view: { kind: 'IngressClass', place, meta, controller: name, isDefault: flag.value === 'true' }, problems };
}
