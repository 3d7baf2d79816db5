/** What a claim about AWS is tried on: real SDK clients against some endpoint, the surroundings, and short ways to make things. */
import assert from 'node:assert/strict';
import { ACMClient } from '@aws-sdk/client-acm';
import { EC2Client } from '@aws-sdk/client-ec2';
import * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { type ClientOptions, type Surroundings, seedAccount } from '../../localstack/seed.ts';

export type Given<T> = Partial<T>;

export class Stage {
  readonly elb: elb.ElasticLoadBalancingV2Client;
  readonly ec2: EC2Client;
  readonly acm: ACMClient;
  readonly tagging: ResourceGroupsTaggingAPIClient;
  readonly place: Surroundings;
  #count = 0;
  readonly #prefix: string;

  private constructor(options: ClientOptions, place: Surroundings, prefix: string) {
    // Nothing here may be tried twice: an answer is an answer.
    const config = { ...options, maxAttempts: 1 };
    this.elb = new elb.ElasticLoadBalancingV2Client(config);
    this.ec2 = new EC2Client(config);
    this.acm = new ACMClient(config);
    this.tagging = new ResourceGroupsTaggingAPIClient(config);
    this.place = place;
    this.#prefix = prefix;
  }

  /** Seeds the account when it is not. `prefix` keeps the names of one claim apart from those of others. */
  static async open(options: ClientOptions, prefix: string): Promise<Stage> {
    return new Stage(options, await seedAccount(options), prefix);
  }

  close(): void {
    for (const client of [this.elb, this.ec2, this.acm, this.tagging]) client.destroy();
  }

  /** A name that nobody has yet. */
  name(): string {
    return `${this.#prefix}-${++this.#count}`;
  }

  async balancer(
    input: Given<elb.CreateLoadBalancerInput> = {},
  ): Promise<elb.LoadBalancer & { LoadBalancerArn: string }> {
    const made = await this.elb.send(
      new elb.CreateLoadBalancerCommand({
        Name: this.name(),
        ...(input.SubnetMappings === undefined ? { Subnets: [...this.place.publicSubnets] } : {}),
        ...input,
      }),
    );
    const [balancer] = made.LoadBalancers ?? [];
    return { ...balancer, LoadBalancerArn: present(balancer?.LoadBalancerArn) };
  }

  alb(input: Given<elb.CreateLoadBalancerInput> = {}) {
    return this.balancer({ Type: 'application', SecurityGroups: [this.place.nodeGroup], ...input });
  }

  nlb(input: Given<elb.CreateLoadBalancerInput> = {}) {
    return this.balancer({ Type: 'network', ...input });
  }

  /** An `ip` group over TCP; its ARN. */
  async group(input: Given<elb.CreateTargetGroupInput> = {}): Promise<string> {
    const made = await this.elb.send(
      new elb.CreateTargetGroupCommand({
        Name: this.name(),
        Protocol: 'TCP',
        Port: 80,
        VpcId: this.place.vpc,
        TargetType: 'ip',
        ...input,
      }),
    );
    return present(made.TargetGroups?.[0]?.TargetGroupArn);
  }

  webGroup(input: Given<elb.CreateTargetGroupInput> = {}): Promise<string> {
    return this.group({ Protocol: 'HTTP', ...input });
  }

  /** Its ARN. */
  async listener(balancer: string, group: string, input: Given<elb.CreateListenerInput> = {}): Promise<string> {
    const made = await this.elb.send(
      new elb.CreateListenerCommand({
        LoadBalancerArn: balancer,
        Protocol: 'TCP',
        Port: 80,
        DefaultActions: forward(group),
        ...input,
      }),
    );
    return present(made.Listeners?.[0]?.ListenerArn);
  }

  /** Its ARN. */
  async rule(
    ListenerArn: string,
    group: string,
    Priority: number,
    input: Given<elb.CreateRuleInput> = {},
  ): Promise<string> {
    const made = await this.elb.send(
      new elb.CreateRuleCommand({
        ListenerArn,
        Priority,
        Actions: forward(group),
        Conditions: [pathIs(`/${Priority}`)],
        ...input,
      }),
    );
    return present(made.Rules?.[0]?.RuleArn);
  }

  /** An ALB with one HTTP listener and its group. */
  async web(): Promise<{ balancer: string; group: string; listener: string }> {
    const { LoadBalancerArn: balancer } = await this.alb();
    const group = await this.webGroup();
    return { balancer, group, listener: await this.listener(balancer, group, { Protocol: 'HTTP' }) };
  }

  /** An NLB with one TCP listener and its group. */
  async tcp(): Promise<{ balancer: string; group: string; listener: string }> {
    const { LoadBalancerArn: balancer } = await this.nlb();
    const group = await this.group();
    return { balancer, group, listener: await this.listener(balancer, group) };
  }

  certificate(index = 0): string {
    return present(this.place.certificates[index]);
  }

  async states(TargetGroupArn: string): Promise<readonly string[]> {
    const answer = await this.elb.send(new elb.DescribeTargetHealthCommand({ TargetGroupArn }));
    return (answer.TargetHealthDescriptions ?? [])
      .map(({ Target, TargetHealth }) => `${Target?.Id}:${Target?.Port} ${TargetHealth?.State}`)
      .sort();
  }
}

export function forward(group: string): elb.Action[] {
  return [{ Type: 'forward', TargetGroupArn: group }];
}

export function pathIs(...Values: string[]): elb.RuleCondition {
  return { Field: 'path-pattern', PathPatternConfig: { Values } };
}

/** What must be there for a claim to be tried at all; its lack is no answer to the claim. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the endpoint answered without what it must answer');
  return value;
}

/** The claim: AWS refuses this, with one of these codes. */
export async function refuses(call: Promise<unknown>, ...codes: readonly string[]): Promise<void> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Error, `accepted, though ${codes.join(' or ')} is right`);
  const code = error.name.replace(/Exception$/, '');
  assert.ok(
    codes.some((each) => each.replace(/Exception$/, '') === code),
    `${error.name} (${error.message}), though ${codes.join(' or ')} is right`,
  );
}

/** The claim: AWS accepts this. */
export async function accepts<T>(call: Promise<T>): Promise<T> {
  return call.catch((error: unknown) => assert.fail(`refused: ${String(error)}`));
}

/** One thing that AWS does and moto does not (known-differences.md). */
export interface Claim {
  readonly says: string;
  /** Throws an AssertionError where the endpoint does otherwise; every other error is a fault of the claim itself. */
  readonly check: (stage: Stage) => Promise<void>;
}
