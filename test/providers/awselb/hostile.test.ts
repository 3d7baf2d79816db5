import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { serviceOptions } from '../../../providers/awselb/service-options.ts';
import type { Json } from '../../../src/model/index.ts';
import { backend, http, prefix, route, service, target, tcp } from '../../front/make-service.ts';
import { desire, environment } from './desire.ts';

const word = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    'none',
    'internal',
    'subnet-priva',
    'sg-1',
    'true',
    '80',
    '\u0000',
    '"; drop',
    '../..',
    '<a>',
    'ä'.repeat(60),
  ),
);
const list = fc.array(word, { maxLength: 4 });
const map = fc.dictionary(word, word, { maxKeys: 4 });
/** Values that the schema may let through: the model has to cope with all of them. */
const settings = fc.record(
  {
    scheme: fc.constantFrom('internal', 'internet-facing'),
    name: word,
    subnets: list,
    eipAllocations: fc.array(fc.constantFrom('eipalloc-1', 'eipalloc-2'), { maxLength: 4 }),
    privateIpv4Addresses: fc.array(fc.ipV4(), { maxLength: 4 }),
    ipAddressType: fc.constantFrom('ipv4', 'dualstack', 'dualstack-without-public-ipv4'),
    attributes: map,
    tags: map,
    securityGroups: list,
    wafv2Acl: word,
    group: word,
    adopt: word,
    targetGroup: fc.record({ attributes: map, nodeLabels: map, proxyProtocol: fc.boolean() }, { requiredKeys: [] }),
    ruleOrder: fc.constantFrom('declared', 'specific'),
  },
  { requiredKeys: [] },
);
const host = fc.constantFrom('', 'a.test', '*.a.test', 'b.test');
const path = fc.constantFrom('/', '/a', '/a*', '/ä', '/a/b/', `/${'x'.repeat(200)}`);

/** As far as the schema takes it: what it refuses never reaches the model. */
function allowed(given: Readonly<Record<string, unknown>>): Json {
  const kept = Object.entries(given).filter(([key, value]) => serviceOptions.safeParse({ [key]: value }).success);
  return JSON.parse(JSON.stringify(Object.fromEntries(kept)));
}

describe('hostile settings', () => {
  it('never make the model throw; problems name service, field and what to do; names and tags are what AWS takes', () => {
    fc.assert(
      fc.property(settings, settings, host, path, fc.boolean(), (one, two, name, value, layer7) => {
        const targets = [target('10.0.0.1', 8080)];
        const make = (id: string, own: Readonly<Record<string, unknown>>) =>
          layer7
            ? service(id, [http([route(name === '' ? [] : [name], prefix(value))])], {
                settings: { awselb: allowed(own) },
                bundle: { key: 'edge', order: 0 },
                backends: { web: backend({ targets }) },
              })
            : service(id, [tcp(80)], {
                settings: { awselb: allowed(own) },
                backends: { web: backend({ targets, protocol: 'tcp' }) },
              });
        const { resources, problems } = desire([make('shop/a', one), make('shop/b', two)], { environment });
        for (const { service: id, message, field } of problems)
          assert.ok(id !== undefined && field !== '' && message.length > 20, message);
        for (const { attrs, sets } of resources) {
          if (typeof attrs.Name === 'string')
            assert.match(attrs.Name, /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/);
          for (const [key, { attrs: tag }] of sets.Tags ?? []) {
            assert.match(key, /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u);
            assert.match(String(tag.Value), /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u);
          }
        }
      }),
      { numRuns: 400 },
    );
  });
});
