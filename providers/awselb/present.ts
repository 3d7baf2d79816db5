import type { Handle, Id, Observed } from '../../src/model/index.ts';

/** What of ours exists, by id and by handle: sticky facts for the model. */
export class Present {
  readonly #byId = new Map<string, Observed[]>();
  readonly #byHandle = new Map<string, Observed>();
  readonly #byUnit = new Map<string, Observed[]>();
  readonly #names = new Map<string, Observed>();
  readonly #children = new Map<Handle, Observed[]>();
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
