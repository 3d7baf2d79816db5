import type { LocatedObject } from '../../model/index.ts';
import { accept, addressFamily, type Cidr, type Family, parseName, parsePort, refuse } from '../../net/index.ts';
import {
  type Endpoint,
  type EndpointPort,
  type EndpointsView,
  groupOf,
  readInformal,
  readTargetAddress,
} from './endpoint-group.ts';
import type { Field } from './field.ts';
import { nameOnly, openObject, parseObjectName, type Reading } from './metadata.ts';
import { problemAt } from './place.ts';

const serviceLabel = 'kubernetes.io/service-name';

/** Reads a discovery.k8s.io EndpointSlice, v1 or v1beta1. A bad endpoint or port is left out and told; the others go on. */
export function parseEndpointSlice(located: LocatedObject, allowed: readonly Cidr[]): Reading<EndpointsView> {
  const { root, meta, notes } = openObject(located, 'EndpointSlice');
  const { place, problems } = notes;
  if (meta === undefined) return { problems };
  const label = root.at('metadata').at('labels').at(serviceLabel);
  if (!label.present) {
    const reason = `is missing: the slice belongs to no Service and is not used`;
    problems.push(problemAt(place, { code: 'W_OBJECT_IGNORED', path: label.path, reason }));
    return { problems };
  }
  const service = label.parse(parseObjectName);
  if (service === undefined) return { problems };
  const family = readFamily(root.at('addressType'));
  const ports = readPorts(root.at('ports'));
  const beta = root.at('apiVersion').value === 'discovery.k8s.io/v1beta1';
  const endpoints =
    family === undefined
      ? []
      : root
          .at('endpoints')
          .items()
          .flatMap((item) => readEndpoint(item, family, allowed, beta));
  const { located: at } = place;
  return {
    view: { kind: 'EndpointSlice', located: at, meta: nameOnly(meta), service, groups: groupOf(ports, endpoints) },
    problems,
  };
}

function readFamily(field: Field): Family | undefined {
  if (field.value === 'FQDN')
    return field.refuse('E_ADDRESS', 'must be IPv4 or IPv6; host names as endpoints are not resolved');
  if (!field.present) return field.refuse('E_FIELD_MISSING', 'is missing; write IPv4 or IPv6');
  const type = field.oneOf(['IPv4', 'IPv6']);
  return type === undefined ? undefined : type === 'IPv4' ? 'ipv4' : 'ipv6';
}

/** The API lets a port be without a number, and such a slice has stopped whole controllers. Here it stops itself. */
function readPorts(list: Field): readonly EndpointPort[] {
  return list.items().flatMap((item) => {
    if (!item.isObject()) return [];
    const field = item.at('name');
    const name = !field.present || field.value === '' ? '' : field.parse(parseName);
    const transport = readTransport(item.at('protocol'));
    if (!item.at('port').present) {
      item.at('port').refuse('E_PORTLESS', 'is missing; give the port a number');
      return [];
    }
    const port = item.at('port').parse(parsePort);
    return name === undefined || port === undefined || transport === undefined ? [] : [{ name, port, transport }];
  });
}

export function readTransport(field: Field): EndpointPort['transport'] | undefined {
  switch (field.present ? field.oneOf(['TCP', 'UDP', 'SCTP']) : 'TCP') {
    case 'TCP':
      return 'tcp';
    case 'UDP':
      return 'udp';
    case 'SCTP':
      return 'sctp';
    default:
      return undefined;
  }
}

/** All addresses of an endpoint are read, as Ingress controllers do; the API's own controller writes exactly one. */
function readEndpoint(item: Field, family: Family, allowed: readonly Cidr[], beta: boolean): readonly Endpoint[] {
  if (!item.isObject()) return [];
  if (!item.at('addresses').present) {
    item.at('addresses').refuse('E_FIELD_MISSING', 'is missing; the endpoint is left out');
    return [];
  }
  const addresses = item
    .at('addresses')
    .items()
    .flatMap((field) => {
      const address = readTargetAddress(field, allowed);
      if (address === undefined || addressFamily(address) === family) return address ?? [];
      return (
        field.refuse(
          'E_ADDRESS',
          `must be an ${family === 'ipv4' ? 'IPv4' : 'IPv6'} address, as addressType says; this address is left out`,
        ) ?? []
      );
    });
  const state = readState(item.at('conditions'));
  if (addresses.length === 0 || state === undefined) return [];
  const topology = item.at('topology');
  const node = readInformal(
    item.at('nodeName').present || !beta ? item.at('nodeName') : topology.at('kubernetes.io/hostname'),
  );
  const zone = readZone(
    item.at('zone').present || !beta ? item.at('zone') : topology.at('topology.kubernetes.io/zone'),
  );
  const reference = item.at('targetRef');
  const pod = reference.at('kind').value === 'Pod' ? readInformal(reference.at('name')) : undefined;
  return addresses.map((address) => ({ address, state, node, zone, pod }));
}

/** Readiness absent means ready; serving absent means as ready; terminating absent means not terminating. */
function readState(conditions: Field): Endpoint['state'] | undefined {
  const before = conditions.notes.problems.length;
  if (conditions.present && !conditions.isObject()) return undefined;
  const ready = conditions.at('ready').boolean() ?? true;
  const serving = conditions.at('serving').boolean() ?? ready;
  const terminating = conditions.at('terminating').boolean() ?? false;
  if (conditions.notes.problems.length > before) return undefined;
  if (ready) return 'ready';
  return serving && terminating ? 'terminating' : 'down';
}

const zoneName = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

export function readZone(field: Field): string | undefined {
  if (field.value === '') return undefined;
  return field.parse((value) =>
    typeof value === 'string' && zoneName.test(value)
      ? accept(value)
      : refuse('E_NAME', 'must be the name of a zone and is left out'),
  );
}
