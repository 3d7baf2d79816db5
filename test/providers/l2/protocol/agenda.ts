interface Entry {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

/** What happens when, in true time: a heap; things of one instant happen in the order in which they were entered. */
export class Agenda {
  now = 0;
  readonly #heap: Entry[] = [];
  #order = 0;

  at(time: number, act: () => void): void {
    this.#order += 1;
    const entry = { at: Math.max(time, this.now), order: this.#order, act };
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || before(above, entry)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  /** Lets everything happen until a time, or until told to stop. */
  run(until: number, stop: () => boolean): void {
    for (let first = this.#heap[0]; first !== undefined && first.at <= until && !stop(); first = this.#heap[0]) {
      this.#removeFirst();
      this.now = first.at;
      first.act();
    }
    if (!stop()) this.now = until;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      const lower = right !== undefined && before(right, left) ? right : left;
      if (lower === right) child += 1;
      if (before(last, lower)) break;
      heap[index] = lower;
      index = child;
    }
    heap[index] = last;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
