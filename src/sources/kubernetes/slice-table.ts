import type { EndpointsView } from './endpoint-group.ts';
import { type Few, fewOf, manyOf } from './few.ts';
import { byAge, type Tally } from './table.ts';

/** EndpointSlices by their Service. Of two with one name the older is in force; without ages, the one that stands first. */
export class SliceTable {
  /** All of each Service: those of one name side by side, the one in force before the others. */
  readonly #of = new Map<string, Few<EndpointsView>>();
  readonly #tally: Tally;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** Those in force of a Service (`namespace/name`). */
  of(service: string): readonly EndpointsView[] {
    const all = manyOf(this.#of.get(service));
    return all.length < 2 ? all : all.filter((view, i) => !isNamed(all[i - 1], view));
  }

  /** Whether another one of its name is in force now. */
  add(view: EndpointsView): boolean {
    const same = this.#named(view);
    if (same.length === 0) this.#tally.names++;
    return this.#replace(view, same, same.concat(view).sort(byAge));
  }

  /** Whether another one of its name is in force now, or none. */
  remove(view: EndpointsView): boolean {
    const same = this.#named(view);
    return this.#replace(
      view,
      same,
      same.filter((other) => other !== view),
    );
  }

  /** Those that are not in force, each with the one that is. */
  *losers(): Generator<readonly [loser: EndpointsView, winner: EndpointsView]> {
    for (const few of this.#of.values())
      for (const view of manyOf(few)) {
        const [winner] = this.#named(view);
        if (winner !== undefined && winner !== view) yield [view, winner];
      }
  }

  /** Brings Services, their slices, and what shares a name, into an order; answers those of whom another one is in force now. */
  arrange(placeOf: (view: EndpointsView) => number): readonly EndpointsView[] {
    const changed: EndpointsView[] = [];
    const sorted = [...this.#of].map(([key, few]) => {
      const names = Map.groupBy(manyOf(few), ({ meta }) => meta.name);
      const runs = [...names.values()].map((before) => {
        const run = before.toSorted((a, b) => byAge(a, b) || placeOf(a) - placeOf(b));
        if (run[0] !== undefined && run[0] !== before[0]) changed.push(run[0]);
        return { run, place: Math.min(...run.map(placeOf)) };
      });
      runs.sort((a, b) => a.place - b.place);
      return { key, all: fewOf(runs.flatMap(({ run }) => run)), place: runs[0]?.place ?? 0 };
    });
    this.#of.clear();
    for (const { key, all } of sorted.sort((a, b) => a.place - b.place)) this.#of.set(key, all);
    return changed;
  }

  #named(view: EndpointsView): readonly EndpointsView[] {
    return manyOf(this.#of.get(keyOf(view))).filter((other) => isNamed(other, view));
  }

  /** In the place of those of its name. */
  #replace(view: EndpointsView, before: readonly EndpointsView[], now: readonly EndpointsView[]): boolean {
    const all = manyOf(this.#of.get(keyOf(view)));
    const [first] = before;
    const place = first === undefined ? all.length : all.indexOf(first);
    const left = all.toSpliced(place, before.length, ...now);
    if (left.length === 0) this.#of.delete(keyOf(view));
    else this.#of.set(keyOf(view), fewOf(left));
    this.#tally.contested += Number(now.length > 1) - Number(before.length > 1);
    return now[0] !== first;
  }
}

function keyOf({ meta, service }: EndpointsView): string {
  return `${meta.namespace}/${service}`;
}

function isNamed(other: EndpointsView | undefined, { meta }: EndpointsView): boolean {
  return other?.meta.name === meta.name;
}
