import { createListener } from '../../../fakes/aws/elbv2/listeners.ts';
import { createLoadBalancer } from '../../../fakes/aws/elbv2/load-balancers.ts';
import { createTargetGroup } from '../../../fakes/aws/elbv2/target-groups.ts';
import { registerTargets } from '../../../fakes/aws/elbv2/targets.ts';
import type { FakeAws } from '../../../fakes/aws/index.ts';
import type { Seeded } from '../../../fakes/aws/seed.ts';

/** Somebody else's load balancer `theirs` with its group and listener, in the same subnets, straight in the state. */
export function plantForeign({ world }: FakeAws, { vpc, privateSubnets }: Seeded): void {
  const balancer = createLoadBalancer(world, {
    Name: 'theirs',
    Type: 'network',
    Scheme: 'internal',
    Subnets: [...privateSubnets],
    Tags: [{ Key: 'owner', Value: 'somebody' }],
  } as Parameters<typeof createLoadBalancer>[1]).LoadBalancers[0];
  const group = createTargetGroup(world, {
    Name: 'theirs',
    Protocol: 'TCP',
    Port: 80,
    VpcId: vpc,
    TargetType: 'ip',
  } as Parameters<typeof createTargetGroup>[1]).TargetGroups[0];
  const TargetGroupArn = group?.TargetGroupArn ?? '';
  registerTargets(world, {
    TargetGroupArn,
    Targets: [{ Id: '10.0.141.9', Port: 80, AvailabilityZone: undefined, QuicServerId: undefined }],
  });
  createListener(world, {
    LoadBalancerArn: balancer?.LoadBalancerArn ?? '',
    Protocol: 'TCP',
    Port: 80,
    DefaultActions: [{ Type: 'forward', TargetGroupArn }],
  } as Parameters<typeof createListener>[1]);
}
