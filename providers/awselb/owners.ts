import type { ExportedService, ServiceId, Unit } from '../../src/model/index.ts';
import type { Tags } from './account.ts';
import { adoptedBalancers, foreignGroups } from './adopt.ts';
import type { AwsEnvironment } from './environment.ts';
import {
  clusterTag,
  loadBalancerId,
  readOwnership,
  type Stack,
  sharedUnit,
  stackOf,
  tagText,
  unitName,
} from './names.ts';
import type { Options } from './options.ts';
import { type ServiceOptions, serviceOptions } from './service-options.ts';

export interface OwnersInput {
  readonly balancer: string;
  readonly cluster: string;
  readonly options: Options;
  readonly services: readonly ExportedService[];
  /** What services may name that is not ours. */
  readonly environment: Pick<AwsEnvironment, 'LoadBalancers' | 'TargetGroups'>;
}

/** Whose a thing is: the load balancer it hangs together with, by its logical id, and the name of the thing there. */
export interface Ownership {
  readonly lb: string;
  readonly unit: Unit;
  readonly resource: string | undefined;
}

/** Reads ownership tags, and what services say of things that carry none. Pure. */
export class Owners {
  readonly input: OwnersInput;
  readonly byId: ReadonlyMap<ServiceId, ExportedService>;
  readonly #stacks = new Map<string, { readonly lb: string; readonly services: ExportedService[] }>();
  readonly #byName = new Map<string, ExportedService[]>();
  /** By load balancer. */
  readonly #members = new Map<string, readonly ExportedService[]>();
  /** ARN → the load balancer that it shall be. */
  readonly adopted: ReadonlyMap<string, string>;
  /** ARN → id and unit of target groups of others that services name. */
  readonly foreign: ReadonlyMap<string, { readonly id: string; readonly unit: Unit; readonly serves: ServiceId[] }>;

  constructor(input: OwnersInput) {
    this.input = input;
    const { services, balancer } = input;
    this.byId = new Map(services.map((service) => [service.id, service]));
    for (const service of services) {
      const { namespace, name } = service.origin;
      append(this.#byName, `${namespace}/${name}`, service);
      const stack = stackOfService(service, input.options);
      const key = `${stack.scope} ${tagText(stack.name)}`;
      const known = this.#stacks.get(key);
      if (known === undefined) this.#stacks.set(key, { lb: loadBalancerId(stack), services: [service] });
      else known.services.push(service);
    }
    for (const { lb, services: members } of this.#stacks.values()) this.#members.set(lb, members);
    const adopting = adoptedBalancers(services, settingsOf, input.environment, input.options);
    this.adopted = new Map(
      [...adopting].map(([arn, service]) => [arn, loadBalancerId(stackOfService(service, input.options))]),
    );
    const foreign = new Map<string, { id: string; unit: Unit; serves: ServiceId[] }>();
    for (const service of services) {
      const { kind, namespace, name } = service.origin;
      const lb =
        kind === 'TargetGroupBinding'
          ? `binding/${namespace}/${name}`
          : loadBalancerId(stackOfService(service, input.options));
      for (const [arn, id] of foreignGroups([service], settingsOf, input.environment)) {
        const known = foreign.get(arn);
        if (known === undefined) foreign.set(arn, { id, unit: unitName(balancer, lb), serves: [service.id] });
        else known.serves.push(service.id);
      }
    }
    this.foreign = foreign;
  }

  /** By tags, else by a service that adopts it; undefined: not ours. */
  of(arn: string, tags: Tags | undefined): Ownership | undefined {
    const { balancer, cluster } = this.input;
    const found = readOwnership(cluster, tags ?? {});
    const lb =
      found === undefined
        ? this.adopted.get(arn)
        : (this.#stacks.get(`${found.scope} ${found.name}`)?.lb ?? loadBalancerId(found));
    if (lb === undefined) return undefined;
    return { lb, unit: unitName(balancer, lb), resource: found?.resource };
  }

  /** Whether tags say that a security group is the shared back-end group of the cluster. */
  isBackendGroup(tags: Tags): boolean {
    return tags[clusterTag] === this.input.cluster && tags['elbv2.k8s.aws/resource'] === 'backend-sg';
  }

  /** Whether a service has this load balancer. */
  isAskedFor(lb: string): boolean {
    return this.#members.has(lb);
  }

  get sharedUnit(): Unit {
    return sharedUnit(this.input.balancer);
  }

  /** Services behind a resource tag `ns/name:port` or `ns/ingress-service:port`, else those of the load balancer. */
  servicesOf({ lb, resource }: Ownership): readonly ServiceId[] {
    const whole = resource?.replace(/:[^:]*$/, '');
    const members = this.#members.get(lb) ?? [];
    if (whole === undefined) return members.length > 0 ? members.map(({ id }) => id) : [guess(lb)];
    let elsewhere: readonly ExportedService[] | undefined;
    // The longest name that it may begin with: `ns/shop-api` before `ns/shop`.
    for (let end = whole.length; end > 0; end = whole.lastIndexOf('-', end - 1)) {
      const named = this.#byName.get(whole.slice(0, end)) ?? [];
      const own = named.filter((service) => members.includes(service));
      if (own.length > 0) return own.map(({ id }) => id);
      // What has moved to another load balancer is served by this one until it is served there.
      const moved = named.filter(({ origin }) => (origin.kind === 'Service') === lb.startsWith('service/'));
      if (moved.length > 0) elsewhere ??= moved;
    }
    if (elsewhere !== undefined) return elsewhere.map(({ id }) => id);
    return [lb.startsWith('ingress/') && !whole.includes('/') ? guess(lb) : guessBy(lb, whole)];
  }
}

/** The id that a source gives to a service of which only the load balancer is left. */
function guess(lb: string): ServiceId {
  return lb.startsWith('service/') ? lb.slice('service/'.length) : lb;
}

function guessBy(lb: string, whole: string): ServiceId {
  return lb.startsWith('ingress/') ? guess(lb) : whole;
}

const parsed = new WeakMap<ExportedService, ServiceOptions>();
const nothing: ServiceOptions = serviceOptions.parse({});

/** Settings of a service; none where they are wrong: the model tells. */
export function settingsOf(service: ExportedService): ServiceOptions {
  const known = parsed.get(service);
  if (known !== undefined) return known;
  const result = serviceOptions.safeParse(service.settings.awselb ?? {});
  const settings = result.success ? result.data : nothing;
  parsed.set(service, settings);
  return settings;
}

/** The load balancer that a service has for itself or shares, as the model calls it. */
export function stackOfService(service: ExportedService, options: Pick<Options, 'type'>): Stack {
  const { type, group } = settingsOf(service);
  const http = service.fronts.some(({ protocol }) => protocol === 'http' || protocol === 'https');
  return stackOf(service, type ?? options.type ?? (http ? 'application' : 'network'), group);
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
