import type { LocatedObject } from '../../model/index.ts';
import type { Field } from './field.ts';
import { type Metadata, openObject, type Reading } from './metadata.ts';
import type { Place } from './place.ts';

/** A networking.k8s.io IngressClass. */
export interface IngressClassView {
  readonly kind: 'IngressClass';
  readonly place: Place;
  readonly meta: Metadata;
  readonly controller: string;
  /** The object that spec.parameters names; `kind` is group/Kind, `namespace` empty for one of the cluster. */
  readonly parameters?: { readonly kind: string; readonly namespace: string; readonly name: string };
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
  const parameters = readParameters(root.at('spec').at('parameters'));
  const view: IngressClassView = {
    kind: 'IngressClass',
    place,
    meta,
    controller: name,
    ...(parameters === undefined ? {} : { parameters }),
    isDefault: flag.value === 'true',
  };
  return { view, problems };
}

/** What is no reference is left to whoever reads parameters: they do not exist then. */
function readParameters(field: Field): IngressClassView['parameters'] {
  if (!field.present) return undefined;
  const text = (key: string): string => {
    const { value } = field.at(key);
    return typeof value === 'string' ? value : '';
  };
  const namespace = field.at('scope').value === 'Namespace' ? text('namespace') : '';
  return { kind: `${text('apiGroup')}/${text('kind')}`, namespace, name: text('name') };
}
