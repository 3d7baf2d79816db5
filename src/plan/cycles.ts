import type { Draft } from './draft.ts';
import { type Present, type Use, usable } from './scene.ts';
import type { Sketch } from './sketch.ts';

/**
 * Decides who gives way in each circle of waits, where traffic loses least. A create that waits for its slot: the holder and what cannot
 * live without it go first. Else one front gives up waiting for its successors. Answers false when a circle leaves no choice: those
 * drafts are refused.
 */
export function breakCycles(sketch: Sketch, stuck: readonly Draft[]): boolean {
  let moved = false;
  for (const circle of circlesOf(stuck)) {
    const inside = new Set(circle);
    const creates = circle.filter(({ holder, hard }) => holder !== undefined && hard.some((on) => inside.has(on)));
    if (clearSlots(sketch, creates, inside) || loosen(sketch, circle, inside)) moved = true;
    else
      for (const draft of circle)
        draft.refuse(
          'blocked',
          `a circle of waits: ${circle
            .slice(0, 4)
            .map(({ label }) => label)
            .join(', ')}`,
        );
  }
  return moved;
}

/** Strongly connected drafts (Tarjan), without recursion: plans may have tens of thousands of steps. */
function circlesOf(drafts: readonly Draft[]): readonly (readonly Draft[])[] {
  const among = new Set(drafts);
  const index = new Map<Draft, number>();
  const low = new Map<Draft, number>();
  const path: Draft[] = [];
  const onPath = new Set<Draft>();
  const circles: Draft[][] = [];
  for (const root of drafts) {
    if (index.has(root)) continue;
    const calls: { draft: Draft; edges: readonly Draft[]; next: number }[] = [];
    const enter = (draft: Draft): void => {
      index.set(draft, index.size);
      low.set(draft, index.size - 1);
      path.push(draft);
      onPath.add(draft);
      calls.push({ draft, edges: edgesOf(draft).filter((on) => among.has(on)), next: 0 });
    };
    enter(root);
    for (let call = calls.at(-1); call !== undefined; call = calls.at(-1)) {
      const { draft } = call;
      const on = call.edges[call.next++];
      if (on !== undefined) {
        if (!index.has(on)) enter(on);
        else if (onPath.has(on)) low.set(draft, Math.min(low.get(draft) ?? 0, index.get(on) ?? 0));
        continue;
      }
      calls.pop();
      const parent = calls.at(-1)?.draft;
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent) ?? 0, low.get(draft) ?? 0));
      if (low.get(draft) !== index.get(draft)) continue;
      const circle = path.splice(path.indexOf(draft));
      for (const one of circle) onPath.delete(one);
      if (circle.length > 1) circles.push(circle);
    }
  }
  return circles;
}

function edgesOf(draft: Draft): readonly Draft[] {
  return [...draft.hard, ...draft.soft.map(({ on }) => on)];
}

function clearSlots(sketch: Sketch, creates: readonly Draft[], inside: ReadonlySet<Draft>): boolean {
  let moved = false;
  for (const create of creates) {
    const { holder } = create;
    const gone = holder === undefined ? undefined : sketch.deletes.get(holder);
    if (holder === undefined || gone === undefined || !inside.has(gone)) continue;
    if (clear(sketch, holder, create, inside)) moved = true;
  }
  return moved;
}

/** Makes way for `create`: `object` goes first, and with it those who cannot turn away before. Answers whether anything is new. */
function clear(sketch: Sketch, object: Present, create: Draft, inside: ReadonlySet<Draft>): boolean {
  const { early, dropping, loose } = sketch.sacrifices;
  let moved = !early.has(object) || !loose.has(object);
  early.add(object);
  loose.add(object);
  for (const { user, via, departure } of inTheWay(sketch, object, create, inside)) {
    if (user.fate === 'dead') moved = clear(sketch, user, create, inside) || moved;
    else if (canDrop(sketch, user, via, object)) {
      if (!dropping.has(user)) moved = true;
      dropping.add(user);
    } else if (!reaches(departure, create, hardEdges)) {
      if (!loose.has(user)) moved = true;
      loose.add(user);
    } else moved = clear(sketch, user, create, inside) || moved;
  }
  return moved;
}

interface Hindrance extends Use {
  readonly departure: Draft;
}

/** Users that themselves wait for the create. Those who only wait for another such user are free as soon as that one is. */
function inTheWay(sketch: Sketch, object: Present, create: Draft, inside: ReadonlySet<Draft>): readonly Hindrance[] {
  const all: Hindrance[] = [];
  for (const use of object.uses) {
    const departure = sketch.departure(use.user, object);
    if (departure === undefined || !inside.has(departure) || sketch.sacrifices.early.has(use.user)) continue;
    all.push({ ...use, departure });
  }
  const exits = new Set(all.map(({ departure }) => departure));
  const direct = all.filter(({ departure }) =>
    reaches(departure, create, (draft) => edgesOf(draft).filter((on) => !exits.has(on))),
  );
  if (direct.length > 0) return direct;
  return [...all].sort((a, b) => compareText(a.user.it.id, b.user.it.id)).slice(0, 1);
}

/** A set only drops the member that is in the way: one without a share, or one beside which another with a share stays. */
function canDrop({ scene, sacrifices }: Sketch, user: Present, via: Use['via'], object: Present): boolean {
  if (!('spec' in via) || via.to === undefined) return false;
  const members = user.it.sets[via.name];
  const own = members?.get(object.it.handle);
  if (members === undefined || own === undefined || members.size < 2) return false;
  if (!usable(via, own)) return true;
  for (const [handle, member] of members) {
    const other = scene.find(via.to, handle);
    if (usable(via, member) && other !== undefined && !sacrifices.early.has(other)) return true;
  }
  return false;
}

/** Whether a draft waits for another, by way of these edges. */
function reaches(draft: Draft, other: Draft, edges: (draft: Draft) => readonly Draft[]): boolean {
  const seen = new Set<Draft>([draft]);
  for (const one of seen) {
    if (one === other) return true;
    for (const on of edges(one)) seen.add(on);
  }
  return false;
}

function hardEdges({ hard }: Draft): readonly Draft[] {
  return hard;
}

/**
 * One front gives up its soft waits: one that has nothing ready to lose, else the first by name, so that a plan made again after a crash
 * chooses the same.
 */
function loosen(sketch: Sketch, circle: readonly Draft[], inside: ReadonlySet<Draft>): boolean {
  const costs = new Map<Present, boolean>();
  for (const draft of circle) {
    for (const edge of draft.soft) {
      if (inside.has(edge.on)) costs.set(edge.front, edge.costs || costs.get(edge.front) === true);
    }
  }
  const [best] = [...costs.keys()].sort(
    (a, b) => Number(costs.get(a)) - Number(costs.get(b)) || compareText(a.it.id, b.it.id),
  );
  if (best === undefined) return false;
  sketch.sacrifices.loose.add(best);
  return true;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
