import type { Action, Backend, Json } from '../../model/index.ts';
import type { PeerContext, PeerPort, PeerService } from '../reader.ts';
import { identityOf, targetsOf } from './group-target.ts';
import { type Check, healthOf } from './health.ts';
import type { Listening } from './network-ports.ts';
import type { ServiceReading } from './reading.ts';
import type { Settings } from './settings.ts';

interface Parts {
  readonly reading: ServiceReading;
  readonly settings: Settings;
  readonly context: PeerContext;
  readonly backends: Map<string, Backend>;
  readonly check: Check;
}

/** Where a listener sends connections: the target group of its port, beside others by weight where `actions.PROTO-PORT` says so. */
export function forwardOf(listening: Listening, kind: 'ip' | 'instance', parts: Parts): Action | undefined {
  const { reading, settings, context, backends, check } = parts;
  const { port } = listening;
  const listener = `${listening.protocol.toUpperCase()}-${port.port}`;
  const asked = reading.named('actions.', listener);
  const own = { backend: port.key, weight: asked?.forwardConfig.baseServiceWeight ?? 1 };
  if (asked === undefined) return { type: 'forward', to: [own] };
  const key = `actions.${listener}`;
  const path = ['metadata', 'annotations', reading.name(key)];
  const to = [own];
  const all: Json[] = [own];
  for (const group of asked.forwardConfig.targetGroups) {
    const weight = group.weight ?? 0;
    const foreign = group.targetGroupARN ?? group.targetGroupName;
    if (foreign !== undefined) {
      all.push({ targetGroup: foreign, weight });
      continue;
    }
    const service = context.service(group.serviceName ?? '');
    const other = service === undefined ? undefined : portOf(service, group.servicePort, port.transport);
    if (service === undefined || other === undefined) {
      reading.refuse(key, `names Service ${group.serviceName}:${group.servicePort}, which does not exist`);
      return undefined;
    }
    const backend = targetsOf(service, other, kind, path, context);
    if (backend === undefined) return undefined;
    const name = `${service.meta.name}:${other.port}`;
    backends.set(name, { ...backend, protocol: other.transport, health: healthOf(check) });
    settings.set(['backends', name, 'identity'], identityOf(service, other, String(group.servicePort)));
    to.push({ backend: name, weight });
    all.push({ backend: name, weight });
  }
  settings.set(['listeners', listener, 'forward'], all, reading.name(key));
  return { type: 'forward', to };
}

function portOf(
  service: PeerService,
  written: string | number | undefined,
  transport: PeerPort['transport'],
): PeerPort | undefined {
  return service.ports.find(
    (port) => port.transport === transport && (port.port === written || (written !== '' && port.name === written)),
  );
}
