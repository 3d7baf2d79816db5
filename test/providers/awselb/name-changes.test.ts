import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextName } from '../../../providers/awselb/names.ts';
import type { ExportedService, Json, Observed } from '../../../src/model/index.ts';
import { backend, service, tcp } from '../../front/make-service.ts';
import { converge } from './converge.ts';
import { desire, environment, find, planned, told, type Wish } from './desire.ts';

const searched: Wish = { environment: { ...environment, Searched: true } };
const nlb = (settings: Json = {}, more: Partial<ExportedService> = {}) =>
  service('shop/web', [tcp(80)], {
    backends: { web: backend({ protocol: 'tcp' }) },
    settings: { awselb: settings },
    ...more,
  });
const made = (one: ExportedService): readonly Observed[] => converge([one]).cloud.observe();
const withTag = (present: readonly Observed[], key: string): readonly Observed[] =>
  present.map((one) =>
    one.kind === 'LoadBalancer'
      ? {
          ...one,
          sets: { ...one.sets, Tags: new Map([...(one.sets.Tags ?? []), [key, { attrs: { Value: 'true' } }]]) },
        }
      : one,
  );

describe('the DNS name that clients know', () => {
  it('is told to be lost where somebody removed the load balancer, by what was left of it', () => {
    const present = made(nlb()).filter(({ kind }) => kind === 'TargetGroup');
    assert.equal(present.length, 1);
    const desired = desire([nlb()], { present });
    const [group] = present;
    assert.deepEqual(told(desired), [`W_NAME_CHANGES shop/web TargetGroup ${String(group?.attrs.Name)}`]);
    assert.match(desired.problems[0]?.message ?? '', /made anew, and if it had a DNS name, that is another one then/);
    const creates = planned(desired.resources, present).steps.filter(({ op }) => op === 'create');
    assert.ok(
      creates.some(({ kind }) => kind === 'LoadBalancer') && !creates.some(({ kind }) => kind === 'TargetGroup'),
    );
  });

  it('is told to be lost where the status knows it, and nothing exists; offline nobody knows', () => {
    const held = ['10.0.0.9', 'k8s-shop-web-0123456789.elb.eu-west-1.amazonaws.com'];
    const known = nlb({}, { address: { families: ['ipv4'], held } });
    assert.deepEqual(told(desire([known], searched)), [`W_NAME_CHANGES shop/web status.loadBalancer ${held[1]}`]);
    assert.deepEqual(told(desire([known])), []);
    assert.deepEqual(told(desire([known], { ...searched, present: made(known) })), []);
    const other = nlb({}, { address: { families: ['ipv4'], held: ['lb.example.com'] } });
    assert.deepEqual(told(desire([other], searched)), []);
  });

  it('stays where the name of the load balancer is changed: that it has no effect is told, and the remedy', () => {
    const present = made(nlb({ name: 'first' }));
    assert.deepEqual(told(desire([nlb({ name: 'first' })], { present })), []);
    const desired = desire([nlb({ name: 'second' })], { present });
    assert.deepEqual(told(desired), ['W_FEATURE shop/web settings.awselb.name second']);
    assert.match(
      desired.problems[0]?.message ?? '',
      /is called first, .* goes on under that name\. Take the setting back/,
    );
    assert.deepEqual(planned(desired.resources, present).steps, []);
  });

  it('of a replacement that could not have the chosen name is no surprise', () => {
    const { cloud, last } = converge([nlb({ name: 'first', scheme: 'internet-facing' })], searched, {
      cloud: converge([nlb({ name: 'first' })], searched).cloud,
    });
    assert.equal(
      find(last.resources, 'LoadBalancer').attrs.Name,
      nextName('first', (name) => name === 'first'),
    );
    const again = nlb({ name: 'first', scheme: 'internet-facing' });
    assert.deepEqual(told(desire([again], { ...searched, present: cloud.observe() })), []);
  });

  it('of what was adopted is given up by consent alone, also when nobody names it any more', () => {
    const present = withTag(made(nlb()), 'elbv2.k8s.aws/adopted');
    const refused = desire([nlb({ scheme: 'internet-facing' })], { present });
    assert.deepEqual(told(refused), ['E_CONSENT shop/web settings.awselb.scheme internet-facing']);
    assert.deepEqual(planned(refused.resources, present).steps, []);
    const type = desire([nlb({ type: 'application' })], { present });
    assert.ok(type.problems.every(({ severity }) => severity === 'error'));
    assert.deepEqual(planned(type.resources, present).steps, []);
    const consent = { allow: { replaceAdopted: true } };
    for (const agreed of [
      desire([nlb({ scheme: 'internet-facing', replaceAdopted: true })], { present }),
      desire([nlb({ scheme: 'internet-facing' })], { present, options: consent }),
    ])
      assert.deepEqual(told(agreed), ['W_NAME_CHANGES shop/web settings.awselb.scheme internet-facing']);
  });
});
