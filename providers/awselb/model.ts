/** The merged services of the balancer as load balancers, target groups, listeners, rules and security groups. Pure. */
import type {
  Backend,
  ExportedService,
  FrontGroup,
  ModelInput,
  ModelResult,
  Observed,
  Problem,
  Resource,
} from '../../src/model/index.ts';
import { type Shared, shareAccount } from './account-quotas.ts';
import { groupBehind, sharedResources, strayTargets } from './backend-rules.ts';
import { type Bare, bareRules, isBare } from './bare-rules.ts';
import { bindingResources } from './binding.ts';
import type { Build } from './build.ts';
import { deletionGuard } from './deletion-guard.ts';
import { readEnvironment } from './environment.ts';
import { giveBack, isAdopted } from './giving-back.ts';
import { filledBy, holdersOf, isBinding } from './holders.ts';
import { joinGroups } from './join-groups.ts';
import { keepUnit } from './keep.ts';
import { type GroupResult, groupResult } from './model-group.ts';
import { tellMoves } from './moves.ts';
import { findMoving, keepMoving } from './moving.ts';
import { backendGroup, clusterTag, isOwnGroup } from './names.ts';
import type { Options } from './options.ts';
import { type Present, presentOf } from './present.ts';
import { type ServiceOptions, serviceOptions } from './service-options.ts';
import { shareNames } from './share-names.ts';
import { tell } from './tell.ts';

const nothing: ServiceOptions = Object.freeze(serviceOptions.parse({}));
const reads = new WeakMap<object, ServiceOptions>();

/** Made again only for a group of which something is another object. */
const made = new WeakMap<ExportedService, { readonly inputs: readonly unknown[]; readonly result: GroupResult }>();

export function model(input: ModelInput, options: Options): ModelResult {
  const { balancer, nodes } = input;
  const environment = readEnvironment(input.environment);
  const present = presentOf(input.present);
  const cluster = environment.ClusterName ?? options.clusterName;
  const settings = ({ id }: ExportedService): ServiceOptions => settingsOf(input.settings.get(id));
  const services = input.groups.flatMap((group) => group.services);
  const holders = holdersOf(services, settings, environment);
  const incomplete = input.incomplete === true;
  const facts = { environment, nodes, present, incomplete, holders };
  const shared = { balancer, cluster, options, settings, ...facts } satisfies Omit<Build, 'refuse' | 'warn'>;
  const resources: Resource[] = [];
  const problems: Problem[] = [];
  const opened: Resource[] = [];
  const bare: Bare[] = [];
  const results: Shared[] = [];
  const joined = joinGroups(input.groups, settings);
  problems.push(...joined.problems);
  for (const group of joined.groups) {
    if (group.services.some(isBinding)) {
      const bound = bindingResources(group, shared);
      resources.push(...bound.resources);
      problems.push(...bound.problems);
    } else if (group.listeners.length > 0) results.push({ group, result: remembered(group, shared, input) });
  }
  shareNames(results, shared);
  const policy = input.incomplete === true ? 'upsert-only' : input.policy;
  const leaving = new Set(findMoving(results, present).keys());
  shareAccount(results, { observed: input.present, policy, leaving }, shared);
  // Who was refused by a quota is served where it was.
  const moving = findMoving(results, present);
  const moved = keepMoving(results, moving, present);
  for (const { result } of results) {
    resources.push(...result.resources);
    problems.push(...result.problems);
    opened.push(...result.opened);
    bare.push(...result.bare);
  }
  const rest = leftBehind(problems, [...resources, ...moved], present, input.present);
  const left = [...moved, ...rest];
  resources.push(...left);
  const back = policy === undefined || policy === 'sync' ? turningBack(resources, present, input.present) : new Map();
  for (const [unit, turned] of back) {
    resources.splice(0, resources.length, ...resources.filter((one) => one.unit !== unit), ...turned);
    left.push(...turned);
  }
  const carriers = resources.filter(({ kind }) => kind === 'LoadBalancer');
  const used = carriers.some(
    ({ attrs }) => Array.isArray(attrs.SecurityGroups) && attrs.SecurityGroups.includes('backend'),
  );
  const stillThere = input.present.some(({ kind, owned }) => kind === 'LoadBalancer' && owned);
  const orphaned = input.present.some((object) => isOfCluster(object, cluster));
  const grown = policy !== undefined && policy !== 'sync';
  // What all load balancers stand on is begun first.
  const common = sharedResources({
    balancer,
    cluster,
    options,
    environment,
    present,
    groups: [...opened, ...standing(opened, resources, left, present, input, options)],
    used,
    stillThere,
    orphaned,
    growsOnly: grown,
  });
  const known = new Set(bare.map(({ group }) => group.unit));
  const bareRest = input.present.some((one) => one.owned && isBare(one) && !known.has(one.unit));
  const byAddress = bareRules(bare, groupBehind(environment, cluster), {
    balancer,
    environment,
    present,
    growsOnly: orphaned || grown || bareRest,
  });
  problems.push(...results.flatMap(({ group, result }) => tellMoves(group, result, present)));
  const byId = new Map(services.map((service) => [service.id, service]));
  for (const [id, addresses] of strayTargets([...opened, ...bare.map(({ group }) => group)], environment, cluster)) {
    const service = byId.get(id);
    if (service !== undefined) problems.push(tellStray(service, addresses));
  }
  return {
    resources: [...common, ...byAddress, ...resources],
    problems,
    // What all share goes when the last load balancer has gone.
    provisional:
      back.size > 0 ||
      bareRest ||
      (stillThere && !used && common.length > 0) ||
      [...moving.values()].some(({ ends }) => ends),
  };
}

/** A load balancer of the cluster that nobody here ever asked for: it stands on what all share. */
function isOfCluster({ kind, owned, sets }: Observed, cluster: string): boolean {
  return kind === 'LoadBalancer' && !owned && sets.Tags?.get(clusterTag)?.attrs.Value === cluster;
}

/**
 * Target groups that are there for services that cannot be read, or are refused, and those of load balancers that nobody asks for and that
 * are guarded: while they are, they are let in.
 */
function standing(
  opened: readonly Resource[],
  wanted: readonly Resource[],
  left: readonly Resource[],
  present: Present,
  { present: observed, incomplete }: ModelInput,
  { backendSecurityGroup }: Options,
): readonly Resource[] {
  const word = backendSecurityGroup ?? backendGroup;
  const known = new Set(opened.map(({ id }) => id));
  const units = new Set(left.map(({ unit }) => unit));
  const asked = new Set(wanted.map(({ unit }) => unit));
  const stays = (balancer: Observed): boolean =>
    incomplete === true ||
    units.has(balancer.unit) ||
    (!asked.has(balancer.unit) && deletionGuard(balancer) !== undefined);
  return observed.flatMap((balancer) => {
    const { kind, owned, unit, attrs } = balancer;
    const groups = attrs.SecurityGroups;
    return kind === 'LoadBalancer' && owned && Array.isArray(groups) && groups.includes(word) && stays(balancer)
      ? present.inUnit(unit).filter((one) => one.kind === 'TargetGroup' && isOwnGroup(one.id) && !known.has(one.id))
      : [];
  });
}

function tellStray(service: ExportedService, addresses: readonly string[]): Problem {
  const message =
    'no network interface or instance of the VPC has this address and one security group for it, so nothing lets the load balancer in there; check the address, or tag one group of its interface with kubernetes.io/cluster/CLUSTER, or open it yourself';
  const more = addresses.length > 1 ? ` and ${addresses.length - 1} more` : '';
  return tell(service, 'W_FEATURE', 'targets', `${addresses[0]}${more}`, message);
}

/** Unit of an adopted load balancer → all that is wanted there, while something is turned back to what it did before. */
function turningBack(
  wanted: readonly Resource[],
  present: Present,
  observed: ModelInput['present'],
): ReadonlyMap<string, readonly Resource[]> {
  const units = new Set(observed.flatMap((one) => (isAdopted(one) && one.owned ? [one.unit] : [])));
  const found = [...units].flatMap((unit) => {
    const asked = wanted.filter((one) => one.unit === unit);
    const turned = giveBack(unit, asked, present);
    return turned === undefined ? [] : [[unit, turned] as const];
  });
  return new Map(found);
}

/** What exists of refused services at load balancers that nobody asks for any more: it stays until they may go where they want. */
function leftBehind(
  problems: readonly Problem[],
  wanted: readonly Resource[],
  present: Present,
  observed: ModelInput['present'],
): readonly Resource[] {
  const refused = new Set(problems.flatMap(({ severity, service }) => (severity === 'error' ? (service ?? []) : [])));
  if (refused.size === 0) return [];
  const covered = new Set(wanted.map(({ unit }) => unit));
  const units = observed.flatMap(({ kind, owned, unit, serves }) =>
    kind === 'LoadBalancer' && owned && !covered.has(unit) && serves.some((service) => refused.has(service))
      ? [unit]
      : [],
  );
  return [...new Set(units)].flatMap((unit) => keepUnit(unit, present));
}

function settingsOf(value: unknown): ServiceOptions {
  if (typeof value !== 'object' || value === null) return nothing;
  const known = reads.get(value);
  if (known !== undefined) return known;
  const parsed = serviceOptions.parse(value);
  reads.set(value, parsed);
  return parsed;
}

function remembered(group: FrontGroup, build: Omit<Build, 'refuse' | 'warn'>, input: ModelInput): GroupResult {
  const [first] = group.services;
  if (first === undefined) return groupResult(group, build);
  const known = made.get(first);
  const inputs = [
    group.key,
    ...group.listeners,
    ...group.services,
    ...group.services.map(({ id }) => input.settings.get(id)),
  ];
  for (const service of group.services)
    for (const arn of filledBy(build.settings(service), build.environment)) inputs.push(build.holders.get(arn));
  inputs.push(
    build.balancer,
    build.options,
    build.environment,
    build.incomplete,
    ...(usesNodes(group) ? [build.nodes] : []),
  );
  const { present } = build;
  const seen = ({ unit }: GroupResult) => [
    ...present.inUnit(unit),
    ...present.strangers(unit),
    ...present.others(unit),
  ];
  if (known !== undefined && same(known.inputs, [...inputs, ...seen(known.result)])) return known.result;
  const result = groupResult(group, build);
  made.set(first, { inputs: [...inputs, ...seen(result)], result });
  return result;
}

function usesNodes({ services }: FrontGroup): boolean {
  return services.some(({ backends }) =>
    Object.values(backends).some(({ targetKind }: Backend) => targetKind === 'instance'),
  );
}

function same(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}
