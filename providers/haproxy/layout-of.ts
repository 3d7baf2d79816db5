import type { Resource } from '../../src/model/index.ts';
import type { Answer } from './attrs.ts';
import { readBackend } from './attrs.ts';
import type { Bind, CrtEntry, Layout, MapFile, Section } from './layout.ts';
import { type FrontendPart, frontendPart } from './layout-frontend.ts';
import type { Lead } from './layout-routes.ts';
import { defaultConnections, type Options } from './options.ts';
import { answerSection, plainAnswers } from './section-answer.ts';
import { authorityOf, backendSection } from './section-backend.ts';
import { defaultsSection, globalSection } from './section-global.ts';
import type { Profile } from './section-profile.ts';

/**
 * What the process shall be, from resources as `model` makes them. Pure and quick for a state of which little changed: sections and maps
 * are the same objects while their resources are. `options.ipv6`: `auto` counts as on; who knows the kernel passes `off`.
 */
export function layoutOf(resources: readonly Resource[], options: Options): Layout {
  const parts = frontendParts(resources, options);
  const wishes = collectWishes(parts);
  const sections: Record<'http' | 'tcp', Section[]> = { http: [], tcp: [] };
  const certs = new Map<string, string>();
  let checked = 0;
  for (const part of parts) sections[part.mode].push(part.section);
  for (const resource of resources) {
    if (resource.kind !== 'Backend') continue;
    const profiles = [...(wishes.backends.get(resource.id)?.values() ?? [])];
    const section = backendSection(resource, { profiles, secure: !wishes.plain.has(resource.id) });
    const { mode, check } = readBackend(resource);
    sections[mode].push(section);
    if (check !== undefined) checked += section.servers?.size ?? 0;
    const authority = authorityOf(resource);
    if (authority !== undefined) certs.set(authority.path, authority.sha256);
  }
  for (const { answer, profiles } of wishes.answers.values()) {
    sections.http.push(answerSection(answer, options.httpsRedirectPort, [...profiles.values()]));
  }
  sections.http.push(...plainAnswers);
  const binds = parts.flatMap((part): readonly Bind[] => part.binds);
  return {
    sections: [
      globalSection(options),
      defaultsSection('http', options),
      ...sections.http,
      defaultsSection('tcp', options),
      ...sections.tcp,
    ],
    maps: joined(parts, (part): ReadonlyMap<string, MapFile> => part.maps),
    certs: new Map([...certs, ...joined(parts, (part): ReadonlyMap<string, string> => part.certs)]),
    crtLists: joined(parts, (part): ReadonlyMap<string, readonly CrtEntry[]> => part.crtLists),
    binds,
    descriptors: descriptorsOf(options, binds.length, checked),
  };
}

function frontendParts(resources: readonly Resource[], options: Options): readonly FrontendPart[] {
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
  return frontends.map((resource) => frontendPart(resource, routes.get(resource.id) ?? [], options));
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
