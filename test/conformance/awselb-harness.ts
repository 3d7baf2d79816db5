import assert from 'node:assert/strict';
import {
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { awselb } from '../../providers/awselb/index.ts';
import { loadBalancerName, stackOf } from '../../providers/awselb/names.ts';
import type { ExportedService, Target } from '../../src/model/index.ts';
import { FakeAws, type Timings } from '../fakes/aws/index.ts';
import { type Seeded, seed } from '../fakes/aws/seed.ts';
import { type PolicyWatch, readPolicy, watchPolicy } from '../providers/awselb/iam-policy.ts';
import type { Harness } from './harness.ts';
import { hostOf } from './services.ts';
import { SkippingClock } from './skipping-clock.ts';

/** The strict account behind the real SDK, in this process. */
export function awselbHarness(
  variant: string,
  timings: Partial<Timings>,
  more: () => Readonly<Record<string, unknown>> = () => ({}),
): Harness & { readonly account: () => FakeAws } {
  const clock = new SkippingClock();
  let aws: FakeAws;
  let place: Seeded;
  let policy: PolicyWatch;
  const begin = (): void => {
    aws = new FakeAws({ clock, timings });
    place = seed(aws);
    policy = watchPolicy(aws, readPolicy('iam-policy.json'));
  };
  begin();
  let ports = 1000;
  let addresses = 0;
  // The account changes from case to case, the provider does not: its wires lead to the one that is there.
  const wires = () => aws.client();
  const handler = need(wires().requestHandler);
  const provider = awselb({
    credentials: wires().credentials,
    requestHandler: {
      ...handler,
      handle: (...sent: Parameters<typeof handler.handle>) => need(wires().requestHandler).handle(...sent),
    },
  });
  const elb = () => new ElasticLoadBalancingV2Client(aws.client());
  const foreign = async (name: string) => {
    const { LoadBalancers = [] } = await policy.others(() =>
      elb().send(
        new CreateLoadBalancerCommand({
          Name: name,
          Type: 'network',
          Scheme: 'internal',
          Subnets: [...place.privateSubnets],
        }),
      ),
    );
    const text = () =>
      JSON.stringify(aws.world.elb.loadBalancers.truly(LoadBalancers[0]?.LoadBalancerArn ?? ''), shown);
    const before = text();
    return async () => before === text();
  };

  return {
    provider,
    variant,
    clock,
    // Whatever has drained for as long as AWS says by itself is waited for.
    gateDeadline: '5m',
    layersApart: true,
    account: () => aws,
    options: () => ({
      clusterName: 'test',
      region: 'eu-west-1',
      vpcId: place.vpc,
      endpoint: 'http://aws.invalid',
      ...more(),
    }),
    async reset() {
      assert.deepEqual(aws.loud, []);
      assert.deepEqual(policy.denied, []);
      begin();
    },
    async close() {
      assert.deepEqual(aws.loud, []);
      assert.deepEqual(policy.denied, []);
    },
    port: async () => ports++,
    targets: async (count) =>
      Array.from({ length: count }, (): Target => {
        addresses++;
        return { address: `10.0.${200 + (addresses >> 8)}.${addresses & 255}`, port: 80, weight: 100, state: 'ready' };
      }),
    async answers(service) {
      const [front] = service.fronts;
      assert.ok(front);
      // Whatever is on its way arrives.
      await clock.sleep(600_000);
      const host = hostOf(service);
      const found = new Set<string>();
      for (const { name, listeners } of aws.world.elb.loadBalancers.list()) {
        if (![...listeners].some(({ Port }) => Port === front.port)) continue;
        const reached = aws.traffic.reach({
          loadBalancer: name,
          port: front.port,
          ...(host === undefined ? {} : { host }),
        });
        if (reached.kind === 'forward')
          for (const group of reached.groups) for (const key of group.targets) found.add(key);
      }
      return found;
    },
    replaced: (service): ExportedService => ({ ...service, settings: { awselb: { scheme: 'internet-facing' } } }),
    async plantForeign() {
      const input = { Name: 'theirs', Protocol: 'TCP', Port: 1, VpcId: place.vpc, TargetType: 'ip' } as const;
      await policy.others(() => elb().send(new CreateTargetGroupCommand(input)));
      return foreign('theirs');
    },
    plantInPlaceOf: (service) => foreign(loadBalancerName('test', stackOf(service, 'network'), 'internal')),
  };
}

function need<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}

/** Sets and maps as lists; where objects lead back to each other, nothing. */
function shown(key: string, value: unknown): unknown {
  if (key === 'state' || key === 'balancer') return undefined;
  if (value instanceof Map || value instanceof Set) return [...value];
  return value;
}
