import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExportedService, Route } from '../../../src/model/index.ts';
import { backend, http, prefix, route, service, target, tcp } from '../../front/make-service.ts';
import { Stage } from './apply-stage.ts';

const types = ['ip', 'instance'] as const;
type TargetType = (typeof types)[number];

/** The Service behind is of another type: other targets, at other ports, in a group that cannot be the same. */
function backendOf(stage: Stage, type: TargetType, protocol: 'http' | 'tcp') {
  const { nodeAddresses, instances } = stage.place;
  const targets =
    type === 'ip'
      ? nodeAddresses.map((address) => target(address, 8080))
      : instances.map((instance) => target(instance, 30080));
  return { web: backend({ protocol, targetKind: type, nodePort: 30080, targets }) };
}

function alb(stage: Stage, type: TargetType, referrers: number): ExportedService {
  const routes: readonly Route[] = [route([], prefix('/')), route(['a.test'], prefix('/'))].slice(-referrers);
  return service('ingress/shop/web', [http(routes)], { backends: backendOf(stage, type, 'http') });
}

function nlb(stage: Stage, type: TargetType, referrers: number): ExportedService {
  const fronts = [tcp(80), tcp(81)].slice(0, referrers);
  return service('shop/web', fronts, { backends: backendOf(stage, type, 'tcp') });
}

describe('targets of another type', () => {
  for (const [name, make] of [
    ['ALB', alb],
    ['NLB', nlb],
  ] as const) {
    for (const from of types) {
      for (const referrers of [1, 2]) {
        const to = from === 'ip' ? 'instance' : 'ip';
        it(`${name}, ${referrers} referrers: ${from} becomes ${to} in one apply`, async (t) => {
          const stage = new Stage();
          t.after(() => stage.close());
          await stage.converge([make(stage, from, referrers)]);
          const before = [...stage.aws.world.elb.targetGroups.all()];
          assert.ok(before.length > 0 && before.every(({ TargetType }) => TargetType === from));
          await stage.converge([make(stage, to, referrers)]);
          assert.equal(stage.rounds, 1);
          const after = [...stage.aws.world.elb.targetGroups.all()];
          assert.equal(after.length, before.length);
          assert.ok(after.every(({ TargetType }) => TargetType === to));
        });
      }
    }
  }
});
