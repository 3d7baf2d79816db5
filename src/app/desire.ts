import { type Merged, mergeSliced } from '../front/index.ts';
import {
  type Environment,
  type ExportedService,
  type FrontGroup,
  type ModelInput,
  type ModelResult,
  type NetworkOfBalancer,
  type Observed,
  type Policy,
  type Problem,
  type Provider,
  type Resource,
  type ServiceId,
  type Sliced,
  untold,
} from '../model/index.ts';
import { Remade, sameItems } from '../model/remade.ts';
import type { Want, Wanted } from '../run/index.ts';
import { createIsolation } from './isolate.ts';
import { OwnListeners } from './own-listeners.ts';
import { readSettings } from './read-settings.ts';

/** What one balancer shall hold, and the merged services that it was made from. */
export interface Desired extends Want {
  readonly groups: readonly FrontGroup[];
}

export type Desire = (
  wanted: Pick<Wanted, 'services' | 'nodes' | 'network'> & Partial<Pick<Wanted, 'incomplete'>>,
  environment: Environment,
  present: readonly Observed[],
) => Sliced<Desired>;

/**
 * From services to normalised resources, for one balancer: settings parsed, services merged, modelled, normalised. One at a time.
 * Data in, data out; what it remembers only lets unchanged parts stay the same objects, and keeps a service as it was
 * while its new settings cannot be used.
 */
export function createDesire(
  balancer: string,
  node: string,
  provider: Provider,
  options: unknown,
  others: OwnListeners = new OwnListeners(),
  policy?: () => Policy,
): Desire {
  const normal = new Remade<Resource, Resource>();
  const read = createReading(provider);
  let before: Merged | undefined;
  let usable: readonly ExportedService[] = [];

  let rest: Pick<ModelInput, 'nodes' | 'environment' | 'settings' | 'present' | 'incomplete'> & NetworkOfBalancer;
  const modelAll = createIsolation(function* (wanted) {
    const merged = yield* mergeSliced(wanted, provider.capabilities, before);
    yield;
    others.listens(balancer, provider.listens?.(options) ?? [], merged.groups);
    const input: ModelInput = {
      balancer,
      node,
      groups: merged.groups,
      ...rest,
      own: others.beside(balancer),
      policy: policy?.(),
    };
    const modelled = yield* modelOf(provider, input, options);
    yield;
    const resources = normal.of(modelled.resources, (resource) => provider.normalize(resource));
    return { merged, resources, problems: modelled.problems, provisional: modelled.provisional === true };
  });

  return function* ({ services, nodes, network, incomplete }, environment, present) {
    const { kept, settings, problems, withheld } = read(services);
    yield;
    usable = sameItems(kept, usable) ? usable : kept;
    rest = {
      nodes,
      ...network,
      environment,
      settings,
      present,
      incomplete: withheld.length > 0 || (incomplete !== undefined && mayMiss(incomplete, present)),
    };
    const { made, problems: failures, without } = yield* modelAll(usable);
    before = made.merged;
    return {
      resources: made.resources,
      problems: [...problems, ...failures, ...made.merged.problems, ...made.problems],
      withheld: new Set([...withheld, ...without.map(({ id }) => id)]),
      groups: made.merged.groups,
      ...(made.provisional ? { provisional: true } : {}),
    };
  };
}

function* modelOf(provider: Provider, input: ModelInput, options: unknown): Sliced<ModelResult> {
  return provider.modelSliced === undefined
    ? provider.model(input, options)
    : yield* provider.modelSliced(input, options);
}

/** There may be services of which nobody can tell, or something is there of one that is held back. */
function mayMiss(incomplete: (service: ServiceId) => boolean, present: ModelInput['present']): boolean {
  return incomplete(untold) || present.some(({ serves }) => serves.some(incomplete));
}

/** A service with settings that can be used. */
interface Usable {
  readonly service: ExportedService;
  readonly value: unknown;
}

interface Reading {
  readonly id: ServiceId;
  /** The version to be served: this one, or the last good one. */
  readonly good: Usable | undefined;
  readonly problems: readonly Problem[];
}

/** The services with their settings; while new settings of a service cannot be used, the version before them. */
interface Readable {
  readonly kept: readonly ExportedService[];
  readonly settings: ReadonlyMap<ServiceId, unknown>;
  readonly problems: readonly Problem[];
  /** Of whom no version can be used. */
  readonly withheld: readonly ServiceId[];
}

function createReading(provider: Provider): (services: readonly ExportedService[]) => Readable {
  const results = new Remade<ExportedService, Reading>();
  const lastGood = new Map<ServiceId, Usable>();

  const readOne = (service: ExportedService): Reading => {
    const { id } = service;
    const result = readSettings(service, provider);
    if (result.ok) lastGood.set(id, { service, value: result.value });
    // Serving it without what could not be read might open what was meant to be closed.
    return { id, good: lastGood.get(id), problems: result.ok ? [] : result.problems };
  };

  return (services) => {
    const problems: Problem[] = [];
    const withheld: ServiceId[] = [];
    const settings = new Map<ServiceId, unknown>();
    const kept: ExportedService[] = [];
    for (const { id, problems: told, good } of results.of(services, readOne)) {
      problems.push(...told);
      if (good === undefined) withheld.push(id);
      else {
        settings.set(id, good.value);
        kept.push(good.service);
      }
    }
    if (lastGood.size > settings.size) for (const id of lastGood.keys()) if (!settings.has(id)) lastGood.delete(id);
    return { kept, settings, problems, withheld };
  };
}
