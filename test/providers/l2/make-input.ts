import { provider } from '../../../providers/l2/index.ts';
import { type Options, options } from '../../../providers/l2/options.ts';
import type { ExportedService, FrontGroup, ModelInput, Protocol } from '../../../src/model/index.ts';

export const parse = (given: object = {}): Options => options.parse(given);

export function service(id: string, parts: Partial<ExportedService> = {}): ExportedService {
  const [namespace = '', name = ''] = id.split('/');
  return {
    ...{ id, groups: [], fronts: [], backends: {}, settings: {}, settingsOrigin: {} },
    origin: { source: 'test', kind: 'Service', namespace, name, labels: {} },
    ...parts,
  };
}

/** The services of one address, with these ports. */
export function group(
  address: string,
  services: readonly ExportedService[],
  ports: Readonly<Record<number, Protocol>> = { 80: 'http' },
): FrontGroup {
  const listeners = Object.entries(ports).map(([port, protocol]) => ({
    ...{ key: `${port}/tcp`, port: Number(port), protocol, fronts: [], certs: [], hosts: [] },
  }));
  return { key: address, services, addresses: [address], listeners };
}

export function input(parts: Partial<ModelInput> = {}): ModelInput {
  return {
    ...{ balancer: 'vip', node: 'a', groups: [], nodes: [], environment: {}, settings: new Map(), present: [] },
    pools: [{ name: 'lan', ranges: ['10.0.0.0/28'] }],
    ...parts,
  };
}

export const three = {
  secretFile: '/etc/weir/secret',
  peers: ['a', 'b', 'c'].map((name, at) => ({ name, address: `10.1.0.${1 + at}` })),
};

/** Resources as `kind id` → attributes. */
export function modelled(given: ModelInput, chosen: Options = parse(three)) {
  const { resources, problems } = provider.model(given, chosen);
  return { problems, resources, of: new Map(resources.map(({ kind, id, attrs }) => [`${kind} ${id}`, attrs])) };
}
