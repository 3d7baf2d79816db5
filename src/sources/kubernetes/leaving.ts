/** Objects for which something was made and that are not exported any more. */
import type { ExportedService } from '../../model/index.ts';
import { Draft, originOf } from './draft.ts';
import type { IngressView } from './ingress.ts';
import type { JoinContext, Joined } from './join.ts';
import { peerGroup } from './join-peer.ts';
import type { KubernetesReadOptions } from './options.ts';
import type { ServiceView } from './service.ts';

/** Whether weir has once made something for an object, and holds it for that. */
export function isHeld({ meta }: ServiceView | IngressView, { finalizer }: KubernetesReadOptions): boolean {
  return finalizer !== undefined && meta.finalizers?.includes(finalizer) === true;
}

/**
 * What a held object was, as far as is needed to find what was made for it: whose it is, and with whom it shared that. What it names may be
 * gone before it. Nothing of it is wanted, so nothing is said about it.
 */
export function leave(view: ServiceView | IngressView, { service }: Joined, context: JoinContext): Joined {
  const draft = new Draft(view.id, view.place, context.options);
  const { own } = view;
  const group = service?.bundle?.key ?? own.bundle ?? (view.kind === 'Ingress' ? peerGroup(view, context) : undefined);
  const bare: ExportedService = service ?? {
    id: view.id,
    origin: originOf(view.kind, view.meta, view.place, context.options),
    groups: own.groups ?? [],
    ...(own.balancers === undefined ? {} : { balancers: own.balancers }),
    fronts: [],
    backends: {},
    settings: own.settings,
    settingsOrigin: own.settingsOrigin,
  };
  const named = view.kind === 'Service' ? (view.class ?? own.class) : (view.className ?? view.legacyClass);
  const leaving = {
    ...bare,
    ...(named === undefined || bare.class !== undefined ? {} : { class: named }),
    ...(group === undefined || bare.bundle !== undefined ? {} : { bundle: { key: group, order: 0 } }),
  };
  return { draft, silent: view, leaving };
}
