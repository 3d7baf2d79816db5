import type { PeerClass } from '../../compat/index.ts';
import { ownPrefix } from '../../model/prefix.ts';
import type { IngressView } from './ingress.ts';
import type { IngressClassView } from './ingress-class.ts';
import type { Lookup } from './object-store.ts';
import { type KubernetesReadOptions, ownController } from './options.ts';
import type { ServiceView } from './service.ts';

/** Whether an object is ours, by which class, and what to say about it when it is not. */
export type Taken =
  | { readonly ours: true; readonly class?: string /** Its IngressClass is gone. */; readonly gone?: true }
  | { readonly ours: false; readonly reason?: string; readonly foreign?: true };

const foreign: Taken = { ours: false, foreign: true };

/**
 * The class of an Ingress: spec.ingressClassName, else the annotation kubernetes.io/ingress.class, else the default class. A class is
 * ours when its IngressClass names our controller. Where no IngressClass is known (plain files) every class is taken as it is written.
 * Objects of other controllers are passed over in silence. What is served stays ours while its IngressClass is missing: whoever deletes
 * that most likely means no outage of all its Ingresses. `claimants`: controllers of the peer that the annotation alone names.
 */
export function takeIngress(
  ingress: IngressView,
  lookup: Lookup,
  options: KubernetesReadOptions,
  claimants: readonly string[] = [],
): Taken {
  const { className, legacyClass } = ingress;
  const name = className ?? legacyClass;
  if (options.selects?.(ingress.meta.labels) === false) return foreign;
  if (name === undefined) return takeWithoutClass(ingress, lookup, options);
  if (!wanted(name, options)) return foreign;
  const found = lookup.ingressClass(name);
  if (found !== undefined) return isOurs(found, options) ? { ours: true, class: name } : foreign;
  if (options.amongOthers === true) {
    // Its class may not be readable for us: what the configuration names is ours all the same.
    const claimed = className === undefined && standsFor(claimants, options);
    if (claimed || isNamed(name, options)) return { ours: true, class: name };
    return options.lastClass?.(ingress.id) === name ? { ours: true, class: name, gone: true } : foreign;
  }
  // What the configuration names is ours without an object, too.
  if (!lookup.hasClasses() || options.classes !== undefined) return { ours: true, class: name };
  // The annotation is older than IngressClass objects and stands for itself.
  if (className === undefined) return standsFor(claimants, options) ? { ours: true, class: name } : foreign;
  return {
    ours: false,
    reason:
      'names an IngressClass that is not among the objects, while others are: whose it is cannot be told; what is served of it stays as it is. Add the IngressClass, or name in classes of the source which ones are served',
  };
}

function takeWithoutClass({ id }: IngressView, lookup: Lookup, options: KubernetesReadOptions): Taken {
  const found = lookup.defaultClass();
  if (found !== undefined && isOurs(found, options) && wanted(found.meta.name, options))
    return { ours: true, class: found.meta.name };
  const narrowed = options.amongOthers === true || lookup.hasClasses() || options.classes !== undefined;
  if (!narrowed || options.watchWithoutClass === true) return { ours: true };
  const last = options.lastClass?.(id);
  const gone = last !== undefined && found === undefined && lookup.ingressClass(last) === undefined;
  return gone ? { ours: true, class: last, gone } : foreign;
}

/**
 * The class of a Service: spec.loadBalancerClass or our annotation. A Service of another class, or without one where classes are
 * configured, belongs to another controller. `claimed`: the class of the peer that it was written for without naming it; `claimants`: that
 * peer's controllers.
 */
export function takeService(
  service: ServiceView,
  options: KubernetesReadOptions,
  claimed?: string,
  claimants: readonly string[] = [],
): Taken {
  const { own, bcs, type } = service;
  const asked = own.export === true || bcs !== undefined;
  if (service.meta.deleting || own.export === false) return foreign;
  if (options.selects?.(service.meta.labels) === false) return foreign;
  if (!asked && type !== 'LoadBalancer') return { ours: false };
  if (service.classBad) return { ours: true };
  const name = service.class ?? own.class ?? claimed;
  if (options.amongOthers === true) return takeAmongOthers(name, asked, options, claimed !== undefined && claimants);
  if (name !== undefined) return wanted(name, options) ? { ours: true, class: name } : foreign;
  return asked || options.classes === undefined || options.watchWithoutClass === true ? { ours: true } : foreign;
}

/** Without a class only what asks for weir by an annotation of its own is ours, and what the configuration gives it. */
function takeAmongOthers(
  name: string | undefined,
  asked: boolean,
  options: KubernetesReadOptions,
  claimants: readonly string[] | false,
): Taken {
  if (name === undefined)
    return (asked && options.classes === undefined) || options.watchWithoutClass === true ? { ours: true } : foreign;
  if (!wanted(name, options)) return foreign;
  const ours = isNamed(name, options) || (claimants !== false && standsFor(claimants, options));
  return ours ? { ours: true, class: name } : foreign;
}

/** Whether a class is ours by its name alone. */
function isNamed(name: string, { classes, ownClasses }: KubernetesReadOptions): boolean {
  return classes?.includes(name) === true || ownClasses?.includes(name) === true || name.startsWith(ownPrefix);
}

function wanted(name: string, options: KubernetesReadOptions): boolean {
  return options.classes === undefined || options.classes.includes(name);
}

function isOurs(found: IngressClassView, options: KubernetesReadOptions): boolean {
  return controllersOf(options).includes(found.controller);
}

function controllersOf(options: KubernetesReadOptions): readonly string[] {
  return options.controllers ?? [ownController];
}

/** Whether classes of one of these controllers count as ours. */
export function standsFor(controllers: readonly string[], options: KubernetesReadOptions): boolean {
  return controllers.some((controller) => controllersOf(options).includes(controller));
}

/** The IngressClass that an Ingress belongs to, where it is known. */
export function classOf({ className, legacyClass }: IngressView, lookup: Lookup): PeerClass | undefined {
  const name = className ?? legacyClass;
  const found = name === undefined ? lookup.defaultClass() : lookup.ingressClass(name);
  if (found === undefined) return undefined;
  const { meta, controller, parameters } = found;
  // The annotation is older than parameters and knows none.
  const none = parameters === undefined || (className === undefined && legacyClass !== undefined);
  return { name: meta.name, controller, ...(none ? {} : { parameters }) };
}
