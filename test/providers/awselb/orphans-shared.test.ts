/** What all load balancers of a cluster stand on, while some of them are nobody's here. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { growOnly } from '../../../providers/awselb/beside-others.ts';
import { presentOf } from '../../../providers/awselb/present.ts';
import type { Member, Observed, Resource } from '../../../src/model/index.ts';
import { service, target, tcp } from '../../front/make-service.ts';
import { converge } from './converge.ts';
import { desire, environment } from './desire.ts';
import { behind } from './made-nlb.ts';

const eni = (address: string) => ({ PrivateIpAddresses: [address], SecurityGroups: ['sg-pods'] });
const known = { ...environment, NetworkInterfaces: [eni('10.0.0.1'), eni('10.0.0.2')] };
const at = (name: string, address: string, port: number) =>
  service(`shop/${name}`, [tcp(80)], { backends: { web: behind({ targets: [target(address, port)] }) } });
const [web, db] = [at('web', '10.0.0.1', 8080), at('db', '10.0.0.2', 5432)];

/** As they are seen by who was asked for `web` alone: of the others' things only that they are there. */
function partlyKnown(options: object = {}): readonly Observed[] {
  const { cloud } = converge([web, db], { environment: known, options });
  return cloud.observe().flatMap((object): readonly Observed[] => {
    if (!object.unit.endsWith('/shop/db')) return [object];
    const { kind, handle, attrs, sets } = object;
    const tags = kind === 'LoadBalancer' ? { Tags: sets.Tags ?? new Map<string, Member>() } : {};
    const place = { unit: `edge/foreign/${handle}`, id: handle, serves: [], refs: {}, owned: false };
    return kind === 'Listener' ? [] : [{ ...object, ...place, attrs: { Name: attrs.Name ?? null }, sets: tags }];
  });
}
const ruleIn = (resources: readonly Resource[]) =>
  resources
    .filter(({ kind, attrs }) => kind === 'SecurityGroupRule' && attrs.Cidr === undefined)
    .map(({ attrs }) => [attrs.FromPort, attrs.ToPort]);

describe('rules that let load balancers in', () => {
  it('are not narrowed while others of the cluster may need them, and are once those are gone', () => {
    const present = partlyKnown();
    assert.deepEqual(ruleIn(present), [[5432, 8080]]);
    assert.deepEqual(ruleIn(desire([web], { environment: known, present }).resources), [[5432, 8080]]);
    const ours = present.filter(({ owned }) => owned);
    assert.deepEqual(ruleIn(desire([web], { environment: known, present: ours }).resources), [[8080, 8080]]);
  });

  it('stay with their group where nothing of ours uses them any more', () => {
    const bare = { ...web, settings: { awselb: { disableSecurityGroup: true } } };
    const kept = desire([bare], { environment: known, present: partlyKnown() }).resources;
    assert.deepEqual(ruleIn(kept), [[5432, 8080]]);
    assert.ok(kept.some(({ kind, id }) => kind === 'SecurityGroup' && id === 'backend'));
    const options = { backendSecurityGroup: 'sg-given' };
    const present = partlyKnown(options);
    assert.deepEqual(ruleIn(desire([bare], { environment: known, options, present }).resources), [[5432, 8080]]);
  });
});

describe('what is shared within a group', () => {
  const set = (...keys: readonly string[]) => new Map(keys.map((key): [string, Member] => [key, { attrs: {} }]));
  const listener = (certificates: ReadonlyMap<string, Member>, more: Partial<Observed> = {}): Observed => ({
    kind: 'Listener',
    id: 'ingress/edge|443',
    unit: 'edge/ingress/edge',
    handle: 'arn:listener',
    owned: true,
    serves: ['ingress/shop/one'],
    attrs: { Port: 443, DefaultActions: [] },
    refs: { LoadBalancerArn: 'arn:lb' },
    sets: { Certificates: certificates },
    facts: {},
    ...more,
  });
  const certificate = (IsDefault: boolean): Member => ({ attrs: { IsDefault } });

  it('keeps certificates: another default one stands before the one of before', () => {
    const now = listener(new Map([['theirs', certificate(true)]]));
    const wanted = listener(new Map([['ours', certificate(true)]]));
    const [grown] = growOnly([wanted], presentOf([now]));
    assert.deepEqual(
      [...(grown?.sets.Certificates ?? [])].map(([arn, { attrs }]) => [arn, attrs.IsDefault]),
      [
        ['theirs', false],
        ['ours', true],
      ],
    );
  });

  it('keeps the answer where no rule holds, if it is that of the others', () => {
    const theirs = { serves: ['other:b/two-two'], sets: { TargetGroups: set('arn:two') } };
    const wanted = listener(new Map(), { attrs: { Port: 443, DefaultActions: [{ Type: 'fixed-response' }] } });
    const [grown] = growOnly([wanted], presentOf([listener(new Map(), theirs)]));
    assert.deepEqual([grown?.attrs.DefaultActions, [...(grown?.sets.TargetGroups?.keys() ?? [])]], [[], ['arn:two']]);
    const [free] = growOnly([wanted], presentOf([listener(new Map())]));
    assert.deepEqual(free?.attrs.DefaultActions, [{ Type: 'fixed-response' }]);
  });
});
