/**
 * What was made by somebody else and shall serve now: load balancers and target groups by ARN or name. A driver that reads the
 * account asks here which of them count as ours. Listeners of an adopted load balancer are ours when they carry our tags or stand at a
 * port that a service asks for; every other one is left alone.
 */
import type { ExportedService } from '../../src/model/index.ts';
import type { AwsEnvironment } from './environment.ts';
import { arnOf } from './holders.ts';
import { pointedGroupId } from './names.ts';
import type { Options } from './options.ts';
import type { ServiceOptions } from './service-options.ts';

export type ExistingBalancer = AwsEnvironment['LoadBalancers'][number];

/** The load balancer that `adopt` names, and whether the balancer's options allow to take it. */
export function findAdopted(
  adopt: string,
  { LoadBalancers }: Pick<AwsEnvironment, 'LoadBalancers'>,
  options: Options,
): { readonly found?: ExistingBalancer; readonly allowed: boolean } {
  const found = LoadBalancers.find(
    ({ LoadBalancerArn, LoadBalancerName }) => LoadBalancerArn === adopt || LoadBalancerName === adopt,
  );
  if (found === undefined) return { allowed: options.adopt.arns.includes(adopt) };
  const wanted = Object.entries(options.adopt.tags);
  const tagged = wanted.length > 0 && wanted.every(([key, value]) => found.Tags[key] === value);
  return { found, allowed: tagged || options.adopt.arns.includes(found.LoadBalancerArn) };
}

/** ARN → the service that has it for its load balancer. `settings`: parsed settings of a service. */
export function adoptedBalancers(
  services: readonly ExportedService[],
  settings: (service: ExportedService) => ServiceOptions,
  environment: Pick<AwsEnvironment, 'LoadBalancers'>,
  options: Options,
): ReadonlyMap<string, ExportedService> {
  const adopted = new Map<string, ExportedService>();
  for (const service of services) {
    const { adopt } = settings(service);
    if (adopt === undefined) continue;
    const { found, allowed } = findAdopted(adopt, environment, options);
    if (found !== undefined && allowed && !adopted.has(found.LoadBalancerArn))
      adopted.set(found.LoadBalancerArn, service);
  }
  return adopted;
}

/** Ids of the target groups of others that listeners of services point at, by their ARN. Those that services fill: `filled-groups.ts`. */
export function foreignGroups(
  services: readonly ExportedService[],
  settings: (service: ExportedService) => ServiceOptions,
  environment: Pick<AwsEnvironment, 'TargetGroups'>,
): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  for (const service of services) {
    const { rules = {}, listeners = {} } = settings(service);
    const pointed = [
      ...Object.values(rules).flatMap(({ targetGroups = [] }) => targetGroups.map((one) => one.targetGroup)),
      ...Object.values(listeners).flatMap(({ forward = [] }) => forward.flatMap((one) => one.targetGroup ?? [])),
    ];
    for (const named of pointed) {
      const arn = arnOf(named, environment);
      ids.set(arn, pointedGroupId(arn));
    }
  }
  return ids;
}
