/** Since when services are known here: files seldom say when something was created, and nobody shall take a host by its name in the alphabet. */
import type { ExportedService, ServiceId } from '../../model/service.ts';

/** Gives services their `seenMs`: that of before where the service was there before, else now. */
export class FirstSeen {
  /** By the object that was read: an unchanged service is stamped once, and stays the same object. */
  private readonly stamped = new WeakMap<ExportedService, ExportedService>();

  /** `before`: what was in force, of an earlier run too. */
  stamp(
    services: readonly ExportedService[],
    before: ReadonlyMap<ServiceId, ExportedService>,
    nowMs: number,
  ): readonly ExportedService[] {
    const fresh = services.filter((service) => !this.stamped.has(service));
    if (fresh.length > 0) this.stampFresh(fresh, services, before, nowMs);
    return services.map((service) => this.stamped.get(service) ?? service);
  }

  private stampFresh(
    fresh: readonly ExportedService[],
    all: readonly ExportedService[],
    before: ReadonlyMap<ServiceId, ExportedService>,
    nowMs: number,
  ): void {
    const places = new Set(all.map(placeOf));
    // Whoever comes is younger than all that are there, also when the clock was set back.
    let newcomerMs = nowMs;
    for (const { origin } of before.values()) newcomerMs = Math.max(newcomerMs, (origin.seenMs ?? 0) + 1);
    for (const service of fresh) {
      const known = before.get(service.id);
      // A second description is a newcomer, unless the first is gone: then the file was renamed.
      const same = known !== undefined && (placeOf(known) === placeOf(service) || !places.has(placeOf(known)));
      const seenMs = same ? known.origin.seenMs : newcomerMs;
      const { origin } = service;
      this.stamped.set(service, seenMs === undefined ? service : { ...service, origin: { ...origin, seenMs } });
    }
  }
}

function placeOf({ id, origin }: ExportedService): string {
  return `${id}\n${origin.kind}\n${origin.file ?? ''}`;
}
