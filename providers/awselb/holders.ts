import { bornMs, type ExportedService, type Unit } from '../../src/model/index.ts';
import type { AwsEnvironment } from './environment.ts';
import { clusterTag, isOwnGroup, unitName } from './names.ts';
import type { Present } from './present.ts';
import type { ServiceOptions } from './service-options.ts';

type Groups = Pick<AwsEnvironment, 'TargetGroups'>;

/** A TargetGroupBinding: targets for a target group that somebody else made; no load balancer, no listener. */
export function isBinding({ origin }: ExportedService): boolean {
  return origin.kind === 'TargetGroupBinding';
}

/** What stands where other services have their load balancer: named as the service is. */
export function bindingPlace({ origin: { namespace, name } }: ExportedService): string {
  return `targetgroupbinding/${namespace}/${name}`;
}

export function bindingUnit(balancer: string, service: ExportedService): Unit {
  return unitName(balancer, bindingPlace(service));
}

/** Also as earlier versions named it. */
export function isBindingUnit(balancer: string, unit: Unit): boolean {
  return ['targetgroupbinding/', 'binding/'].some((place) => unit.startsWith(unitName(balancer, place)));
}

/** ARN of the target group that has this ARN or name; where nothing is known of it what was given. */
export function arnOf(named: string, { TargetGroups }: Groups): string {
  const found = TargetGroups.find((one) => one.TargetGroupArn === named || one.TargetGroupName === named);
  return found?.TargetGroupArn ?? named;
}

/** ARNs of the target groups of others that a service fills with its targets. */
export function filledBy({ targetGroup, backends = {} }: ServiceOptions, groups: Groups): readonly string[] {
  const named = [targetGroup, ...Object.values(backends)].flatMap((one) => one?.targetGroup ?? []);
  return named.map((one) => arnOf(one, groups));
}

/**
 * ARN of a target group of others → the service that fills it. Two of them would take each other's targets out for ever, so the older one has
 * it, as with aws-load-balancer-controller.
 */
export function holdersOf(
  services: readonly ExportedService[],
  settings: (service: ExportedService) => ServiceOptions,
  groups: Groups,
): ReadonlyMap<string, ExportedService> {
  const holders = new Map<string, ExportedService>();
  for (const service of services) {
    for (const arn of filledBy(settings(service), groups)) {
      const known = holders.get(arn);
      if (known === undefined || isOlder(service, known)) holders.set(arn, service);
    }
  }
  return holders;
}

function isOlder(one: ExportedService, other: ExportedService): boolean {
  const [a, b] = [bornMs(one.origin), bornMs(other.origin)];
  return a === b ? one.id < other.id : a < b;
}

/** Whether weir, or the controller of this cluster before it, made the target group: then it fills and deletes it by itself. */
export function isMadeHere(arn: string, cluster: string, { TargetGroups }: Groups, present: Present): boolean {
  const found = TargetGroups.find(({ TargetGroupArn }) => TargetGroupArn === arn);
  const seen = present.at('TargetGroup', arn);
  return found?.Tags[clusterTag] === cluster || (seen?.owned === true && isOwnGroup(seen.id));
}
