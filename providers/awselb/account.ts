/** The account as the API answered last: plain data, by ARN or id. Readings fill it, `observe` turns it into observed objects. */
import type { SecurityGroup, SecurityGroupRule } from '@aws-sdk/client-ec2';
import type {
  Listener,
  LoadBalancer,
  Rule,
  TargetGroup,
  TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';

export type Tags = Readonly<Record<string, string>>;

/** What of a load balancer is read by calls of its own, where a service asks for it. */
export interface Extras {
  readonly capacityUnits?: number;
  readonly webAclArn?: string;
  readonly shield?: boolean;
}

export interface Account {
  readonly loadBalancers: Map<string, LoadBalancer>;
  readonly targetGroups: Map<string, TargetGroup>;
  readonly securityGroups: Map<string, SecurityGroup>;
  /** Rules of others' groups that let the back-end group in. */
  readonly securityGroupRules: Map<string, SecurityGroupRule>;
  readonly tags: Map<string, Tags>;
  /** By load balancer. */
  readonly listeners: Map<string, readonly Listener[]>;
  /** By listener; without default rules. */
  readonly rules: Map<string, readonly Rule[]>;
  /** By listener: all of them, the default one marked. */
  readonly certificates: Map<string, readonly { readonly arn: string; readonly isDefault: boolean }[]>;
  /** By target group. */
  readonly health: Map<string, readonly TargetHealthDescription[]>;
  /** Of load balancers, target groups and listeners. */
  readonly attributes: Map<string, Tags>;
  readonly extras: Map<string, Extras>;
}

export function emptyAccount(): Account {
  return {
    loadBalancers: new Map(),
    targetGroups: new Map(),
    securityGroups: new Map(),
    securityGroupRules: new Map(),
    tags: new Map(),
    listeners: new Map(),
    rules: new Map(),
    certificates: new Map(),
    health: new Map(),
    attributes: new Map(),
    extras: new Map(),
  };
}
