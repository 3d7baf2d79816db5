import type { Resource } from '../../src/model/index.ts';
import type { Answer } from './attrs.ts';
import { readBackend } from './attrs.ts';
import type { Bind, CrtEntry, Layout, MapFile, Section } from './layout.ts';
import { type FrontendPart, frontendPart } from './layout-frontend.ts';
import type { Lead, Spares } from './layout-routes.ts';
import { backendName, ownName } from './names.ts';
import { defaultConnections, directoryOf, type Options } from './options.ts';
import { answerSection, plainAnswers } from './section-answer.ts';
import { authorityOf, backendSection } from './section-backend.ts';
import { defaultsSection, globalSection } from './section-global.ts';
import { peersSection, tableLine, tableName } from './section-guard.ts';
import { isNaming, loggedName, servicesPath } from './section-log.ts';
import type { Profile } from './section-profile.ts';
import { readerSections } from './section-stats.ts';
import { authSections } from './section-users.ts';
import { spareMaps, type Taken } from './spare-maps.ts';
import { ownerSection, shapeOfSpare, spareSection } from './spare-shape.ts';

/**
 * What the process shall be, from resources as `model` makes them. Pure and quick for a state of which little changed: sections and maps
 * are the same objects while their resources are. `options.ipv6`: `auto` counts as on; who knows the kernel passes `off`.
 */
export function layoutOf(resources: readonly Resource[], options: Options, places: Places = noPlaces): Layout {
  return buildLayout(resources, options, places).layout;
}

/** Which backends are spares, and which spares there are. */
export interface Places {
  readonly spares: Spares;
  /** Names of all spares of the process, taken and free. */
  readonly standing: readonly string[];
}

export const noPlaces: Places = { spares: new Map(), standing: [] };

export interface BuiltLayout {
  readonly layout: Layout;
  /** Backends that some route asks a treatment of, by id: no spare has it. */
  readonly treated: ReadonlySet<string>;
}

/** `layoutOf` with what a choice of places needs to know. */
export function buildLayout(resources: readonly Resource[], options: Options, places: Places): BuiltLayout {
  const parts = frontendParts(resources, options, places.spares);
  const wishes = collectWishes(parts);
  const taken = new Map<string, Taken>();
  const sections: Record<'http' | 'tcp', Section[]> = { http: [], tcp: [] };
  const certs = new Map<string, string>();
  let checked = 0;
  const services = new Map<string, string>();
  sections.http.push(...readerSections(options));
  for (const part of parts) sections[part.mode].push(part.section);
  for (const resource of resources) {
    if (resource.kind !== 'Backend') continue;
    const { mode, check } = readBackend(resource);
    if (check !== undefined) checked += resource.sets.servers?.size ?? 0;
    const own = places.spares.size === 0 ? '' : ownName(resource);
    const spare = places.spares.get(own);
    const [service = ''] = resource.serves;
    const logged = loggedName(service, resource.id);
    if (logged !== undefined) services.set(spare ?? backendName(resource.id), logged);
    if (spare !== undefined) {
      taken.set(spare, { resource, own, secure: !wishes.plain.has(resource.id) });
      continue;
    }
    const profiles = [...(wishes.backends.get(resource.id)?.values() ?? [])];
    sections[mode].push(backendSection(resource, { profiles, secure: !wishes.plain.has(resource.id) }));
    const authority = authorityOf(resource);
    if (authority !== undefined) certs.set(authority.path, authority.sha256);
  }
  for (const { answer, profiles } of wishes.answers.values()) {
    sections.http.push(answerSection(answer, options.httpsRedirectPort, [...profiles.values()]));
  }
  sections.http.push(...plainAnswers, ...tableSections(parts, options));
  if (places.standing.length > 0) sections.http.push(ownerSection);
  for (const name of places.standing) {
    const shape = shapeOfSpare(name);
    if (shape !== undefined) sections[shape.mode].push(spareSection(name, shape, options, taken.get(name)?.resource));
  }
  const binds = parts.flatMap((part): readonly Bind[] => part.binds);
  const named: readonly [string, MapFile][] = isNaming(options)
    ? [[servicesPath, { match: 'str', entries: services }]]
    : [];
  const maps = new Map([...joined(parts, (part): ReadonlyMap<string, MapFile> => part.maps), ...named]);
  const layout = {
    sections: [
      globalSection(options),
      defaultsSection('http', options),
      ...sections.http,
      defaultsSection('tcp', options),
      ...sections.tcp,
    ],
    // No process that lacks the spares has loaded their maps.
    maps: places.standing.length === 0 ? maps : new Map([...spareMaps(taken), ...maps]),
    certs: new Map([...certs, ...joined(parts, (part): ReadonlyMap<string, string> => part.certs)]),
    crtLists: joined(parts, (part): ReadonlyMap<string, readonly CrtEntry[]> => part.crtLists),
    binds,
    descriptors: descriptorsOf(options, binds.length, checked),
  };
  return { layout, treated: new Set(wishes.backends.keys()) };
}

function frontendParts(resources: readonly Resource[], options: Options, spares: Spares): readonly FrontendPart[] {
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
  return frontends.map((resource) => frontendPart(resource, routes.get(resource.id) ?? [], options, spares));
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

function joined<T>(
  parts: readonly FrontendPart[],
  pick: (part: FrontendPart) => ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  const all = new Map<string, T>();
  for (const part of parts) for (const [path, one] of pick(part)) if (!all.has(path)) all.set(path, one);
  return all;
}

/** Each connection has two ends; listeners, running checks, pollers and pipes of the threads come on top, and a reserve for the rest. */
function descriptorsOf(options: Options, listeners: number, checked: number): number {
  const threads = options.threads ?? 64;
  return (options.maxConnections ?? defaultConnections) * 2 + listeners + checked + threads * 3 + 100;
}
