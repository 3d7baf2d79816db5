import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ingressFamilies, ingressTable, serviceFamilies, serviceTable } from '../../../src/compat/aws-lbc/index.ts';
import {
  alb,
  assertAccepted,
  backing,
  errorsOf,
  ingress,
  ingressClass,
  network,
  nlb,
  oidcSecret,
  path,
  read,
} from './world.ts';

const key = (table: object, families: object): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(...Object.keys(table)),
    fc
      .tuple(fc.constantFrom(...Object.keys(families)), fc.constantFrom('web', 'TCP-80', 'HTTPS-443', '__proto__', ''))
      .map(([a, b]) => a + b),
    fc.string({ maxLength: 20 }),
  );

const json = fc.oneof(
  fc.json(),
  fc
    .array(
      fc.record(
        { field: fc.constantFrom('host-header', 'source-ip', 'x'), values: fc.array(fc.string()), HTTP: fc.integer() },
        { requiredKeys: [] },
      ),
    )
    .map((value) => JSON.stringify(value)),
  fc
    .record(
      {
        type: fc.constantFrom('forward', 'redirect', 'fixed-response', 'oidc'),
        redirectConfig: fc.record({ host: fc.string(), statusCode: fc.constantFrom('HTTP_301', 'x') }),
        forwardConfig: fc.record({
          targetGroups: fc.array(
            fc.record({
              serviceName: fc.constantFrom('web', 'nope'),
              servicePort: fc.constantFrom(80, 'http'),
              weight: fc.integer({ min: -1, max: 1000 }),
            }),
          ),
        }),
      },
      { requiredKeys: ['type'] },
    )
    .map((value) => JSON.stringify(value)),
);
const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.string({ unit: 'binary' }),
  json,
  fc.constantFrom('true', 'ip', '443', 'a=b', 'a,b', '*', 'internal', 'subnet-1,subnet-2'),
  fc.dictionary(fc.string(), fc.string()).map((map) =>
    Object.entries(map)
      .map(([k, v]) => `${k}=${v}`)
      .join(','),
  ),
  fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string())),
);

/** Every error names object, annotation, place and service; nothing unsafe reaches a message or the settings. */
function check(result: ReturnType<typeof read>, id: string): void {
  const errors = errorsOf(result);
  const service = result.services.find((one) => one.id === id);
  for (const { message, file, line, service: of } of result.problems) {
    assert.doesNotMatch(message, /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]/);
    assert.ok(message.isWellFormed() && message.length < 2000, message);
    assert.deepEqual([file, line], ['a.yaml', 1]);
    assert.equal(of, id, message);
  }
  if (service === undefined) assert.ok(errors.length > 0, 'it vanished in silence');
  else {
    assertAccepted(service);
    assert.doesNotMatch(JSON.stringify(service), /[\u0000-\u001f\u202e]/);
  }
}

describe('annotations of any kind', () => {
  it('never throw on an Ingress and its Service, and are told', () => {
    const bag = fc.array(fc.tuple(key(ingressTable, ingressFamilies), value), { maxLength: 5 });
    fc.assert(
      fc.property(bag, bag, (mine, theirs) => {
        const paths = [path('/a', 'web', 'use-annotation'), path('/', 'web')];
        const annotations = Object.fromEntries(mine.map(([k, v]) => [alb + k, v]));
        check(
          read(ingressClass, oidcSecret, ...backing('web', Object.fromEntries(theirs)), ingress(annotations, paths)),
          'ingress/shop/front',
        );
      }),
      { numRuns: 600 },
    );
  });

  it('never throw on a Service, and are told', () => {
    const bag = fc.array(fc.tuple(key(serviceTable, serviceFamilies), value), { maxLength: 5 });
    fc.assert(
      fc.property(bag, (mine) => {
        check(read(network(Object.fromEntries(mine.map(([k, v]) => [nlb + k, v])))), 'prod/game');
      }),
      { numRuns: 600 },
    );
  });

  it('specs of IngressClassParams and TargetGroupBindings of any shape never throw', () => {
    const parameters = { apiGroup: 'elbv2.k8s.aws', kind: 'IngressClassParams', name: 'edge' };
    const ofClass = { ...ingressClass, spec: { ...ingressClass.spec, parameters } };
    const group = { apiVersion: 'elbv2.k8s.aws/v1beta1' };
    const fields = fc.constantFrom(
      'scheme',
      'group',
      'subnets',
      'tags',
      'listeners',
      'namespaceSelector',
      'serviceRef',
      'targetGroupARN',
      'inboundCIDRs',
    );
    fc.assert(
      fc.property(fc.dictionary(fields, fc.jsonValue()), (spec) => {
        const result = read(
          ofClass,
          { ...group, kind: 'IngressClassParams', metadata: { name: 'edge' }, spec },
          { ...group, kind: 'TargetGroupBinding', metadata: { name: 'b', namespace: 'shop' }, spec },
          ...backing('web'),
          ingress(),
        );
        for (const service of result.services) assertAccepted(service);
        const known = result.services.some(({ id }) => id === 'ingress/shop/front');
        assert.equal(known, !errorsOf(result).some(({ service }) => service === 'ingress/shop/front'));
      }),
      { numRuns: 400 },
    );
  });
});
