/** State of each service in the memory system. Pure. */
import type { ExportedService, Observed, ServiceReport } from '../../src/model/index.ts';

export function report(services: readonly ExportedService[], observed: readonly Observed[]): readonly ServiceReport[] {
  const own = observed.filter((object) => object.owned);
  return services.map((service): ServiceReport => {
    const mine = own.filter((object) => object.serves.includes(service.id));
    const balancers = new Set(mine.filter(({ kind }) => kind === 'LoadBalancer').map(({ handle }) => handle));
    const fronts = own.filter(({ kind, refs }) => kind === 'Listener' && balancers.has(refs.lb ?? ''));
    const ports = [...new Set(fronts.map(({ attrs }) => Number(attrs.port)))];
    const ips = mine.flatMap(({ facts }) => facts.addresses ?? []);
    const targets = mine.flatMap(({ health }) =>
      [...(health?.targets ?? [])].map(([key, state]) => ({ key, health: state })),
    );
    const programmed = fronts.length > 0;
    return {
      service: service.id,
      addresses: ips.map((ip) => ({ ip, ports })),
      conditions: [
        {
          type: 'Programmed',
          status: programmed,
          reason: programmed ? 'Programmed' : 'Pending',
          message: programmed ? '' : 'no listener yet',
        },
      ],
      targets,
    };
  });
}
