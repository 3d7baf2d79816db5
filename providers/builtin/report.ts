/** What the relay says about each service: where it is reachable, whether it is served, how its targets are. */
import type { ExportedService, Observed, ServiceReport } from '../../src/model/index.ts';
import type { Relay } from './apply.ts';

export function report(
  relay: Relay,
  services: readonly ExportedService[],
  observed: readonly Observed[],
): readonly ServiceReport[] {
  return services.map(({ id }) => {
    const serving = observed.filter(({ serves }) => serves.includes(id));
    const listeners = serving.filter(({ kind }) => kind === 'Listener');
    const failed = listeners.find(({ facts }) => facts.state === 'failed');
    const targets = serving.filter(({ kind }) => kind === 'Backend').flatMap((backend) => targetsOf(relay, backend.id));
    const ready = targets.filter(({ health }) => health === 'ready' || health === 'initial').length;
    return {
      service: id,
      addresses: addressesOf(listeners),
      conditions: [
        { type: 'Accepted', status: true, reason: 'Accepted', message: '' },
        programmed(listeners.length, failed),
        {
          type: 'Healthy',
          status: ready > 0,
          reason: ready > 0 ? 'Ready' : 'NoTargets',
          message: `${ready} of ${targets.length} targets`,
        },
      ],
      targets,
    };
  });
}

function programmed(listeners: number, failed: Observed | undefined): ServiceReport['conditions'][number] {
  if (failed !== undefined) {
    const [reason = 'E_APPLY', ...message] = (failed.facts.reason ?? '').split(' ');
    return { type: 'Programmed', status: false, reason, message: message.join(' ') };
  }
  const served = listeners > 0;
  return { type: 'Programmed', status: served, reason: served ? 'Programmed' : 'NoListener', message: '' };
}

function addressesOf(listeners: readonly Observed[]): ServiceReport['addresses'] {
  const ports = new Map<string, number[]>();
  for (const { facts, attrs } of listeners) {
    if (facts.state !== 'listening' || typeof attrs.port !== 'number') continue;
    for (const ip of facts.addresses ?? []) ports.set(ip, [...(ports.get(ip) ?? []), attrs.port]);
  }
  return [...ports].map(([ip, numbers]) => ({ ip, ports: numbers.sort((a, b) => a - b) }));
}

function targetsOf(relay: Relay, backend: string): ServiceReport['targets'] {
  return [...(relay.backends.get(backend)?.targets.values() ?? [])].map(({ key, weight, health, reason }) => ({
    key,
    health: weight === 0 ? 'draining' : health,
    ...(reason === '' ? {} : { reason }),
  }));
}
