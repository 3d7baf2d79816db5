import { readPools } from '../alloc/index.ts';
import {
  atOnce,
  type Environment,
  type PlanReport,
  type Problem,
  type RenderReport,
  WeirError,
} from '../model/index.ts';
import type { Balancer } from './balancer.ts';
import { distinctProblems } from './distinct-problems.ts';
import { parseGateDeadline } from './durations.ts';
import { reservedBy } from './pools-of.ts';
import { type CountedUnit, planReport } from './preview.ts';
import { type RenderedBalancer, renderReport } from './render.ts';
import type { Runtime } from './runtime.ts';

/** The desired state of every balancer from the sources alone; `environments` (by provider name) stand in for discovery. */
export async function render(
  runtime: Runtime,
  environments: Readonly<Record<string, Environment>>,
  signal: AbortSignal,
): Promise<RenderReport> {
  const gathered = await runtime.readSources(signal);
  const balancers = runtime.parts.balancers.map(({ name, provider, options, desire }): RenderedBalancer => {
    const { nodes, network } = gathered;
    const wanted = { services: gathered.taken.get(name) ?? [], nodes, network };
    const desired = atOnce(desire(wanted, environmentOf({ provider }, environments), []));
    const blind = environments[provider.name] === undefined;
    const problems = blind ? desired.problems.map(unlookedFor) : desired.problems;
    return { name, provider, options, desired: { ...desired, problems } };
  });
  const report = renderReport(gathered, balancers);
  return { ...report, problems: distinctProblems([...ofFeeds(runtime), ...report.problems]) };
}

/** What would be done where nothing is yet: the wanted state of `render`, planned against an empty system. Contacts nothing. */
export async function previewOffline(
  runtime: Runtime,
  environments: Readonly<Record<string, Environment>>,
  signal: AbortSignal,
): Promise<PlanReport> {
  const { balancers, planner, config } = runtime.parts;
  const gathered = await runtime.readSources(signal);
  const problems: Problem[] = [...ofFeeds(runtime), ...gathered.problems];
  const units = balancers.flatMap(({ name, provider, desire }): readonly CountedUnit[] => {
    const { nodes, network } = gathered;
    const wanted = { services: gathered.taken.get(name) ?? [], nodes, network };
    const desired = atOnce(desire(wanted, environmentOf({ provider }, environments), []));
    problems.push(...desired.problems);
    const { kinds } = provider;
    const calls = provider.calls?.bind(provider);
    const options = {
      policy: config.policy,
      gateDeadlineMs: parseGateDeadline(config),
      incomplete: (service: string) => gathered.couldExist(service) || desired.withheld.has(service),
    };
    return planner.units(kinds, desired.resources, []).map((group) => ({
      balancer: name,
      unit: group.unit,
      ...planner.plan(kinds, group.desired, [], options),
      kinds,
      ...(calls === undefined ? {} : { calls }),
      desired: group.desired.length,
    }));
  });
  return planReport(units, distinctProblems(problems), gathered.incomplete);
}

/** Everything that is wrong as far as it can be known without contacting a balancer. */
export async function validate(
  runtime: Runtime,
  environments: Readonly<Record<string, Environment>>,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const { problems } = await render(runtime, environments, signal);
  return distinctProblems([...problems, ...ofPools(runtime)]);
}

/** What is wrong with pools that no balancer takes addresses out of; otherwise who gives them tells. */
function ofPools({ gathered, parts: { config } }: Runtime): readonly Problem[] {
  if (gathered === undefined || config.balancers.some(({ fromPools }) => fromPools)) return [];
  return readPools(gathered.network.pools ?? [], reservedBy(gathered.nodes)).problems;
}

/** Nobody looked whether it is there: what was not found is no fault of the service. */
function unlookedFor(problem: Problem): Problem {
  if (problem.code !== 'E_DISCOVERY') return problem;
  const message = `${problem.message}. Nothing was asked: only the account, or --environment FILE, can tell`;
  return { ...problem, severity: 'warning', message };
}

function ofFeeds(runtime: Runtime): readonly Problem[] {
  return runtime.parts.feeds.flatMap((feed) => feed.problems);
}

function environmentOf(
  { provider }: Pick<Balancer, 'provider'>,
  environments: Readonly<Record<string, Environment>>,
): Environment {
  const parsed = provider.environment.safeParse(environments[provider.name] ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = [provider.name, ...(issue?.path ?? [])].map(String).join('.');
  throw new WeirError('E_CONFIG', `environment: ${field}: ${issue?.message ?? 'not valid'}`);
}
