import type { Resource } from '../model/index.ts';
import { type Present, type Scene, type Target, Wanted } from './scene.ts';

/** The number that a new object enters its order group with. */
export type Numbers = ReadonlyMap<Resource, number>;

/** Everything that is ranked in one scope, such as the rules of one listener. */
export interface OrderGroup {
  readonly scope: Target;
  readonly attr: string;
  /** In the wanted order. */
  readonly wants: readonly Wanted[];
  readonly presents: readonly Present[];
}

/** The groups in which something is wanted. */
export function orderGroups(scene: Scene): readonly OrderGroup[] {
  const groups: OrderGroup[] = [];
  for (const [place, shape] of scene.shapes.entries()) {
    const { order } = shape.spec;
    const scope = shape.refs.find(({ name }) => name === order?.scope);
    if (order === undefined || scope === undefined) continue;
    const byScope = new Map<Target, { wants: Wanted[]; presents: Present[] }>();
    for (const wanted of scene.wants[place] ?? []) {
      const id = wanted.it.refs[scope.name];
      const owner = id === undefined ? undefined : scene.resolve(scope.to, id);
      if (owner === undefined) continue;
      const group = byScope.get(owner);
      if (group === undefined) byScope.set(owner, { wants: [wanted], presents: [] });
      else group.wants.push(wanted);
    }
    if (byScope.size === 0) continue;
    for (const present of scene.presents) {
      if (present.shape !== shape) continue;
      const owner = scene.find(scope.to, present.it.refs[scope.name]);
      if (owner === undefined) continue;
      // A dead generation of the scope has numbers of its own.
      const target = owner.fate === 'foreign' ? owner : owner.fate === 'kept' ? owner.wanted : undefined;
      if (target !== undefined) byScope.get(target)?.presents.push(present);
    }
    for (const [owner, { wants, presents }] of byScope) {
      const rank = (wanted: Wanted) => Number(wanted.it.attrs[order.attr] ?? 0);
      groups.push({ scope: owner, attr: order.attr, wants: wants.sort((a, b) => rank(a) - rank(b)), presents });
    }
  }
  return groups;
}

export function numberOf(present: Present, attr: string): number {
  return Number(present.it.attrs[attr] ?? 0);
}

/** New objects enter below all of ours, with numbers that nobody holds. `lowest` false: at the top, as the mutant does. */
export function entryNumbers(groups: readonly OrderGroup[], lowest: boolean): Numbers {
  const numbers = new Map<Resource, number>();
  for (const { attr, wants, presents } of groups) {
    const taken = new Set(presents.map((present) => numberOf(present, attr)));
    let next = 0;
    if (lowest)
      for (const present of presents) if (present.fate !== 'foreign') next = Math.max(next, numberOf(present, attr));
    for (const wanted of wants) {
      if (wanted.kept !== undefined) continue;
      do next++;
      while (taken.has(next));
      numbers.set(wanted.it, next);
    }
  }
  return numbers;
}

/** The smallest numbers in this order that nobody else holds; those that shall stay `below` come behind `bottom`. */
export function numbered(
  ranked: readonly (Wanted | Present)[],
  taken: ReadonlySet<number>,
  below: ReadonlySet<Wanted> | undefined,
  bottom: number,
): readonly (readonly [Wanted | Present, number])[] {
  let number = 0;
  return ranked.map((one) => {
    if (one instanceof Wanted && below?.has(one) === true) number = Math.max(number, bottom);
    do number++;
    while (taken.has(number));
    return [one, number];
  });
}

/** The wanted order with each dying one right behind the last of those that stand before it now. */
export function withDying(
  ranked: readonly Wanted[],
  dying: readonly Present[],
  now: (present: Present) => number,
): readonly (Wanted | Present)[] {
  const left = [...dying].sort((a, b) => now(a) - now(b));
  const order: (Wanted | Present)[] = [];
  for (let place = 0; place <= ranked.length; place++) {
    const ahead = ranked.slice(place).flatMap(({ kept }) => (kept === undefined ? [] : [now(kept)]));
    for (const dead of [...left]) {
      if (ahead.some((number) => number < now(dead))) break;
      order.push(dead);
      left.shift();
    }
    const next = ranked[place];
    if (next !== undefined) order.push(next);
  }
  return order;
}
