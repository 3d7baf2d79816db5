import { bornMs, type ExportedService } from '../model/index.ts';

/**
 * The order in which services claim things: older first; a service of unknown age after every service of known age;
 * then namespace, name and id, so that the order never depends on the input's.
 */
export function compareAge(a: ExportedService, b: ExportedService): number {
  if (a === b) return 0;
  const age = bornMs(a.origin) - bornMs(b.origin);
  // Two unknown ages give NaN, which is neither.
  if (age < 0 || age > 0) return age;
  return (
    compareText(a.origin.namespace, b.origin.namespace) ||
    compareText(a.origin.name, b.origin.name) ||
    compareText(a.id, b.id)
  );
}

/** By code units: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
