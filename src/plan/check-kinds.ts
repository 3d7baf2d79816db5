import type { KindSpec } from '../model/index.ts';
import { shapesOf } from './shape.ts';

/**
 * Checks what providers declare, once at the start. Throws one error that names kind, field, value and remedy of the first mistake.
 */
export function checkKinds(kinds: readonly KindSpec[]): void {
  const names = new Set<string>();
  for (const { kind } of kinds) {
    if (names.has(kind)) throw new Error(`kind ${kind} is declared twice: give each kind a name of its own`);
    names.add(kind);
  }
  shapesOf(kinds);
  for (const spec of kinds) {
    checkSets(spec);
    checkOrder(spec);
    checkImmutable(spec);
    checkSlots(spec);
    checkPer(spec, kinds);
  }
}

function checkSets({ kind, immutable, refs, sets }: KindSpec): void {
  for (const [name, { batch, max, min, weight, fits = [] }] of Object.entries(sets)) {
    const say = (what: string): never => {
      throw new Error(`kind ${kind}, set ${name}: ${what}`);
    };
    if (!Number.isInteger(batch) || batch < 1)
      say(`batch is ${batch}: write how many members one call takes, at least 1`);
    if (max !== undefined && max < 1) say(`max is ${max}: write at least 1, or leave it out`);
    if (min !== undefined && (min < 0 || min > (max ?? min))) say(`min is ${min}: write a number from 0 to max`);
    if (weight === '') say('weight is empty: name the attribute that is the share, or leave it out');
    for (const attr of fits) {
      if (!immutable.includes(attr)) say(`fits names ${attr}, which can change in place: name immutable attributes`);
    }
    if (refs[name] !== undefined) say('a ref has the same name: rename one of them');
  }
}

function checkOrder({ kind, order, refs, immutable }: KindSpec): void {
  if (order === undefined) return;
  if (refs[order.scope] === undefined) {
    throw new Error(
      `kind ${kind}: order.scope is ${order.scope}, which is no ref of it: name the ref whose object orders them`,
    );
  }
  if (immutable.includes(order.attr)) {
    throw new Error(`kind ${kind}: order.attr ${order.attr} is immutable: an order that cannot change cannot be kept`);
  }
}

function checkImmutable({ kind, immutable, sets }: KindSpec): void {
  for (const name of immutable) {
    if (sets[name] !== undefined) {
      throw new Error(`kind ${kind}: immutable names the set ${name}: only attributes and refs can be immutable`);
    }
  }
}

/** What a slot is made of may only change by replacement: two living objects could never exchange their places. */
function checkSlots({ kind, slots, immutable, order, refs }: KindSpec): void {
  if (slots === undefined) return;
  const read = new Set<string>();
  const watch = <T>(value: T) =>
    new Proxy<Record<string, T>>(
      {},
      {
        get(_, name) {
          if (typeof name === 'string') read.add(name);
          return value;
        },
        has(_, name) {
          if (typeof name === 'string') read.add(name);
          return true;
        },
      },
    );
  try {
    slots(watch('1'), watch('1'));
  } catch {
    // It wants more than a text; what it has read until then is checked.
  }
  for (const name of read) {
    if (immutable.includes(name) || name === order?.attr) continue;
    const what = refs[name] === undefined ? 'attribute' : 'ref';
    throw new Error(
      `kind ${kind}: slots reads the ${what} ${name}, which can change in place: add it to immutable, or make it part of the id`,
    );
  }
}

function checkPer({ kind, per }: KindSpec, kinds: readonly KindSpec[]): void {
  if (per === undefined) return;
  const specs = new Map(kinds.map((spec) => [spec.kind, spec]));
  for (const name of per.split('.')) {
    if (kinds.some(({ refs }) => refs[name] !== undefined)) continue;
    throw new Error(
      `kind ${kind}: per is ${per}, but no kind has a ref ${name}: write the path of refs from its users to the scope`,
    );
  }
  const users = kinds.filter(
    ({ refs, sets }) =>
      Object.values(refs).some(({ to }) => to === kind) || Object.values(sets).some(({ to }) => to === kind),
  );
  for (const user of users) {
    let at: KindSpec | undefined = user;
    let moved = false;
    for (const name of per.split('.')) {
      const next: string | undefined = at?.refs[name]?.to;
      if (next === undefined) continue;
      moved = true;
      at = specs.get(next);
    }
    if (!moved) throw new Error(`kind ${kind}: per is ${per}, but its user ${user.kind} has none of these refs`);
  }
}
