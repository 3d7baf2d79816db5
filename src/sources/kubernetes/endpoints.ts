import type { LocatedObject } from '../../model/index.ts';
import { type Cidr, parseName, parsePort } from '../../net/index.ts';
import {
  type Endpoint,
  type EndpointGroup,
  type EndpointsView,
  groupOf,
  readInformal,
  readTargetAddress,
} from './endpoint-group.ts';
import { readTransport } from './endpoint-slice.ts';
import { fewOf } from './few.ts';
import type { Field } from './field.ts';
import { nameOnly, openObject, type Reading } from './metadata.ts';

/** Reads a core/v1 Endpoints object: the form before EndpointSlices, of the same name as its Service and used only where no slice exists. */
export function parseEndpoints(located: LocatedObject, allowed: readonly Cidr[]): Reading<EndpointsView> {
  const { root, meta, notes } = openObject(located, 'Endpoints');
  const { place, problems } = notes;
  if (meta === undefined) return { problems };
  const groups = root
    .at('subsets')
    .items()
    .flatMap((subset) => (subset.isObject() ? [readSubset(subset, allowed)] : []));
  const { located: at } = place;
  return {
    view: { kind: 'Endpoints', located: at, meta: nameOnly(meta), service: meta.name, groups: fewOf(groups) },
    problems,
  };
}

function readSubset(subset: Field, allowed: readonly Cidr[]): EndpointGroup {
  const ports = subset
    .at('ports')
    .items()
    .flatMap((item) => {
      if (!item.isObject()) return [];
      const name = !item.at('name').present || item.at('name').value === '' ? '' : item.at('name').parse(parseName);
      const transport = readTransport(item.at('protocol'));
      const port = item.at('port').present
        ? item.at('port').parse(parsePort)
        : item.at('port').refuse('E_PORTLESS', 'is missing; give the port a number');
      return name === undefined || port === undefined || transport === undefined ? [] : [{ name, port, transport }];
    });
  const read = (list: string, state: Endpoint['state']): readonly Endpoint[] =>
    subset
      .at(list)
      .items()
      .flatMap((item) => {
        const address = item.isObject() ? readTargetAddress(item.at('ip'), allowed) : undefined;
        if (address === undefined) return [];
        const node = readInformal(item.at('nodeName'));
        const pod =
          item.at('targetRef').at('kind').value === 'Pod' ? readInformal(item.at('targetRef').at('name')) : undefined;
        return [{ address, state, node, zone: undefined, pod }];
      });
  return groupOf(ports, [...read('addresses', 'ready'), ...read('notReadyAddresses', 'down')]);
}
