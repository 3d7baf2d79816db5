import type { Draft, DraftRef } from './draft.ts';
import { liveOf, readyNow, unreadyBehind } from './gates.ts';
import { servedBy } from './health.ts';
import { type Numbers, numberOf, type OrderGroup } from './order-numbers.ts';
import { type Present, type Target, Wanted } from './scene.ts';
import { push, type Sketch } from './sketch.ts';

/**
 * Brings a scope into the wanted order by one atomic call with numbers that nobody else holds; then the dead ones may go.
 * Objects that would rise over others before they are ready stay below in that call, and rise by a second one behind their gates.
 */
export function emitOrder(sketch: Sketch, group: OrderGroup, numbers: Numbers): void {
  const { wants, presents, attr } = group;
  if (!sketch.rules.order) return;
  // What is refused never comes to be ranked.
  const ranked = wants.filter(
    (wanted) => wanted.kept !== undefined || sketch.creates.get(wanted)?.refused === undefined,
  );
  createInOrder(sketch, group.scope, ranked);
  const at = (wanted: Wanted) =>
    (wanted.kept === undefined ? numbers.get(wanted.it) : numberOf(wanted.kept, attr)) ?? 0;
  const present = [...ranked].sort((a, b) => at(a) - at(b));
  if (
    ranked.every(
      (wanted, place) => wanted === present[place] && (place === 0 || at(wanted) > at(ranked[place - 1] ?? wanted)),
    )
  )
    return;
  const rising = sketch.rules.riseGate ? risers(sketch, group, ranked, present) : new Set<Wanted>();
  // Who waits for a slot is not waited for.
  const later = new Set(ranked.filter((wanted) => isLater(sketch, wanted)));
  const soon = present.filter((wanted) => !later.has(wanted));
  const calm = [
    ...ranked.filter((wanted) => !rising.has(wanted)),
    ...soon.filter((wanted) => rising.has(wanted)),
  ].filter((wanted) => !later.has(wanted));
  const first = calm.every((wanted, place) => wanted === soon[place])
    ? undefined
    : draftOrder(sketch, group, calm, { below: rising, reserved: [...later].map(at) });
  if (first !== undefined) {
    for (const wanted of calm) if (!rising.has(wanted)) push(sketch.orders, wanted, first);
    for (const dead of presents) if (dead.fate === 'dead') afterOrder(sketch, dead, first);
  }
  // Later ones come in below all others: where they belong there, nothing is left to do.
  const atLast = [...calm, ...present.filter((wanted) => later.has(wanted))];
  if (rising.size === 0 && ranked.every((wanted, place) => wanted === atLast[place])) return;
  const gates = [...rising].flatMap((wanted) => liveOf(sketch, wanted, 1));
  const second = draftOrder(sketch, group, ranked)?.after(first).afterAll(gates);
  if (second !== undefined) for (const wanted of [...rising, ...later]) push(sketch.orders, wanted, second);
}

function isLater(sketch: Sketch, wanted: Wanted): boolean {
  const create = sketch.creates.get(wanted);
  return create !== undefined && waitsForSlot(create);
}

/** Of new objects those that are asked first come first: none takes for a while what another shall have. */
function createInOrder(sketch: Sketch, scope: Target, ranked: readonly Wanted[]): void {
  if (!(scope instanceof Wanted) || scope.kept === undefined || readyNow(sketch, scope) === 0) return;
  let before: Draft | undefined;
  for (const wanted of ranked) {
    const create = sketch.creates.get(wanted);
    // Who waits for a slot lets the others pass.
    if (create === undefined || waitsForSlot(create)) continue;
    create.after(before);
    before = create;
  }
}

function waitsForSlot(draft: Draft): boolean {
  const seen = new Set<Draft>([draft]);
  for (const one of seen) {
    if (one.holder !== undefined) return true;
    for (const on of one.hard) seen.add(on);
  }
  return false;
}

/** Objects that are not ready and would come before one that is now before them. */
function risers(
  sketch: Sketch,
  { presents, attr }: OrderGroup,
  wanted: readonly Wanted[],
  present: readonly Wanted[],
): ReadonlySet<Wanted> {
  const places = new Map(present.map((one, place) => [one, place]));
  const dying = presents.filter((other) => other.fate === 'dead' && readyNow(sketch, other) > 0);
  const found = new Set<Wanted>();
  for (const [place, one] of wanted.entries()) {
    const overtakes = wanted.slice(place + 1).some((other) => {
      const before = (places.get(other) ?? 0) < (places.get(one) ?? 0);
      return before && other.kept !== undefined && readyNow(sketch, other) > 0;
    });
    const number = one.kept === undefined ? Number.POSITIVE_INFINITY : numberOf(one.kept, attr);
    const leavesBehind = dying.some((other) => numberOf(other, attr) < number);
    if ((overtakes || leavesBehind) && !isReady(sketch, one)) found.add(one);
  }
  return found;
}

/** Whether what it does when it rises is no worse than what it does later. */
function isReady(sketch: Sketch, one: Wanted): boolean {
  if (one.kept !== undefined && readyNow(sketch, one) > 0) return true;
  const targets = servedBy(sketch.scene, one);
  const unready = targets.filter((target) => unreadyBehind(sketch, target, 1).length > 0);
  if (unready.length > 0) return false;
  const entrances = sketch.entrances.get(one);
  return !targets.some((target) => entrances?.has(target) === true);
}

function draftOrder(
  sketch: Sketch,
  { scope, presents, attr }: OrderGroup,
  ranked: readonly Wanted[],
  { below, reserved = [] }: { readonly below?: ReadonlySet<Wanted>; readonly reserved?: readonly number[] } = {},
): Draft | undefined {
  const [top] = ranked;
  if (top === undefined) return undefined;
  // Those that shall not rise yet stay behind the dying, too.
  const bottom = Math.max(0, ...presents.map((present) => numberOf(present, attr)));
  const held = (...fates: readonly Present['fate'][]): readonly number[] =>
    presents.filter(({ fate }) => fates.includes(fate)).map((present) => numberOf(present, attr));
  const plain = numbered(ranked, new Set([...held('dead', 'foreign'), ...reserved]), below, bottom);
  // A dying one keeps its number, and whoever stood before it stays before it: else all are numbered anew together.
  const { loose, early } = sketch.sacrifices;
  // Only those that wait for this order are there when it is made: they wait for the first one.
  const goesEarlier = (present: Present): boolean => below === undefined || loose.has(present) || early.has(present);
  const dead = presents.filter(({ fate }) => fate === 'dead');
  const dying = dead.filter((present) => !goesEarlier(present));
  const sinks = plain.some(([one, number]) => {
    const now = one instanceof Wanted && one.kept !== undefined ? numberOf(one.kept, attr) : undefined;
    return now !== undefined && dying.some((dead) => now < numberOf(dead, attr) && numberOf(dead, attr) < number);
  });
  const placed = sinks
    ? numbered(
        withDying(ranked, dying, attr),
        new Set([
          ...held('foreign'),
          ...dead.filter(goesEarlier).map((present) => numberOf(present, attr)),
          ...reserved,
        ]),
        below,
        bottom,
      )
    : plain;
  const ranks: (readonly [DraftRef, number])[] = [];
  const creates: Draft[] = [];
  for (const [one, number] of placed) {
    const ref = one instanceof Wanted ? sketch.refTo(one) : one.it.handle;
    if (ref !== undefined) ranks.push([ref, number]);
    const create = one instanceof Wanted ? sketch.creates.get(one) : undefined;
    if (create !== undefined) creates.push(create);
  }
  const draft = sketch.draft('order', top, 'its rules are asked in another order', { ranks, attr }).afterAll(creates);
  draft.id = scope.it.id;
  if (!sketch.allows('order')) draft.refuse('policy', sketch.options.policy);
  return draft;
}

/** The smallest numbers in this order that nobody else holds. */
function numbered(
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
function withDying(ranked: readonly Wanted[], dying: readonly Present[], attr: string): readonly (Wanted | Present)[] {
  const left = [...dying].sort((a, b) => numberOf(a, attr) - numberOf(b, attr));
  const order: (Wanted | Present)[] = [];
  for (let place = 0; place <= ranked.length; place++) {
    const ahead = ranked.slice(place).flatMap(({ kept }) => (kept === undefined ? [] : [numberOf(kept, attr)]));
    for (const dead of [...left]) {
      if (ahead.some((now) => now < numberOf(dead, attr))) break;
      order.push(dead);
      left.shift();
    }
    const next = ranked[place];
    if (next !== undefined) order.push(next);
  }
  return order;
}

function afterOrder(sketch: Sketch, dead: Present, order: Draft): void {
  if (!sketch.sacrifices.loose.has(dead) && !sketch.sacrifices.early.has(dead)) sketch.deletes.get(dead)?.after(order);
}
