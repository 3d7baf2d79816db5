import type { AnnouncedAddress, ExportedService, ServiceId } from '../model/index.ts';
import type { AnnouncedService } from '../status/index.ts';

/** Services of one cluster of which this machine answers for an address. */
export function announcedServices(
  services: readonly ExportedService[],
  announced: ReadonlyMap<ServiceId, readonly AnnouncedAddress[]> | undefined,
  isOwn: (id: ServiceId) => boolean,
): readonly AnnouncedService[] {
  if (announced === undefined || announced.size === 0) return [];
  return services.flatMap(({ id, origin }): readonly AnnouncedService[] => {
    const addresses = announced.get(id);
    if (addresses === undefined || origin.kind !== 'Service' || !isOwn(id)) return [];
    const own = addresses.filter((one) => one.own);
    if (own.length === 0) return [];
    const owners = addresses.flatMap(({ owner }) => owner ?? []);
    return [
      {
        service: `${origin.namespace}/${origin.name}`,
        uid: origin.uid,
        addresses: own.map(({ address }) => address).sort(),
        interfaces: [...new Set(own.flatMap(({ interfaces }) => interfaces))].sort(),
        owners: owners.length === addresses.length ? new Set(owners) : undefined,
      },
    ];
  });
}
