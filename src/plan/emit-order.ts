import type { Draft, DraftRef } from './draft.ts';
import { liveOf, losableNow, mayServe, readyNow, unreadyBehind } from './gates.ts';
import { servedBy } from './health.ts';
import { type Numbers, numbered, numberOf, type OrderGroup, withDying } from './order-numbers.ts';
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
  noteShadows(sketch, group, ranked, at);
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
  const now = (present: Present): number => numberOf(present, attr);
  const held = [...rising].some((one) => wouldSink(sketch, group, one, soon, rising));
  const first =
    held || calm.every((wanted, place) => wanted === soon[place])
      ? undefined
      : draftOrder(sketch, group, calm, { now, below: rising, reserved: [...later].map(at) });
  if (first !== undefined) {
    for (const wanted of calm) if (!rising.has(wanted)) push(sketch.orders, wanted, first.draft);
    for (const dead of presents) if (mayWait(sketch, dead)) sketch.deletes.get(dead)?.after(first.draft);
  }
  // Later ones come in below all others: where they belong there, nothing is left to do.
  const atLast = [...calm, ...present.filter((wanted) => later.has(wanted))];
  if (rising.size === 0 && ranked.every((wanted, place) => wanted === atLast[place])) return;
  const after = [
    ...(first === undefined ? [] : [first.draft]),
    ...[...rising].flatMap((one) => liveOf(sketch, one, 1)),
  ];
  const second = draftOrder(sketch, group, ranked, { now: first?.now ?? now, after });
  if (second === undefined) return;
  for (const wanted of held ? ranked : [...rising, ...later]) push(sketch.orders, wanted, second.draft);
}

/** Who is to be deleted, and is asked before those that stay until then. */
function noteShadows(
  sketch: Sketch,
  { presents, attr }: OrderGroup,
  ranked: readonly Wanted[],
  at: (wanted: Wanted) => number,
): void {
  const dying = presents.filter((one) => mayWait(sketch, one));
  if (dying.length === 0) return;
  for (const wanted of ranked) {
    const above = dying.filter((one) => numberOf(one, attr) < at(wanted));
    if (above.length > 0) sketch.shadows.set(wanted, above);
  }
}

/** Whether an object that shall not rise yet may serve by then, and would come behind others by staying below: all wait for it then. */
function wouldSink(
  sketch: Sketch,
  { presents, attr }: OrderGroup,
  one: Wanted,
  soon: readonly Wanted[],
  rising: ReadonlySet<Wanted>,
): boolean {
  const place = soon.indexOf(one);
  if (place < 0 || !mayServe(sketch, one)) return false;
  const { kept } = one;
  const passes = (other: Present): boolean =>
    kept !== undefined && mayWait(sketch, other) && numberOf(other, attr) > numberOf(kept, attr);
  return soon.slice(place + 1).some((other) => !rising.has(other)) || presents.some(passes);
}

/** Whether an object is to be deleted, and at leisure. */
function mayWait({ sacrifices }: Sketch, present: Present): boolean {
  return present.fate === 'dead' && !sacrifices.loose.has(present) && !sacrifices.early.has(present);
}

function isLater(sketch: Sketch, wanted: Wanted): boolean {
  const create = sketch.creates.get(wanted);
  return create !== undefined && waitsForSlot(create);
}

/** Of new objects those that are asked first come first: none takes for a while what another shall have. */
function createInOrder(sketch: Sketch, scope: Target, ranked: readonly Wanted[]): void {
  if (!(scope instanceof Wanted) || scope.kept === undefined || losableNow(sketch, scope) === 0) return;
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
  const dying = presents.filter((other) => other.fate === 'dead' && losableNow(sketch, other) > 0);
  const found = new Set<Wanted>();
  for (const [place, one] of wanted.entries()) {
    const overtakes = wanted.slice(place + 1).some((other) => {
      const before = (places.get(other) ?? 0) < (places.get(one) ?? 0);
      return before && other.kept !== undefined && losableNow(sketch, other) > 0;
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

interface OrderOptions {
  /** The number that an object has when the order is made. */
  readonly now: (present: Present) => number;
  /** What is done before. */
  readonly after?: readonly Draft[];
  /** Those that shall not rise yet. */
  readonly below?: ReadonlySet<Wanted>;
  readonly reserved?: readonly number[];
}

interface Order {
  readonly draft: Draft;
  /** The number that an object has from then on. */
  readonly now: (present: Present) => number;
}

function draftOrder(
  sketch: Sketch,
  { scope, presents, attr }: OrderGroup,
  ranked: readonly Wanted[],
  { now, after = [], below, reserved = [] }: OrderOptions,
): Order | undefined {
  const [top] = ranked;
  if (top === undefined) return undefined;
  const creates = ranked.flatMap((wanted) => sketch.creates.get(wanted) ?? []);
  const earlier = upstream([...after, ...creates]);
  // Those that shall not rise yet stay behind the dying, too.
  const bottom = Math.max(0, ...presents.map(now));
  const foreign = presents.filter(({ fate }) => fate === 'foreign');
  const dead = presents.filter(({ fate }) => fate === 'dead');
  // What surely goes before this order, or cannot wait for it, has no place in it.
  const dying = dead.filter((present) => mayWait(sketch, present) && !earlier.has(sketch.deletes.get(present)));
  const plain = numbered(ranked, new Set([...[...dead, ...foreign].map(now), ...reserved]), below, bottom);
  // A dying one keeps its number, and whoever stood before it stays before it: else all are numbered anew together.
  const sinks = plain.some(([one, number]) => {
    const before = one instanceof Wanted && one.kept !== undefined ? now(one.kept) : undefined;
    return before !== undefined && dying.some((other) => before < now(other) && now(other) < number);
  });
  const others = [...foreign, ...dead.filter((present) => !dying.includes(present))];
  const placed = sinks
    ? numbered(withDying(ranked, dying, now), new Set([...others.map(now), ...reserved]), below, bottom)
    : plain;
  const ranks: (readonly [DraftRef, number])[] = [];
  const numbers = new Map<Present, number>();
  for (const [one, number] of placed) {
    const ref = one instanceof Wanted ? sketch.refTo(one) : one.it.handle;
    if (ref !== undefined) ranks.push([ref, number]);
    const present = one instanceof Wanted ? one.kept : one;
    if (present !== undefined) numbers.set(present, number);
  }
  const draft = sketch
    .draft('order', top, 'its rules are asked in another order', { ranks, attr })
    .afterAll(creates)
    .afterAll(after);
  draft.id = scope.it.id;
  if (!sketch.allows('order')) draft.refuse('policy', sketch.options.policy);
  if (sinks) for (const present of dying) sketch.deletes.get(present)?.after(draft);
  return { draft, now: (present) => numbers.get(present) ?? now(present) };
}

/** Everything that is done before these are done, themselves included. */
function upstream(drafts: readonly Draft[]): ReadonlySet<Draft | undefined> {
  const found = new Set(drafts);
  for (const one of found) for (const on of one.hard) found.add(on);
  return found;
}
