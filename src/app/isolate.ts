import { type ExportedService, type Problem, type Sliced, shown } from '../model/index.ts';

export interface Isolated<T> {
  readonly made: T;
  /** One for each service that could not be worked on. */
  readonly problems: readonly Problem[];
  /** Services of which there is no version that could be worked on. */
  readonly without: readonly ExportedService[];
}

/**
 * The last net below code that promises not to throw: a service at which `make` fails is taken in the version that it did not fail at,
 * else left out, and told. Costs nothing while nothing fails. What fails with all services together and with none alone is thrown.
 */
export function createIsolation<T>(
  make: (services: readonly ExportedService[]) => Sliced<T>,
): (services: readonly ExportedService[]) => Sliced<Isolated<T>> {
  let proven: readonly ExportedService[] = [];
  /** Remembered while they last, so that they are looked for once. */
  let failures: ReadonlyMap<ExportedService, unknown> = new Map();

  function* findCulprits(services: readonly ExportedService[], error: unknown): Sliced<void> {
    const found = new Map<ExportedService, unknown>();
    for (const service of services) {
      try {
        yield* make([service]);
      } catch (own) {
        found.set(service, own);
      }
    }
    if (found.size === 0) throw error;
    failures = new Map([...failures, ...found]);
  }

  function* makeWithout(services: readonly ExportedService[]): Sliced<Isolated<T>> {
    const before = new Map(proven.map((service) => [service.id, service]));
    const problems: Problem[] = [];
    const without: ExportedService[] = [];
    const usable = services.flatMap((service) => {
      if (!failures.has(service)) return [service];
      const known = before.get(service.id);
      const good = known === undefined || failures.has(known) ? [] : [known];
      if (good.length === 0) without.push(service);
      problems.push(problemOf(service, failures.get(service), good.length > 0));
      return good;
    });
    try {
      const made = yield* make(usable);
      proven = usable;
      return { made, problems, without };
    } catch (error) {
      yield* findCulprits(usable, error);
      return yield* makeWithout(services);
    }
  }

  return function* (services) {
    try {
      // All of them each time: what a service failed at may have been something else that is mended now.
      const made = yield* make(services);
      proven = services;
      failures = new Map();
      return { made, problems: [], without: [] };
    } catch (error) {
      const known = new Map([...failures].filter(([service]) => services.includes(service)));
      failures = known;
      if (known.size === 0) yield* findCulprits(services, error);
      return yield* makeWithout(services);
    }
  };
}

function problemOf(service: ExportedService, error: unknown, kept: boolean): Problem {
  const { kind, namespace, name, file, line } = service.origin;
  const source = shown(`${kind}/${namespace}/${name}`);
  const reason = shown(error instanceof Error ? error.message : String(error));
  const after = kept ? 'the service stays as it was' : 'the service is left out, and what exists of it is left alone';
  return {
    code: 'E_BUG',
    severity: 'error',
    source,
    service: service.id,
    message: `weir itself failed at ${source}: ${reason}; ${after}, everything else goes on. Please report it`,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}
