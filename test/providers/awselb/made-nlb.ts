/** The model of one Service behind a network load balancer, for tests of the pure half. */
import type { Backend, ExportedService, Front, Json } from '../../../src/model/index.ts';
import { backend, service, target, tcp } from '../../front/make-service.ts';
import { desire, type Wish } from './desire.ts';

export const behind = (more: Partial<Backend> = {}): Backend =>
  backend({ protocol: 'tcp', targets: [target('10.0.0.1', 8080)], ...more });

export interface Made extends Wish {
  readonly fronts?: readonly Front[];
  readonly backend?: Partial<Backend>;
  readonly settings?: Json;
}

export function made({ fronts = [tcp(80)], backend: more = {}, settings = {}, ...wish }: Made = {}) {
  const plain = service('shop/web', fronts, { backends: { web: behind(more) }, settings: { awselb: settings } });
  const one: ExportedService = { ...plain, origin: { ...plain.origin, kind: 'Service', uid: 'u1' } };
  return desire([one], wish);
}
