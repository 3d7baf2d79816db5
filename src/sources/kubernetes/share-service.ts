import { type Backend, backendNamed, type ExportedService } from '../../model/index.ts';

/** Deep equality of plain data; the same reference is equal at once. Keys with undefined do not occur in what the joiner makes. */
export function equalData(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => equalData(item, b[i]));
  }
  const right = new Map(Object.entries(b));
  const left = Object.entries(a);
  return left.length === right.size && left.every(([key, value]) => right.has(key) && equalData(value, right.get(key)));
}

/** The previous value where it is equal. */
export function shareEqual<T>(previous: T | undefined, next: T): T {
  return previous !== undefined && equalData(previous, next) ? previous : next;
}

/** Structural sharing of a service: everything that equals its previous state is the same object as before, targets first of all. */
export function shareService(previous: ExportedService | undefined, next: ExportedService): ExportedService {
  if (previous === undefined) return next;
  const backends = Object.entries(next.backends).map(
    ([key, backend]) => [key, shareBackend(backendNamed(previous, key), backend)] as const,
  );
  const fronts = next.fronts.map((front, i) => shareEqual(previous.fronts[i], front));
  const shared: ExportedService = {
    ...next,
    origin: shareEqual(previous.origin, next.origin),
    fronts: shareEqual(previous.fronts, fronts),
    backends: shareEqual(previous.backends, Object.fromEntries(backends)),
    settings: shareEqual(previous.settings, next.settings),
  };
  return shareEqual(previous, shared);
}

/** Targets that rest are the same list already where they are equal: those that are not go on resting. */
function shareBackend(previous: Backend | undefined, next: Backend): Backend {
  if (previous === undefined) return next;
  const { targets } = previous;
  const again = targets !== next.targets && equalData(targets, next.targets);
  return shareEqual(previous, again ? { ...next, targets } : next);
}
