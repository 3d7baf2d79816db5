/** What ELBv2 holds of one account and Region. Field names are the API's where a field is the API's. */
import type { Action, Matcher, RuleCondition, RuleTransform } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import type { Countdown } from '../core/delay.ts';
import { Table } from '../core/table.ts';

export type LoadBalancerType = 'application' | 'network' | 'gateway';

/** One zone of a load balancer with what was asked for there. */
export interface Zone {
  readonly SubnetId: string;
  readonly ZoneName: string;
  readonly AllocationId?: string | undefined;
  readonly PrivateIPv4Address?: string | undefined;
  readonly IPv6Address?: string | undefined;
  readonly SourceNatIpv6Prefix?: string | undefined;
  readonly interfaceId: string;
}

export interface LoadBalancer {
  readonly arn: string;
  readonly name: string;
  readonly type: LoadBalancerType;
  readonly scheme: 'internal' | 'internet-facing';
  readonly VpcId: string;
  readonly DNSName: string;
  readonly createdMs: number;
  readonly provisioning: Countdown;
  failed: string | undefined;
  IpAddressType: 'ipv4' | 'dualstack' | 'dualstack-without-public-ipv4';
  EnablePrefixForIpv6SourceNat: 'on' | 'off' | undefined;
  EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'on' | 'off' | undefined;
  zones: readonly Zone[];
  securityGroups: readonly string[];
  readonly attributes: Map<string, string>;
  tags: Map<string, string>;
  readonly listeners: Set<Listener>;
  capacityUnits: number | undefined;
  Ipv4IpamPoolId: string | undefined;
}

export interface Listener {
  readonly arn: string;
  readonly loadBalancer: LoadBalancer;
  Port: number;
  Protocol: string;
  SslPolicy: string | undefined;
  certificate: string | undefined;
  readonly sni: Set<string>;
  AlpnPolicy: readonly string[] | undefined;
  MutualAuthentication:
    | {
        Mode?: string;
        TrustStoreArn?: string;
        IgnoreClientCertificateExpiry?: boolean;
        AdvertiseTrustStoreCaNames?: string;
      }
    | undefined;
  readonly attributes: Map<string, string>;
  readonly rules: Set<Rule>;
  readonly defaultRule: Rule;
  tags: Map<string, string>;
}

export interface Rule {
  readonly arn: string;
  /** Undefined: the default rule. */
  priority: number | undefined;
  conditions: readonly Given<RuleCondition>[];
  actions: readonly Given<Action>[];
  transforms: readonly Given<RuleTransform>[];
  tags: Map<string, string>;
}

export interface Target {
  readonly id: string;
  readonly port: number | undefined;
  readonly zone: string | undefined;
  readonly quicServerId: string | undefined;
  /** Runs while the group is used; `undefined` while it is not. */
  rising: Countdown | undefined;
  /** Time at which a draining target has gone. */
  drainedMs: number | undefined;
}

export interface TargetGroup {
  readonly arn: string;
  readonly name: string;
  readonly TargetType: 'instance' | 'ip' | 'lambda' | 'alb';
  readonly Protocol: string | undefined;
  readonly ProtocolVersion: string | undefined;
  readonly Port: number | undefined;
  readonly VpcId: string | undefined;
  readonly IpAddressType: 'ipv4' | 'ipv6';
  readonly TargetControlPort: number | undefined;
  readonly asked: string;
  check: HealthCheck;
  readonly attributes: Map<string, string>;
  tags: Map<string, string>;
  readonly targets: Map<string, Target>;
  /** Rules that name it, default rules of listeners too. */
  readonly users: Map<Rule, Listener>;
  /** Number of the call that took its last user away. */
  releasedCall: number;
}

export interface HealthCheck {
  readonly HealthCheckProtocol: string | undefined;
  readonly HealthCheckPort: string | undefined;
  readonly HealthCheckEnabled: boolean;
  readonly HealthCheckIntervalSeconds: number;
  readonly HealthCheckTimeoutSeconds: number;
  readonly HealthyThresholdCount: number;
  readonly UnhealthyThresholdCount: number;
  readonly HealthCheckPath: string | undefined;
  readonly Matcher: Given<Matcher> | undefined;
}

export interface TrustStore {
  readonly arn: string;
  readonly name: string;
  bundle: string;
  readonly revocations: Map<number, { readonly RevocationType: 'CRL'; readonly bucket: string; readonly key: string }>;
  tags: Map<string, string>;
}

export class ElbState {
  readonly loadBalancers: Table<LoadBalancer>;
  readonly targetGroups: Table<TargetGroup>;
  readonly listeners: Table<Listener>;
  readonly rules: Table<{ readonly rule: Rule; readonly listener: Listener }>;
  readonly trustStores: Table<TrustStore>;
  readonly loadBalancerNames = new Map<string, LoadBalancer>();
  readonly targetGroupNames = new Map<string, TargetGroup>();
  /** Addresses or instances that fail their health checks, as `id` or `id:port`, with the reason. */
  readonly sick = new Map<string, string>();

  constructor(moment: { readonly index: number }) {
    this.loadBalancers = new Table(moment);
    this.targetGroups = new Table(moment);
    this.listeners = new Table(moment);
    this.rules = new Table(moment);
    this.trustStores = new Table(moment);
  }
}
