/** aws-load-balancer-controller (v3): its annotations, IngressClassParams, IngressGroups and TargetGroupBindings, read as its own controller reads them. */
import type { PeerReader } from '../reader.ts';
import { ingressPrefix, servicePrefix } from './annotation.ts';
import { claims, controller, missed } from './claims.ts';
import { paramsKind } from './class-params.ts';
import { readGroup, readIngress } from './ingress.ts';
import { readPath } from './path.ts';
import { reference } from './reference.ts';
import { readService } from './service.ts';
import { bindingKind, readTargetGroupBinding } from './target-group-binding.ts';

export { type Annotation, ingressPrefix, servicePrefix } from './annotation.ts';
export { type Family, ingressFamilies, serviceFamilies } from './family-table.ts';
export { type SortedFinalizers, sortFinalizers } from './finalizers.ts';
export { ingressTable } from './ingress-table.ts';
export { serviceTable } from './service-table.ts';
export { isControllerMade } from './target-group-binding.ts';

export const awsLbc: PeerReader = {
  name: 'aws-lbc',
  title: 'aws-load-balancer-controller',
  prefixes: [
    ingressPrefix,
    `${servicePrefix}aws-load-balancer-`,
    `${servicePrefix}load-balancer-source-ranges`,
    `${servicePrefix}actions.`,
  ],
  controllers: [controller],
  kinds: {
    [paramsKind]: { versions: ['v1beta1'], clusterWide: true },
    [bindingKind]: { versions: ['v1beta1', 'v1alpha1'], exported: true },
  },
  reference,
  claims,
  missed,
  readPath,
  service: readService,
  ingress: readIngress,
  group: readGroup,
  resource: (object, context) => (object.kind === bindingKind ? readTargetGroupBinding(object, context) : undefined),
};
