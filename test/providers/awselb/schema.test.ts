import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { environment, environmentSchema } from '../../../providers/awselb/environment.ts';
import { kinds } from '../../../providers/awselb/kinds.ts';
import { options } from '../../../providers/awselb/options.ts';
import { serviceOptions } from '../../../providers/awselb/service-options.ts';
import { toJsonSchema } from '../../../src/config/index.ts';
import { checkKinds } from '../../../src/plan/check-kinds.ts';

describe('schemas of awselb', () => {
  it('are JSON Schema for editors', () => {
    for (const schema of [options, serviceOptions, environment])
      assert.ok(Object.keys(toJsonSchema(schema).properties ?? {}).length > 10);
  });

  it('describe kinds that the planner accepts', () => {
    checkKinds(kinds);
  });

  it('read tags as the API answers them and as a map', () => {
    const read = (Tags: unknown) => environmentSchema.parse({ Vpc: { VpcId: 'vpc-1', Tags } }).Vpc?.Tags;
    assert.deepEqual(read([{ Key: 'a', Value: 'b' }]), { a: 'b' });
    assert.deepEqual(read({ a: 'b' }), { a: 'b' });
    assert.deepEqual(read(undefined), {});
  });

  it('refuse what ELBv2 would refuse, naming the field', () => {
    const refused = (settings: unknown) =>
      serviceOptions.safeParse(settings).error?.issues.map(({ path }) => path.join('.'));
    assert.deepEqual(refused({ scheme: 'public' }), ['scheme']);
    assert.deepEqual(refused({ name: 'internal-web' }), ['name']);
    assert.deepEqual(refused({ name: `${'a'.repeat(33)}` }), ['name']);
    assert.deepEqual(refused({ tags: { 'aws:x': 'y' } }), ['tags.aws:x']);
    // A key that objects would lose.
    assert.deepEqual(refused({ tags: JSON.parse('{"__proto__":"x","constructor":"y"}') }), ['tags']);
    assert.deepEqual(refused({ subnetTags: JSON.parse('{"__proto__":["x"]}') }), ['subnetTags']);
    assert.deepEqual(refused({ tags: { constructor: 'y' } }), undefined);
    assert.deepEqual(refused({ ipAddressType: 'ipv6' }), ['ipAddressType']);
    assert.deepEqual(refused({ certificateArns: ['x'] }), ['certificateArns.0']);
    assert.deepEqual(refused({ listeners: { 'HTTPS-0': {} } }), ['listeners.HTTPS-0']);
    assert.deepEqual(refused({ listeners: { 'HTTPS-443': { mutualAuthentication: { mode: 'verify' } } } }), [
      'listeners.HTTPS-443.mutualAuthentication.trustStore',
    ]);
    assert.deepEqual(refused({ privateIpv4Addresses: ['10.0.0.256'] }), ['privateIpv4Addresses.0']);
    assert.deepEqual(refused({ rules: { a: { redirect: { statusCode: 'HTTP_308' } } } }), [
      'rules.a.redirect.statusCode',
    ]);
    assert.deepEqual(refused({ targetGroup: { healthCheck: { successCodes: 'ok' } } }), [
      'targetGroup.healthCheck.successCodes',
    ]);
    assert.deepEqual(refused({ attributes: { 'a.b': 'x\ny' } }), ['attributes.a.b']);
  });
});
