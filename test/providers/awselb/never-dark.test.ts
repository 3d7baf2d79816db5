import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Backend, ExportedService, Json, Route } from '../../../src/model/index.ts';
import { backend, http, https, prefix, route, service, target, tcp } from '../../front/make-service.ts';
import { change, converge, summary } from './converge.ts';
import { environment } from './desire.ts';

const web = (more: Partial<ExportedService> = {}, settings: Json = {}) =>
  service('shop/web', [tcp(80)], { backends: { web: tcpBackend() }, settings: { awselb: settings }, ...more });
const tcpBackend = (more: Partial<Backend> = {}): Backend =>
  backend({ protocol: 'tcp', targets: [target('10.0.0.1', 8080), target('10.0.1.1', 8080)], ...more });
const site = (routes: readonly Route[], more: Partial<ExportedService> = {}) =>
  service('ingress/shop/site', [http(routes)], more);
const ops = (plans: ReturnType<typeof converge>['plans'], kind: string) =>
  plans.flatMap(({ steps }) => steps.filter((step) => step.kind === kind).map(({ op }) => op));

describe('awselb under the planner', () => {
  it('comes to rest: a second look plans nothing', () => {
    const { cloud, plans } = converge([web(), site([route(['a.test'], prefix('/')), route(['b.test'], prefix('/x'))])]);
    assert.equal(plans.length, 1);
    assert.deepEqual(
      converge([web(), site([route(['a.test'], prefix('/')), route(['b.test'], prefix('/x'))])], {}, { cloud }).plans,
      [],
    );
  });

  it('registers before it deregisters', () => {
    const after = web({
      backends: { web: tcpBackend({ targets: [target('10.0.0.2', 8080), target('10.0.1.2', 8080)] }) },
    });
    const { plans } = change([web()], [after]);
    const targets = plans.flatMap(({ steps }) => steps.filter(({ set }) => set === 'Targets').map(({ op }) => op));
    assert.deepEqual(targets, ['add', 'remove']);
    assert.ok(plans[0]?.steps.some(({ op }) => op === 'wait'));
  });

  it('makes a load balancer of another scheme beside the old one, with target groups of its own', () => {
    const { plans, cloud } = change([web({}, { scheme: 'internal' })], [web({}, { scheme: 'internet-facing' })]);
    assert.deepEqual(ops(plans, 'LoadBalancer'), ['create', 'delete']);
    const made = plans.flatMap(({ steps }) => steps).find(({ kind, op }) => kind === 'LoadBalancer' && op === 'create');
    assert.equal(made?.why, 'Scheme cannot be changed in place');
    assert.deepEqual(
      ops(plans, 'TargetGroup').filter((op) => op === 'create' || op === 'delete'),
      ['create', 'delete'],
    );
    assert.equal(cloud.observe().filter(({ kind }) => kind === 'LoadBalancer').length, 1);
    assert.deepEqual(
      plans.flatMap(({ steps }) => steps.flatMap(({ gap = [] }) => gap)),
      [],
    );
  });

  it('goes back to the first scheme before the change is over', () => {
    const first = web({}, { scheme: 'internal' });
    const { cloud } = converge([first]);
    cloud.tick();
    for (let steps = 1; steps < 12; steps++) {
      const { cloud: again } = converge([web({}, { scheme: 'internet-facing' })], {}, { cloud, crashAfter: steps });
      converge([first], {}, { cloud: again });
    }
    assert.deepEqual(summary(cloud.observe()), summary(converge([first]).cloud.observe()));
  });

  it('fills the target group of another protocol before the rule of an ALB turns to it', () => {
    const plain = site([route(['a.test'], prefix('/'))]);
    const secure = site([route(['a.test'], prefix('/'))], { backends: { web: backend({ protocol: 'https' }) } });
    const { plans } = change([plain], [secure]);
    assert.deepEqual(
      plans.flatMap(({ steps }) => steps.flatMap(({ gap = [], risk = [] }) => [...gap, ...risk])),
      [],
    );
    assert.ok(plans.some(({ steps }) => steps.some(({ op, until }) => op === 'wait' && until?.what === 'ready')));
  });

  it('fills the target group of another type before the listener of an NLB turns to it, and says that its health is not known', () => {
    const node = { name: 'n1', addresses: ['10.0.0.9'], labels: {}, ready: true, instanceId: 'i-1' };
    const instance = web({ backends: { web: tcpBackend({ targetKind: 'instance', nodePort: 30080, targets: [] }) } });
    const before = converge([web()], { nodes: [node] });
    before.cloud.tick();
    const { plans } = converge([instance], { nodes: [node] }, { cloud: before.cloud });
    const steps = plans[0]?.steps ?? [];
    const filled = steps.findIndex(({ kind, op, set }) => kind === 'TargetGroup' && op === 'add' && set === 'Targets');
    const turned = steps.findIndex(
      ({ kind, op, refs }) => kind === 'Listener' && op === 'update' && refs?.TargetGroupArn !== undefined,
    );
    assert.ok(filled >= 0 && turned > filled, `${filled} ${turned}`);
    assert.deepEqual(steps[turned]?.risk, ['shop/web']);
  });

  it('gives a host another name at two ports without a gap', () => {
    const at = (host: string) => {
      const routes = [route([host], prefix('/'))];
      return site(routes, {
        fronts: [http(routes), https(routes, [])],
        settings: { awselb: { certificateArns: ['arn:aws:acm:eu-west-1:123456789012:certificate/1'] } },
      });
    };
    const { cloud } = converge([at('a.test')]);
    cloud.tick();
    const { plans } = converge([at('b.test')], {}, { cloud });
    const steps = plans.flatMap((plan) => plan.steps);
    assert.deepEqual(
      steps.flatMap(({ gap = [] }) => gap),
      [],
    );
    const first = steps.findIndex(({ op, kind }) => op === 'delete' && kind === 'Rule');
    const waits = steps.flatMap(({ op, kind }, i) =>
      op === 'wait' || (op === 'create' && kind === 'Rule') ? [i] : [],
    );
    assert.ok(waits.length >= 3 && Math.max(...waits) < first, `${waits} before ${first}`);
  });

  it('changes TCP to UDP at a port in one call', () => {
    const udp = web({ fronts: [{ ...tcp(80), protocol: 'udp' }], backends: { web: tcpBackend({ protocol: 'udp' }) } });
    const before = converge([web()]);
    before.cloud.tick();
    const { plans } = converge([udp], {}, { cloud: before.cloud });
    const turns = plans.flatMap(({ steps }) => steps.filter(({ kind, op }) => kind === 'Listener' && op !== 'set'));
    const changed = turns.filter(({ attrs, refs }) => attrs?.Protocol === 'UDP' && refs?.TargetGroupArn !== undefined);
    assert.equal(changed.length, 1, JSON.stringify(turns));
  });

  it('brings rules into another order in one call, new ones last', () => {
    const more = { settings: { awselb: { ruleOrder: 'declared' } } };
    const at = (path: string, order: number) => route(['a.test'], prefix(path), { order });
    const { plans } = change(
      [site([at('/a', 1), at('/b', 2)], more)],
      [site([at('/b', 1), at('/c', 2), at('/a', 3)], more)],
    );
    const rules = plans.flatMap(({ steps }) => steps.filter(({ kind }) => kind === 'Rule').map(({ op }) => op));
    assert.deepEqual(rules, ['create', 'order']);
  });

  it('changes the port range of nodes in place', () => {
    const eni = (address: string) => ({ PrivateIpAddresses: [address], SecurityGroups: ['sg-nodes'] });
    const wish = { environment: { ...environment, NetworkInterfaces: ['10.0.0.1', '10.0.1.1'].map(eni) } };
    const wider = web({
      backends: { web: tcpBackend({ targets: [target('10.0.0.1', 8080), target('10.0.1.1', 9090)] }) },
    });
    const { plans } = change([web()], [wider], wish);
    const rules = plans.flatMap(({ steps }) =>
      steps.filter(({ kind }) => kind === 'SecurityGroupRule').map(({ op }) => op),
    );
    assert.deepEqual(rules, ['update']);
  });

  it('takes everything away, the shared back-end group last', () => {
    const { cloud } = converge([web(), site([route(['a.test'], prefix('/'))])]);
    cloud.tick();
    const { plans } = converge([], {}, { cloud });
    assert.deepEqual(cloud.observe(), []);
    assert.equal(plans.at(-1)?.steps.at(-1)?.id, 'backend');
  });
});
