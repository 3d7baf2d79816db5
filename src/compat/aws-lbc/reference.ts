import type { PeerAnnotation } from '../reader.ts';
import { type Annotation, ingressPrefix, servicePrefix } from './annotation.ts';
import { ingressFamilies, serviceFamilies } from './family-table.ts';
import { ingressTable } from './ingress-table.ts';
import { serviceTable } from './service-table.ts';

/** Every annotation of the peer, for people. */
export function reference(): readonly PeerAnnotation[] {
  return [
    ...Object.entries<Annotation>(serviceTable).map(([key, entry]) => rowOf(servicePrefix + key, entry)),
    ...Object.entries(serviceFamilies).map(([key, entry]) => rowOf(`${servicePrefix}${key}${entry.restSays}`, entry)),
    ...Object.entries<Annotation>(ingressTable).map(([key, entry]) => rowOf(ingressPrefix + key, entry)),
    ...Object.entries(ingressFamilies).map(([key, entry]) => rowOf(`${ingressPrefix}${key}${entry.restSays}`, entry)),
  ];
}

const groups: Readonly<Record<Annotation['merge'], string>> = {
  exclusive: 'one word for the whole IngressGroup',
  merged: 'merged within an IngressGroup',
  'merged, service': 'merged within an IngressGroup',
  service: "a backend Service's word counts before that of the Ingress",
  own: '',
};

function rowOf(name: string, { on, value, merge, sets, refused }: Annotation): PeerAnnotation {
  if (refused !== undefined) return { name, on, value: value.says, means: `refused: it ${refused.why}` };
  const means = sets.startsWith('nothing') ? sets : `sets ${sets}`;
  return { name, on, value: value.says, means: groups[merge] === '' ? means : `${means}; ${groups[merge]}` };
}
