/** Long work that lets others have a turn in between: a generator that yields wherever it may be held up, and answers its result. */
export type Sliced<T> = Generator<undefined, T, undefined>;

/** The whole of it, without a turn for anybody. */
export function atOnce<T>(work: Sliced<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

/** Items between two places where a loop may be held up: few enough for a millisecond or two, enough that the places cost nothing. */
const stride = 64;

/** The items one by one, with places to be held up among them. */
export function* inStrides<T>(items: Iterable<T>, each: (item: T) => void): Sliced<void> {
  let left = stride;
  for (const item of items) {
    each(item);
    if (--left > 0) continue;
    left = stride;
    yield;
  }
}
