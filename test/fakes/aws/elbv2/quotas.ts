/** Quotas of ELBv2 with their names in DescribeAccountLimits and their defaults (AWS quota pages). */
export const quotas = {
  'application-load-balancers': 50,
  'network-load-balancers': 50,
  'gateway-load-balancers': 100,
  'target-groups': 3000,
  'targets-per-application-load-balancer': 1000,
  'targets-per-network-load-balancer': 3000,
  'targets-per-availability-zone-per-network-load-balancer': 500,
  'targets-per-target-group': 1000,
  'listeners-per-application-load-balancer': 50,
  'listeners-per-network-load-balancer': 50,
  'rules-per-application-load-balancer': 100,
  'certificates-per-application-load-balancer': 25,
  'certificates-per-network-load-balancer': 25,
  'target-groups-per-application-load-balancer': 100,
  'target-groups-per-action-on-application-load-balancer': 5,
  'target-groups-per-action-on-network-load-balancer': 5,
  'condition-values-per-alb-rule': 5,
  'condition-wildcards-per-alb-rule': 6,
  'targets-per-application-load-balancer-target-group': 1,
  'trust-stores-per-account': 20,
};

export type Quotas = { [Name in keyof typeof quotas]: number };
