import { merge } from '../front/index.ts';
import type {
  Environment,
  ExportedService,
  FrontGroup,
  ModelInput,
  Observed,
  Problem,
  Provider,
  Resource,
  ServiceId,
} from '../model/index.ts';
import type { Want, Wanted } from '../run/index.ts';
import { createIsolation } from './isolate.ts';
import { type ReadSettings, readSettings } from './read-settings.ts';

/** What one balancer shall hold, and the merged services that it was made from. */
export interface Desired extends Want {
  readonly groups: readonly FrontGroup[];
}

export type Desire = (
  wanted: Pick<Wanted, 'services' | 'nodes'>,
  environment: Environment,
  present: readonly Observed[],
) => Desired;

/**
 * From services to normalised resources, for one balancer: settings parsed, services merged, modelled, normalised.
 * Data in, data out; what it remembers only lets unchanged parts stay the same objects, and keeps a service as it was
 * while its new settings cannot be used.
 */
export function createDesire(balancer: string, node: string, provider: Provider, options: unknown): Desire {
  const parsed = new WeakMap<ExportedService, ReadSettings>();
  const normal = new WeakMap<Resource, Resource>();
  const lastGood = new Map<ServiceId, { readonly service: ExportedService; readonly value: unknown }>();
  let before: ReturnType<typeof merge> | undefined;
  let usable: readonly ExportedService[] = [];

  const read = (service: ExportedService): ReadSettings => {
    const known = parsed.get(service);
    if (known !== undefined) return known;
    const fresh = readSettings(service, provider);
    parsed.set(service, fresh);
    return fresh;
  };

  /** Normal forms are remembered by object: what is already normal is not walked again. */
  const normalize = (resource: Resource): Resource => {
    const known = normal.get(resource);
    if (known !== undefined) return known;
    const made = provider.normalize(resource);
    normal.set(resource, made);
    return made;
  };

  let rest: Pick<ModelInput, 'nodes' | 'environment' | 'settings' | 'present'>;
  const modelAll = createIsolation((wanted) => {
    const merged = merge(wanted, provider.capabilities, before);
    const modelled = provider.model({ balancer, node, groups: merged.groups, ...rest }, options);
    return { merged, resources: modelled.resources.map(normalize), problems: modelled.problems };
  });

  return ({ services, nodes }, environment, present) => {
    const problems: Problem[] = [];
    const withheld = new Set<ServiceId>();
    const settings = new Map<ServiceId, unknown>();
    const kept: ExportedService[] = [];
    for (const service of services) {
      const result = read(service);
      if (!result.ok) problems.push(...result.problems);
      let good = lastGood.get(service.id);
      if (result.ok && good?.service !== service) {
        good = { service, value: result.value };
        lastGood.set(service.id, good);
      }
      // Serving it without what could not be read might open what was meant to be closed.
      if (good === undefined) withheld.add(service.id);
      else {
        settings.set(service.id, good.value);
        kept.push(good.service);
      }
    }
    if (lastGood.size > settings.size) for (const id of lastGood.keys()) if (!settings.has(id)) lastGood.delete(id);
    usable = kept.length === usable.length && kept.every((service, i) => service === usable[i]) ? usable : kept;
    rest = { nodes, environment, settings, present };
    const { made, problems: failures, without } = modelAll(usable);
    for (const { id } of without) withheld.add(id);
    before = made.merged;
    return {
      resources: made.resources,
      problems: [...problems, ...failures, ...made.merged.problems, ...made.problems],
      withheld,
      groups: made.merged.groups,
    };
  };
}
