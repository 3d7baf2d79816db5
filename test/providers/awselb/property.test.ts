import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node } from '../../../src/model/index.ts';
import { converge, summary } from './converge.ts';
import { environment } from './desire.ts';
import { RandomWorld } from './random-world.ts';

/** Pairs of worlds, each changed into the other, with a crash somewhere on the way. WEIR_PAIRS makes more of them. */
const pairs = Number(process.env.WEIR_PAIRS ?? 60);

const nodes: readonly Node[] = [1, 2, 3].map((n) => ({
  name: `n${n}`,
  addresses: [],
  labels: {},
  ready: true,
  instanceId: `i-${n}`,
}));
const Certificates = ['a', 'b', 'c'].map((name) => ({
  CertificateArn: `arn:aws:acm:eu-west-1:1:certificate/${name}`,
  DomainName: `${name}.test`,
}));
const NetworkInterfaces = [1, 2, 3, 4].map((n) => ({
  PrivateIpAddresses: [`10.0.0.${n}`],
  SecurityGroups: ['sg-pods'],
}));
const wish = { nodes, environment: { ...environment, Certificates, NetworkInterfaces } };

describe('random worlds', () => {
  it(`change into one another without going dark where nothing says so, after crashes too (${pairs} pairs)`, () => {
    let steps = 0;
    let replaced = 0;
    for (let seed = 1; seed <= pairs; seed++) {
      const world = new RandomWorld(seed);
      const [before, after] = [world.services(), world.services()];
      try {
        const start = () => {
          const { cloud } = converge(before, wish);
          cloud.tick();
          return cloud;
        };
        const whole = converge(after, wish, { cloud: start() });
        const crashed = converge(after, wish, { cloud: start(), crashAfter: world.crash() });
        assert.deepEqual(summary(crashed.cloud.observe()), summary(whole.cloud.observe()));
        const all = whole.plans.flatMap((plan) => plan.steps);
        steps += all.length;
        if (all.some(({ kind, op }) => (kind === 'TargetGroup' || kind === 'LoadBalancer') && op === 'delete'))
          replaced++;
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    assert.ok(steps / pairs >= 12, `${steps / pairs} steps`);
    assert.ok(replaced / pairs >= 0.25, `${replaced} of ${pairs} replace something`);
  });
});
