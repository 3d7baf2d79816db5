import type { Beside } from '../kube/index.ts';

/** Two who work beside one source. */
export function sideBySide(one: Beside, other: Beside): Beside {
  return {
    seen(...args) {
      const both = [one.seen(...args), other.seen(...args)].filter((take) => take !== undefined);
      if (both.length === 0) return undefined;
      return () => {
        for (const take of both) take();
      };
    },
    gone(...args) {
      one.gone(...args);
      other.gone(...args);
    },
    read(snapshot) {
      one.read(snapshot);
      other.read(snapshot);
    },
    async run(...args) {
      await Promise.all([one.run(...args), other.run(...args)]);
    },
  };
}
