import type { Backend, Target } from '../../model/index.ts';

const states: readonly Target['state'][] = ['ready', 'draining', 'gone'];
const absent = '-';
const empty: readonly Target[] = [];

/**
 * Targets while nobody looks at them: one text, of a sixth of their size. There are more of them than of anything else, and they are
 * looked at when their service is new or changes. Who still has the list gets the very same one. All are of weight 1.
 */
export class RestingTargets {
  /** A line each: port, state, zone, node, pod, address; of each the number of characters that are as in the line before, and the others. */
  #text: string;
  #list: WeakRef<readonly Target[]> | undefined;

  constructor(targets: readonly Target[]) {
    let before: readonly string[] = [];
    const lines = targets.map(({ address, port, node, zone, pod, state }) => {
      const fields = [`${port}`, `${states.indexOf(state)}`, zone ?? absent, node ?? absent, pod ?? absent, address];
      const line = fields.map((field, i) => shorten(field, before[i] ?? '')).join(' ');
      before = fields;
      return line;
    });
    this.#text = lines.join('\n');
  }

  /** In order of address and port. The same list as long as anybody holds it. */
  get list(): readonly Target[] {
    if (this.#text === '') return empty;
    const known = this.#list?.deref();
    if (known !== undefined) return known;
    const list = readLines(this.#text);
    this.#list = new WeakRef(list);
    return list;
  }

  /** Whether both say the same; then they hold one text. */
  equals(other: RestingTargets): boolean {
    if (this.#text !== other.#text) return false;
    other.#text = this.#text;
    return true;
  }
}

export const noTargets = new RestingTargets(empty);

const digits = 36;
const fieldsOfLine = 6;

/** All targets of a cluster are read so at its start: without a list for each line and each field. */
function readLines(text: string): readonly Target[] {
  const fields: string[] = Array.from({ length: fieldsOfLine }, () => '');
  const targets: Target[] = [];
  for (let start = 0; start < text.length; ) {
    for (let i = 0; i < fieldsOfLine; i++) {
      const found = text.indexOf(i < fieldsOfLine - 1 ? ' ' : '\n', start);
      const end = found < 0 ? text.length : found;
      fields[i] = lengthen(text, start, end, fields[i] ?? '');
      start = end + 1;
    }
    targets.push(targetOf(fields));
  }
  return targets;
}

function targetOf([port, code, zone = absent, node = absent, pod = absent, address = '']: readonly string[]): Target {
  const begin = { address, port: Number(port) };
  const end = { weight: 1, state: states[Number(code)] ?? 'ready' };
  // With few parts what most of them are: that is quicker, and smaller.
  if (node !== absent && pod !== absent)
    return zone === absent ? { ...begin, node, pod, ...end } : { ...begin, node, zone, pod, ...end };
  return {
    ...begin,
    ...(node === absent ? {} : { node }),
    ...(zone === absent ? {} : { zone }),
    ...(pod === absent ? {} : { pod }),
    ...end,
  };
}

function shorten(field: string, before: string): string {
  let same = 0;
  while (same < digits - 1 && same < field.length && field[same] === before[same]) same++;
  return `${same.toString(digits)}${field.slice(same)}`;
}

/** The field of a line that stands from `start` to `end`. */
function lengthen(text: string, start: number, end: number, before: string): string {
  const code = text.charCodeAt(start);
  const same = code - (code < 97 ? 48 : 87);
  if (end === start + 1 && same === before.length) return before;
  return before.slice(0, same) + text.slice(start + 1, end);
}

const resting = new WeakMap<object, RestingTargets>();

/** The same getter of all, so that they are of one shape. */
const lookedAt: PropertyDescriptor & ThisType<object> = {
  enumerable: true,
  get() {
    return resting.get(this)?.list;
  },
};

/** A backend whose targets rest. A copy of it has them as a plain list. */
export function withTargets(targets: RestingTargets, rest: Omit<Backend, 'targets'>): Backend {
  const lazy: Pick<Backend, 'targets'> = Object.create(Object.prototype, { targets: lookedAt });
  resting.set(lazy, targets);
  return Object.assign(lazy, rest);
}
