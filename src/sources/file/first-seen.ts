/** Since when services are known here: files seldom say when something was created, and nobody shall take a host by its name in the alphabet. */
import { Remade } from '../../model/remade.ts';
import type { ExportedService, ServiceId } from '../../model/service.ts';

/** Gives services their `seenMs`: that of before where the service was there before, else now. */
export class FirstSeen {
  /** An unchanged service is stamped once, and stays the same object. */
  private readonly stamped = new Remade<ExportedService, ExportedService>();

  /** `before`: what was in force, of an earlier run too. */
  stamp(
    services: readonly ExportedService[],
    before: ReadonlyMap<ServiceId, ExportedService>,
    nowMs: number,
  ): readonly ExportedService[] {
    let places: ReadonlySet<string> | undefined;
    const isThere = (place: string): boolean => {
      places ??= new Set(services.map(placeOf));
      return places.has(place);
    };
    let newcomerMs: number | undefined;
    return this.stamped.of(services, (service) => {
      const known = before.get(service.id);
      // A second description is a newcomer, unless the first is gone: then the file was renamed.
      const same = known !== undefined && (placeOf(known) === placeOf(service) || !isThere(placeOf(known)));
      if (!same) newcomerMs ??= newcomer(before, nowMs);
      const seenMs = same ? known.origin.seenMs : newcomerMs;
      const { origin } = service;
      return seenMs === undefined ? service : { ...service, origin: { ...origin, seenMs } };
    });
  }
}

/** Whoever comes is younger than all that are there, also when the clock was set back. */
function newcomer(before: ReadonlyMap<ServiceId, ExportedService>, nowMs: number): number {
  let newcomerMs = nowMs;
  for (const { origin } of before.values()) newcomerMs = Math.max(newcomerMs, (origin.seenMs ?? 0) + 1);
  return newcomerMs;
}

function placeOf({ id, origin }: ExportedService): string {
  return `${id}\n${origin.kind}\n${origin.file ?? ''}`;
}
