/** So long at most the event loop is kept from other work. */
const sliceMs = 10;

/** Does work of many steps to its end; after each slice of time whoever waits for the event loop comes first. Little work is done at once. */
export async function inSlices(steps: Iterator<unknown, unknown>): Promise<void> {
  let sinceMs = performance.now();
  while (steps.next().done !== true) {
    if (performance.now() - sinceMs < sliceMs) continue;
    await new Promise<void>((resolve) => setImmediate(resolve));
    sinceMs = performance.now();
  }
}
