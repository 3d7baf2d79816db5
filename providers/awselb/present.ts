import type { Handle, Id, Observed, ServiceId } from '../../src/model/index.ts';
import { clusterTag, isOther } from './names.ts';

/** What of ours exists, by id and by handle: sticky facts for the model. */
export class Present {
  readonly #byId = new Map<string, Observed[]>();
  readonly #byHandle = new Map<string, Observed>();
  readonly #byUnit = new Map<string, Observed[]>();
  readonly #names = new Map<string, Observed>();
  readonly #children = new Map<Handle, Observed[]>();
  readonly #strangers = new Map<string, Observed[]>();
  readonly #others = new Map<string, Observed[]>();
  #served: ReadonlyMap<ServiceId, ReadonlySet<Handle>> | undefined;
  readonly #users = new Map<Handle, Observed[]>();

  constructor(observed: readonly Observed[]) {
    for (const object of observed) {
      const { kind, handle, attrs, refs, sets } = object;
      this.#byHandle.set(`${kind} ${handle}`, object);
      if (typeof attrs.Name === 'string') this.#names.set(`${kind} ${attrs.Name}`, object);
      const parent = refs.LoadBalancerArn ?? refs.ListenerArn;
      if (parent !== undefined) append(this.#children, parent, object);
      const used = [
        ...(refs.TargetGroupArn === undefined ? [] : [refs.TargetGroupArn]),
        ...(sets.TargetGroups?.keys() ?? []),
      ];
      for (const target of used) append(this.#users, target, object);
      if (kind === 'LoadBalancer' && !object.owned) append(this.#strangers, object.unit, object);
      if (isOthers(object)) append(this.#others, object.unit, object);
      if (!object.owned) continue;
      append(this.#byId, `${kind} ${object.id}`, object);
      append(this.#byUnit, object.unit, object);
    }
  }

  /** Ours with this id: more than one after an interrupted replacement. */
  of(kind: string, id: Id): readonly Observed[] {
    return this.#byId.get(`${kind} ${id}`) ?? [];
  }

  at(kind: string, handle: Handle | undefined): Observed | undefined {
    return handle === undefined ? undefined : this.#byHandle.get(`${kind} ${handle}`);
  }

  /** Whoever has this name, ours or not. */
  named(kind: string, name: string): Observed | undefined {
    return this.#names.get(`${kind} ${name}`);
  }

  inUnit(unit: string): readonly Observed[] {
    return this.#byUnit.get(unit) ?? [];
  }

  /** Load balancers that are not ours and stand in the way of this unit. */
  strangers(unit: string): readonly Observed[] {
    return this.#strangers.get(unit) ?? [];
  }

  /** Target groups, listeners and rules in this unit that tell of others whom this weir was never asked for. */
  others(unit: string): readonly Observed[] {
    return this.#others.get(unit) ?? [];
  }

  /** Load balancers of ours by which a service is served now. */
  balancersFor(service: ServiceId): ReadonlySet<Handle> {
    this.#served ??= this.#findServed();
    return this.#served.get(service) ?? none;
  }

  #findServed(): ReadonlyMap<ServiceId, ReadonlySet<Handle>> {
    const found = new Map<ServiceId, Set<Handle>>();
    for (const { kind, owned, serves, refs } of this.#byHandle.values()) {
      if (!owned || (kind !== 'Listener' && kind !== 'Rule')) continue;
      const lb = refs.LoadBalancerArn ?? this.at('Listener', refs.ListenerArn)?.refs.LoadBalancerArn;
      if (lb === undefined) continue;
      for (const service of serves) {
        const known = found.get(service);
        if (known === undefined) found.set(service, new Set([lb]));
        else known.add(lb);
      }
    }
    return found;
  }

  /** Listeners of a load balancer, rules of a listener. */
  childrenOf(handle: Handle): readonly Observed[] {
    return this.#children.get(handle) ?? [];
  }

  /** Load balancers whose listeners or rules point at a target group. */
  balancersOf(targetGroup: Handle): ReadonlySet<Handle> {
    const found = new Set<Handle>();
    for (const { refs } of this.#users.get(targetGroup) ?? []) {
      const lb = refs.LoadBalancerArn ?? this.at('Listener', refs.ListenerArn)?.refs.LoadBalancerArn;
      if (lb !== undefined) found.add(lb);
    }
    return found;
  }
}

function isOthers({ kind, owned, serves, sets }: Observed): boolean {
  if (serves.some(isOther)) return true;
  return kind === 'Listener' && !owned && sets.Tags?.has(clusterTag) === true;
}

const none: ReadonlySet<Handle> = new Set();
const known = new WeakMap<readonly Observed[], Present>();

export function presentOf(observed: readonly Observed[]): Present {
  const made = known.get(observed) ?? new Present(observed);
  known.set(observed, made);
  return made;
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
