import {
  atOnce,
  type FrontGroup,
  inStrides,
  type ModelInput,
  type ModelResult,
  type Node,
  type Problem,
  type Resource,
  type Sliced,
} from '../../src/model/index.ts';
import { type BackendUse, buildBackend } from './model-backend.ts';
import { modelGroup } from './model-group.ts';
import { keptPorts } from './model-kept.ts';
import { keep, type Memo, memoOf, prune } from './model-memo.ts';
import { problemOf } from './model-problem.ts';
import { monitorResource, settingsResource, statsResource } from './model-settings.ts';
import { type Options, type ServiceOptions, serviceOptionsSchema } from './options.ts';
import { type OwnTargets, ownTargets } from './own-targets.ts';

/**
 * The merged services as resources of one HAProxy. Pure. A service that cannot be served as it asks is a problem and nothing else; while
 * the input objects are the same, the same resource objects come back.
 */
export function model(input: ModelInput, options: Options): ModelResult {
  return atOnce(modelSliced(input, options));
}

/** As `model`, with places to be held up. */
export function* modelSliced(input: ModelInput, options: Options): Sliced<ModelResult> {
  const unit = `${input.balancer}@${input.node}`;
  const memo = memoOf(options, unit);
  memo.settings ??= settingsResource(unit, options);
  const resources: Resource[] = [memo.settings];
  const problems: Problem[] = [];
  const uses = new Map<string, BackendUse>();
  const kept = keptPorts(options);
  for (const group of input.groups) {
    const part = yield* modelGroup(group, unit, memo, kept, isBrought(group, input));
    for (const resource of part.resources) resources.push(resource);
    for (const problem of part.problems) problems.push(problem);
    for (const use of part.uses) if (!uses.has(use.id)) uses.set(use.id, use);
  }
  if (options.monitor !== undefined) resources.push(monitorResource(unit, options.monitor));
  if (options.stats !== undefined) resources.push(statsResource(unit, options.stats));
  const own = ownTargets(resources, options, addressesOf(input), input.own ?? []);
  const context: BackendInput = { input, options, unit, memo, nodes: indexNodes(input.nodes), own };
  yield* inStrides(uses.values(), (use) => resources.push(backendResource(use, context, problems)));
  prune(memo, resources);
  return { resources, problems };
}

interface BackendInput {
  readonly input: ModelInput;
  readonly options: Options;
  readonly unit: string;
  readonly memo: Memo;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly own: OwnTargets;
}

/** Another balancer of this weir has to do with its addresses, too: it announces them, and they may come after HAProxy. */
function isBrought({ addresses, services }: FrontGroup, { shared }: ModelInput): boolean {
  return addresses.length > 0 && shared !== undefined && services.some(({ id }) => shared.has(id));
}

/** Addresses of this machine, where somebody has looked. */
function addressesOf({ environment: { addresses } }: ModelInput): readonly string[] {
  return Array.isArray(addresses) ? addresses.filter((one) => typeof one === 'string') : [];
}

function backendResource(use: BackendUse, context: BackendInput, problems: Problem[]): Resource {
  const { input, options, unit, memo, nodes } = context;
  const raw = input.settings.get(use.service.id);
  const memos = memo.backends[use.mode];
  let part = memos.get(use.backend);
  const same =
    part !== undefined &&
    part.use.id === use.id &&
    part.use.front === use.front &&
    part.settings === raw &&
    (use.backend.targetKind === 'ip' || part.nodes === input.nodes);
  if (part === undefined || !same) {
    const built = buildBackend(use, { unit, options, settings: settingsOf(raw), nodes });
    const result = { ...built, resource: keep(memo, built.resource) };
    part = { use, settings: raw, nodes: input.nodes, result };
    memos.set(use.backend, part);
  }
  for (const fault of part.result.faults) problems.push(problemOf(use.service, fault));
  const apart = context.own.of(part.result.resource);
  if (apart === undefined) return part.result.resource;
  const field = `backends[${JSON.stringify(use.name)}].targets`;
  for (const fault of apart.faults) problems.push(problemOf(use.service, { ...fault, field }));
  return keep(memo, apart.resource);
}

const noSettings: ServiceOptions = {};

/** They were judged with this schema before; what does not fit it now is treated as absent. */
function settingsOf(raw: unknown): ServiceOptions {
  if (raw === undefined) return noSettings;
  const parsed = serviceOptionsSchema.safeParse(raw);
  return parsed.success ? parsed.data : noSettings;
}

const indexes = new WeakMap<readonly Node[], ReadonlyMap<string, Node>>();

/** Machines by instance id and by name. */
function indexNodes(nodes: readonly Node[]): ReadonlyMap<string, Node> {
  let index = indexes.get(nodes);
  if (index === undefined) {
    const made = new Map<string, Node>();
    for (const node of nodes) made.set(node.name, node);
    for (const node of nodes) if (node.instanceId !== undefined) made.set(node.instanceId, node);
    indexes.set(nodes, made);
    index = made;
  }
  return index;
}
