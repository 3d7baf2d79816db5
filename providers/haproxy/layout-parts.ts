/** What a layout is put together from, kept from one to the next: mostly the servers of a few backends are all that changes. */
import { atOnce, type Resource, type Sliced } from '../../src/model/index.ts';
import { Remade, sameItems } from '../../src/model/remade.ts';
import { type Answer, readBackend, readFrontend } from './attrs.ts';
import type { MapFile, Section } from './layout.ts';
import { type FrontendPart, frontendPart } from './layout-frontend.ts';
import { handedHosts, pairedFrontends } from './layout-pairs.ts';
import { sharedFrontends, sharedPart, takenPorts } from './layout-ports.ts';
import type { Lead, Spares } from './layout-routes.ts';
import { ownName } from './names.ts';
import { directoryOf, type Options } from './options.ts';
import { answerSection, plainAnswers } from './section-answer.ts';
import { authorityOf, backendSection } from './section-backend.ts';
import { defaultsSection, globalSection } from './section-global.ts';
import { peersSection, tableLine, tableName } from './section-guard.ts';
import { loggedName } from './section-log.ts';
import { plainTemplates } from './section-plain.ts';
import type { Profile } from './section-profile.ts';
import { readerSections } from './section-stats.ts';
import { authSections } from './section-users.ts';
import type { Taken } from './spare-maps.ts';
import { spareShapes, templateSection } from './spare-shape.ts';

/** One Backend with everything that it alone needs. */
export interface BackendPart extends Taken {
  readonly mode: 'http' | 'tcp';
  /** The spare that stands for its own section. */
  readonly spare: string | undefined;
  readonly section: Section;
  readonly authority: ReturnType<typeof authorityOf>;
  /** Servers with a running check. */
  readonly checked: number;
  /** What the log calls it. */
  readonly logged: string | undefined;
}

interface Fronts {
  /** Of these: frontends, routes, settings. */
  readonly resources: readonly Resource[];
  readonly spares: Spares;
  readonly parts: readonly FrontendPart[];
  readonly wishes: Wishes;
  /** Sections that they need beside their own: answers, counters, users. */
  readonly rest: readonly Section[];
  /** Backends that some route asks a treatment of, by id. */
  readonly treated: ReadonlySet<string>;
  readonly backends: Remade<Resource, BackendPart>;
}

export interface LayoutParts extends Pick<Fronts, 'parts' | 'rest' | 'treated'> {
  readonly backends: readonly BackendPart[];
}

/** Sections that the options alone decide. */
export type Frame = ReturnType<typeof frameOf>;

function frameOf(options: Options) {
  const base = { http: defaultsSection('http', options), tcp: defaultsSection('tcp', options) };
  return {
    ...base,
    global: globalSection(options),
    templates: [
      ...spareShapes.map((shape) => templateSection(shape, options, base[shape.mode])),
      ...plainTemplates(base.http),
    ],
    readers: readerSections(options),
  };
}

/** The parts of the last layout under some options. */
export class LayoutMemory {
  readonly frame: Frame;
  readonly #options: Options;
  #fronts: Fronts | undefined;
  #logged: readonly string[] = [];
  #serviceMap: MapFile = { match: 'str', entries: new Map() };

  constructor(options: Options) {
    this.#options = options;
    this.frame = frameOf(options);
  }

  partsOf(resources: readonly Resource[], spares: Spares): LayoutParts {
    return atOnce(this.partsSliced(resources, spares));
  }

  *partsSliced(resources: readonly Resource[], spares: Spares): Sliced<LayoutParts> {
    const others = resources.filter(({ kind }) => kind !== 'Backend');
    const fronts =
      this.#fronts?.spares === spares && sameItems(this.#fronts.resources, others)
        ? this.#fronts
        : yield* this.#make(others, spares);
    this.#fronts = fronts;
    const { parts, wishes, rest, treated } = fronts;
    const backends = fronts.backends.of(
      resources.filter(({ kind }) => kind === 'Backend'),
      (resource) => backendPart(resource, wishes, spares),
    );
    return { parts, rest, treated, backends };
  }

  *#make(resources: readonly Resource[], spares: Spares): Sliced<Fronts> {
    const parts = yield* frontendParts(resources, this.#options, spares);
    yield;
    const wishes = collectWishes(parts);
    yield;
    const answers = [...wishes.answers.values()].map(({ answer, profiles }) =>
      answerSection(answer, this.#options.httpsRedirectPort, [...profiles.values()]),
    );
    const rest = [...answers, ...plainAnswers, ...tableSections(parts, this.#options)];
    // What the ways to a backend ask of it may be another thing now: no part of one is kept.
    return { resources, spares, parts, wishes, rest, treated: new Set(wishes.backends.keys()), backends: new Remade() };
  }

  /** What the log calls each section; the same map while it says the same. */
  serviceMap(backends: readonly BackendPart[]): MapFile {
    const logged: string[] = [];
    for (const { own, spare, logged: name } of backends) if (name !== undefined) logged.push(spare ?? own, name);
    if (!sameItems(this.#logged, logged)) {
      const entries = new Map<string, string>();
      for (const { own, spare, logged: name } of backends) if (name !== undefined) entries.set(spare ?? own, name);
      this.#serviceMap = { match: 'str', entries };
      this.#logged = logged;
    }
    return this.#serviceMap;
  }
}

function backendPart(resource: Resource, wishes: Wishes, spares: Spares): BackendPart {
  const { mode, check } = readBackend(resource);
  const own = ownName(resource);
  const secure = !wishes.plain.has(resource.id);
  const profiles = [...(wishes.backends.get(resource.id)?.values() ?? [])];
  const [service = ''] = resource.serves;
  return {
    resource,
    mode,
    own,
    secure,
    spare: spares.get(own),
    section: backendSection(resource, { profiles, secure }),
    authority: authorityOf(resource),
    checked: check === undefined ? 0 : (resource.sets.servers?.size ?? 0),
    logged: loggedName(service, resource.id),
  };
}

function* frontendParts(
  resources: readonly Resource[],
  options: Options,
  spares: Spares,
): Sliced<readonly FrontendPart[]> {
  const routes = new Map<string, Resource[]>();
  const frontends: Resource[] = [];
  for (const resource of resources) {
    if (resource.kind === 'Frontend') frontends.push(resource);
    else if (resource.kind === 'Route' && resource.refs.frontend !== undefined) {
      const list = routes.get(resource.refs.frontend);
      if (list === undefined) routes.set(resource.refs.frontend, [resource]);
      else list.push(resource);
    }
  }
  const taken = takenPorts(resources);
  const shared = new Set(sharedFrontends(frontends, options, taken));
  const others = frontends.filter((resource) => !shared.has(resource));
  const ports = sharedPart([...shared], others, options, spares, taken);
  const parts: FrontendPart[] = [];
  for (const resource of pairedFrontends(others)) {
    const own = routes.get(resource.id) ?? [];
    const { beside } = readFrontend(resource);
    const handed = beside === undefined ? [] : handedHosts(own, routes.get(beside) ?? []);
    parts.push(yield* frontendPart(resource, own, options, spares, handed));
  }
  return ports === undefined ? parts : [...parts, ports];
}

/** The counters that rate limits need, the way on which they go over to the next worker, and the users that may log in. */
function tableSections(parts: readonly FrontendPart[], options: Options): readonly Section[] {
  const tables = new Map<string, Section>();
  for (const { leads } of parts) {
    for (const { profile } of leads) {
      for (const filter of profile?.filters ?? []) {
        const made =
          filter.type === 'rateLimit'
            ? [{ head: `backend ${tableName(filter)}`, lines: [tableLine(filter)] }]
            : filter.type === 'basicAuth'
              ? authSections(filter)
              : [];
        for (const section of made) if (!tables.has(section.head)) tables.set(section.head, section);
      }
    }
  }
  const counts = [...tables.keys()].some((head) => head.startsWith('backend '));
  return [...(counts ? [peersSection(directoryOf(options))] : []), ...tables.values()];
}

interface Wishes {
  /** Backend id → profiles of the routes that lead there, by name. */
  readonly backends: ReadonlyMap<string, ReadonlyMap<string, Profile>>;
  /** Backends that clients reach without TLS. */
  readonly plain: ReadonlySet<string>;
  readonly answers: ReadonlyMap<string, { readonly answer: Answer; readonly profiles: ReadonlyMap<string, Profile> }>;
}

function collectWishes(parts: readonly FrontendPart[]): Wishes {
  const backends = new Map<string, Map<string, Profile>>();
  const answers = new Map<string, { answer: Answer; profiles: Map<string, Profile> }>();
  const collect = ({ target, profile, answer, backends: ids }: Lead): void => {
    if (answer !== undefined) {
      const known = answers.get(target) ?? { answer, profiles: new Map<string, Profile>() };
      answers.set(target, known);
      if (profile !== undefined) known.profiles.set(profile.name, profile);
    }
    if (profile === undefined) return;
    for (const id of ids) {
      const known = backends.get(id) ?? new Map<string, Profile>();
      backends.set(id, known);
      known.set(profile.name, profile);
    }
  };
  const plain = new Set<string>();
  for (const part of parts) {
    part.leads.forEach(collect);
    if (!part.tls) for (const lead of part.leads) for (const id of lead.backends) plain.add(id);
  }
  return { backends, plain, answers };
}
