import type { ExportedService, ServiceId, Unit } from '../../src/model/index.ts';
import type { Account, Tags } from './account.ts';
import { adoptedBalancers, foreignGroups } from './adopt.ts';
import type { AwsEnvironment } from './environment.ts';
import { bindingPlace, isBinding } from './holders.ts';
import {
  clusterTag,
  isOther,
  loadBalancerId,
  loadBalancerName,
  loadBalancerResource,
  memberTag,
  otherId,
  readOwnership,
  type Stack,
  sharedUnit,
  stackKey,
  stackOf,
  unitName,
} from './names.ts';
import type { Options } from './options.ts';
import { type ServiceOptions, serviceOptions } from './service-options.ts';
import { strangersAt } from './strangers-at.ts';
import type { WantedStacks } from './wanted-stacks.ts';

export interface OwnersInput {
  readonly balancer: string;
  readonly cluster: string;
  readonly options: Options;
  readonly services: readonly ExportedService[];
  /** Services for which nothing shall be made, and whose things are ours all the same: they leave, or may not begin yet. */
  readonly besides?: readonly ExportedService[];
  /** Stacks that were wanted earlier. Absent: none. */
  readonly earlier?: Pick<WantedStacks, 'has' | 'stackOf' | 'hadMember' | 'wasMember'>;
  /** What services may name that is not ours. */
  readonly environment: Pick<AwsEnvironment, 'LoadBalancers' | 'TargetGroups'>;
}

/** Whose a thing is: the load balancer it hangs together with, by its logical id, and the name of the thing there. */
export interface Ownership {
  readonly lb: string;
  readonly unit: Unit;
  readonly resource: string | undefined;
}

/** Whose something in a group is that may have no target group. */
export interface Claim {
  readonly member: string;
  /** This weir is or was asked for that member. */
  readonly ours: boolean;
  readonly serves: readonly ServiceId[];
}

/** Reads ownership tags, and what services say of things that carry none. Pure. */
export class Owners {
  readonly input: OwnersInput;
  readonly byId: ReadonlyMap<ServiceId, ExportedService>;
  /** Those that services ask for, and those of `besides`. */
  readonly #stacks = new Map<string, { readonly lb: string; readonly services: ExportedService[] }>();
  readonly #beside = new Map<string, { readonly lb: string; readonly services: ExportedService[] }>();
  /** Groups that nobody asks for → those in them whom this weir was never asked for. */
  readonly #crowded = new Map<string, string[]>();
  #names: ReadonlyMap<string, string> | undefined;
  readonly #byName = new Map<string, ExportedService[]>();
  /** By load balancer. */
  readonly #members = new Map<string, readonly ExportedService[]>();
  /** Load balancer that a service asks for → its stack as tags name it. */
  readonly #asked = new Map<string, string>();
  /** ARN → the load balancer that it shall be. */
  readonly adopted: ReadonlyMap<string, string>;
  /** ARN → id and unit of target groups of others that services name. */
  readonly foreign: ReadonlyMap<string, { readonly id: string; readonly unit: Unit; readonly serves: ServiceId[] }>;

  constructor(input: OwnersInput) {
    this.input = input;
    const { services, balancer } = input;
    this.byId = new Map(services.map((service) => [service.id, service]));
    for (const service of services) this.#take(service, this.#stacks);
    for (const service of input.besides ?? []) if (!this.byId.has(service.id)) this.#take(service, this.#beside);
    for (const { lb, services: members } of this.#beside.values()) this.#members.set(lb, members);
    for (const [key, { lb, services: members }] of this.#stacks) {
      this.#members.set(lb, members);
      this.#asked.set(lb, key);
    }
    const adopting = adoptedBalancers(services, settingsOf, input.environment, input.options);
    this.adopted = new Map(
      [...adopting].map(([arn, service]) => [arn, loadBalancerId(stackOfService(service, input.options))]),
    );
    const foreign = new Map<string, { id: string; unit: Unit; serves: ServiceId[] }>();
    for (const service of services) {
      const lb = isBinding(service) ? bindingPlace(service) : loadBalancerId(stackOfService(service, input.options));
      for (const [arn, id] of foreignGroups([service], settingsOf, input.environment)) {
        const known = foreign.get(arn);
        if (known === undefined) foreign.set(arn, { id, unit: unitName(balancer, lb), serves: [service.id] });
        else known.serves.push(service.id);
      }
    }
    this.foreign = foreign;
  }

  #take(
    service: ExportedService,
    stacks: Map<string, { readonly lb: string; readonly services: ExportedService[] }>,
  ): void {
    const { namespace, name } = service.origin;
    append(this.#byName, `${namespace}/${name}`, service);
    // It has no load balancer.
    if (isBinding(service)) return;
    const stack = stackOfService(service, this.input.options);
    const key = stackKey(stack);
    const known = stacks.get(key);
    if (known === undefined) stacks.set(key, { lb: loadBalancerId(stack), services: [service] });
    else known.services.push(service);
  }

  /** By tags of a stack that is or was wanted, else by a service that adopts it; undefined: not ours. */
  of(arn: string, tags: Tags | undefined): Ownership | undefined {
    const found = readOwnership(this.input.cluster, tags ?? {});
    const key = found === undefined ? undefined : `${found.scope} ${found.name}`;
    // What a service adopts is ours whatever its tags say of others.
    const lb =
      key === undefined || !this.#isOurs(key, arn, found?.resource) ? this.adopted.get(arn) : this.#balancerOf(key);
    if (lb === undefined) return undefined;
    return { lb, unit: unitName(this.input.balancer, lb), resource: found?.resource };
  }

  /** Whether tags of the cluster say that it is of somebody whom nobody here ever asked for, alone or in a group of ours. */
  isTheirs(arn: string, tags: Tags): boolean {
    if (this.orphan(arn, tags) !== undefined) return true;
    const owner = this.of(arn, tags);
    return owner?.resource !== undefined && this.servicesOf(owner).some(isOther);
  }

  /** The stack that tags of the cluster tell of and nobody here ever asked for; undefined: there is none, or it is ours. */
  orphan(arn: string, tags: Tags): string | undefined {
    const found = readOwnership(this.input.cluster, tags);
    const key = found === undefined ? undefined : `${found.scope} ${found.name}`;
    return key === undefined || this.#isOurs(key, arn, found?.resource) || this.adopted.has(arn) ? undefined : key;
  }

  /**
   * Unit in the way of which a load balancer stands that is not ours: it was the one of that stack and has lost its tags, or it has the name.
   */
  inTheWay(arn: string, name: string): Unit | undefined {
    const key = this.input.earlier?.stackOf(arn);
    const lb = key !== undefined && this.#stacks.has(key) ? this.#balancerOf(key) : this.#wantedNames().get(name);
    return lb === undefined ? undefined : unitName(this.input.balancer, lb);
  }

  /** Names that load balancers of services have or would be given → those, by their id. Made when somebody asks. */
  #wantedNames(): ReadonlyMap<string, string> {
    if (this.#names !== undefined) return this.#names;
    const names = new Map<string, string>();
    for (const { lb, services } of this.#stacks.values()) {
      const [first] = services;
      if (first === undefined) continue;
      const said = services.flatMap((service) => settingsOf(service).name ?? []);
      const stack = stackOfService(first, this.input.options);
      const derived = schemes.map((scheme) => loadBalancerName(this.input.cluster, stack, scheme));
      for (const name of [...said, ...derived]) if (!names.has(name)) names.set(name, lb);
    }
    this.#names = names;
    return names;
  }

  #isOurs(key: string, arn: string, resource: string | undefined): boolean {
    const { options, earlier } = this.input;
    if (this.#stacks.has(key) || options.orphans === 'delete') return true;
    // Who was asked for here leaves; who else is there stays, and all that they share.
    if (this.#crowded.has(key)) return resource?.includes('/') === true && this.#knows(key, partOf(resource));
    if (this.#beside.has(key)) return true;
    return earlier?.has(key, arn) === true;
  }

  #balancerOf(key: string): string {
    return (this.#stacks.get(key) ?? this.#beside.get(key))?.lb ?? key.replace(' ', '/');
  }

  /** Stacks that services ask for, as tags name them, and who is in them where they are groups. */
  *wanted(): Iterable<readonly [string, readonly string[]]> {
    for (const [key, { services }] of this.#stacks) yield [key, isGroup(key) ? services.map(pathOf) : []];
  }

  /**
   * Takes note of groups in which there is somebody whom this weir was never asked for. While nobody asks for anything there, all of such a
   * group is left alone but for what belongs to former members of ours alone.
   */
  look(account: Account): void {
    const { tags, targetGroups, loadBalancers } = account;
    this.#crowded.clear();
    const note = (key: string, part: string): void => {
      const others = this.#crowded.get(key);
      if (others === undefined) this.#crowded.set(key, [part]);
      else if (!others.includes(part)) others.push(part);
    };
    const unasked = (arn: string) => {
      const found = readOwnership(this.input.cluster, tags.get(arn) ?? {});
      const key = `${found?.scope} ${found?.name}`;
      return found?.resource === undefined || this.#stacks.has(key) || !isGroup(key) ? undefined : { ...found, key };
    };
    for (const arn of targetGroups.keys()) {
      const { key, resource } = unasked(arn) ?? {};
      const part = resource === undefined ? undefined : partOf(resource);
      if (key !== undefined && part !== undefined && !this.#knows(key, part)) note(key, part);
    }
    for (const arn of loadBalancers.keys()) {
      const { key } = unasked(arn) ?? {};
      if (key !== undefined) for (const other of strangersAt(arn, account, this)) note(key, other);
    }
  }

  /** Who asked for a rule of a group, or for what a listener answers where no rule holds, as its tag says; undefined: nothing says it. */
  claimOf(tags: Tags | undefined): Claim | undefined {
    const found = readOwnership(this.input.cluster, tags ?? {});
    const member = tags?.[memberTag];
    if (found === undefined || member === undefined) return undefined;
    const { options, earlier } = this.input;
    const key = `${found.scope} ${found.name}`;
    const lb = this.#balancerOf(key);
    const named = this.#byName.get(member);
    const ours = options.orphans === 'delete' || named !== undefined || earlier?.wasMember(key, member) === true;
    if (named === undefined) return { member, ours, serves: [ours ? guess(lb) : otherId(member)] };
    const own = named.filter((service) => this.#members.get(lb)?.includes(service) === true);
    return { member, ours, serves: (own.length > 0 ? own : named).map(({ id }) => id) };
  }

  /** Some group is left alone for those whom nobody asked for. */
  get hasCrowds(): boolean {
    return this.#crowded.size > 0;
  }

  /** The load balancer that tags tell of, if it is left alone for others in its group: of ours there only members' own things are. */
  leftAlone(arn: string, tags: Tags | undefined): Pick<Ownership, 'lb' | 'unit'> | undefined {
    const found = readOwnership(this.input.cluster, tags ?? {});
    const key = `${found?.scope} ${found?.name}`;
    if (found?.resource !== loadBalancerResource || this.adopted.has(arn) || !this.#crowded.has(key)) return undefined;
    const lb = this.#balancerOf(key);
    return { lb, unit: unitName(this.input.balancer, lb) };
  }

  /** Those in a group that nobody asks for, whom this weir was never asked for. */
  othersIn(key: string): readonly string[] {
    return this.#crowded.get(key) ?? [];
  }

  /** Whether somebody in a group is or was asked for here. `part`: what a tag of a target group says. */
  #knows(key: string, part: string): boolean {
    if (this.input.options.orphans === 'delete' || this.input.earlier?.hadMember(key, part) === true) return true;
    return this.#named(part).length > 0;
  }

  /** Services whose name it begins with, the longest first: `ns/shop-api` before `ns/shop`. */
  #named(part: string): readonly (readonly ExportedService[])[] {
    const found: (readonly ExportedService[])[] = [];
    for (let end = part.length; end > 0; end = part.lastIndexOf('-', end - 1)) {
      const named = this.#byName.get(part.slice(0, end));
      if (named !== undefined) found.push(named);
    }
    return found;
  }

  /** The stack of a load balancer that a service asks for. */
  keyOf(lb: string): string | undefined {
    return this.#asked.get(lb);
  }

  /** Whether several may share this load balancer. */
  isOfGroup(lb: string): boolean {
    return isGroup(lb.slice(lb.indexOf('/') + 1));
  }

  /** Whether a service asks for this stack, as tags name it. */
  wants(key: string): boolean {
    return this.#stacks.has(key) || this.#beside.has(key);
  }

  /** Whether tags say that a security group is the shared back-end group of the cluster. */
  isBackendGroup(tags: Tags): boolean {
    return tags[clusterTag] === this.input.cluster && tags['elbv2.k8s.aws/resource'] === 'backend-sg';
  }

  /** Whether a service has this load balancer. */
  isAskedFor(lb: string): boolean {
    return this.#asked.has(lb);
  }

  get sharedUnit(): Unit {
    return sharedUnit(this.input.balancer);
  }

  /** Services behind a resource tag `ns/name:port` or `ns/ingress-service:port`, else those of the load balancer. */
  servicesOf({ lb, resource }: Ownership): readonly ServiceId[] {
    const whole = resource === undefined ? undefined : partOf(resource);
    const members = this.#members.get(lb) ?? [];
    if (whole === undefined) return members.length > 0 ? members.map(({ id }) => id) : [guess(lb)];
    let elsewhere: readonly ExportedService[] | undefined;
    for (const named of this.#named(whole)) {
      const own = named.filter((service) => members.includes(service));
      if (own.length > 0) return own.map(({ id }) => id);
      // What has moved to another load balancer is served by this one until it is served there.
      const moved = named.filter(({ origin }) => (origin.kind === 'Service') === lb.startsWith('service/'));
      if (moved.length > 0) elsewhere ??= moved;
    }
    if (elsewhere !== undefined) return elsewhere.map(({ id }) => id);
    const key = this.#asked.get(lb);
    if (key !== undefined && isGroup(key) && whole.includes('/') && !this.#knows(key, whole)) return [otherId(whole)];
    return [lb.startsWith('ingress/') && !whole.includes('/') ? guess(lb) : guessBy(lb, whole)];
  }
}

/** What a resource tag says before its port: `ns/name`, or `ns/ingress-service`. */
function partOf(resource: string): string {
  return resource.replace(/:[^:]*$/, '');
}

/** A stack of one service is named by it. */
function isGroup(key: string): boolean {
  return !key.includes('/');
}

function pathOf({ origin: { namespace, name } }: ExportedService): string {
  return `${namespace}/${name}`;
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

const schemes = ['internal', 'internet-facing'] as const;

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
