import { inStrides, type Resource, type Sliced } from '../../src/model/index.ts';
import type { Bind, CrtEntry, Layout, MapFile, Section } from './layout.ts';
import type { FrontendPart } from './layout-frontend.ts';
import { loadedMaps } from './layout-maps.ts';
import { LayoutMemory } from './layout-parts.ts';
import { prepareRoute, type Spares } from './layout-routes.ts';
import { defaultConnections, type Options } from './options.ts';
import { isNaming, servicesPath } from './section-log.ts';
import { plainSection } from './section-plain.ts';
import { spareMaps, type Taken } from './spare-maps.ts';
import { ownerSection, shapeOfSpare, spareSection } from './spare-shape.ts';

/**
 * What the process shall be, from resources as `model` makes them. Pure and quick for a state of which little changed: sections and maps
 * are the same objects while their resources are. `options.ipv6`: `auto` counts as on; who knows the kernel passes `off`.
 */
export function layoutOf(resources: readonly Resource[], options: Options, places: Places = noPlaces): Layout {
  return buildLayout(resources, options, places).layout;
}

/** Backends made between two turns of others. */
const stride = 128;

/** Makes the parts that a first layout needs, with places to be held up: `buildLayout` finds them made. */
export function* prepareLayout(resources: readonly Resource[], options: Options): Sliced<void> {
  const memory = memoryOf(options);
  const backends = resources.filter(({ kind }) => kind === 'Backend');
  const others = resources.filter(({ kind }) => kind !== 'Backend');
  yield* inStrides(others, (one) => {
    if (one.kind === 'Route') prepareRoute(one, options.httpsRedirectPort);
  });
  yield* memory.partsSliced(others, noPlaces.spares);
  for (let count = stride; count < backends.length + stride; count += stride) {
    memory.partsOf([...others, ...backends.slice(0, count)], noPlaces.spares);
    yield;
  }
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

const memories = new WeakMap<Options, LayoutMemory>();

function memoryOf(options: Options): LayoutMemory {
  const memory = memories.get(options) ?? new LayoutMemory(options);
  memories.set(options, memory);
  return memory;
}

/** `layoutOf` with what a choice of places needs to know. */
export function buildLayout(resources: readonly Resource[], options: Options, places: Places): BuiltLayout {
  const memory = memoryOf(options);
  const { parts, backends, rest, treated } = memory.partsOf(resources, places.spares);
  const { frame } = memory;
  const taken = new Map<string, Taken>();
  const sections: Record<'http' | 'tcp', Section[]> = { http: [], tcp: [] };
  const certs = new Map<string, string>();
  let checked = 0;
  // Where nothing is kept in reserve the file is read by people, and stays as short as what they wrote.
  const templates = places.standing.length === 0 ? [] : frame.templates;
  const refer = templates.length === 0 ? (section: Section) => section : plainSection;
  sections.http.push(...frame.readers);
  for (const part of parts) {
    sections[part.mode].push(part.section);
    if (part.handOver !== undefined) sections.tcp.push(part.handOver);
  }
  for (const part of backends) {
    checked += part.checked;
    if (part.spare === undefined) sections[part.mode].push(refer(part.section));
    else taken.set(part.spare, part);
    if (part.spare === undefined && part.authority !== undefined) certs.set(part.authority.path, part.authority.sha256);
  }
  sections.http.push(...rest);
  if (places.standing.length > 0) sections.http.push(ownerSection);
  for (const name of places.standing) {
    const shape = shapeOfSpare(name);
    if (shape !== undefined) sections[shape.mode].push(spareSection(name, shape, options, taken.get(name)?.resource));
  }
  const binds = parts.flatMap((part): readonly Bind[] => part.binds);
  const maps = joined(parts, (part): ReadonlyMap<string, MapFile> => part.maps);
  if (isNaming(options)) maps.set(servicesPath, memory.serviceMap(backends));
  // Templates stand before the settings that the other sections go by, which are the last ones above them.
  const all = [frame.global, ...templates, frame.http, ...sections.http, frame.tcp, ...sections.tcp];
  const loaded = loadedMaps(
    maps,
    parts.map(({ section }) => section),
    all,
  );
  const layout = {
    sections: all,
    // No process that lacks the spares has loaded their maps.
    maps: places.standing.length === 0 ? loaded : new Map([...spareMaps(taken), ...loaded]),
    certs: new Map([...certs, ...joined(parts, (part): ReadonlyMap<string, string> => part.certs)]),
    crtLists: joined(parts, (part): ReadonlyMap<string, readonly CrtEntry[]> => part.crtLists),
    binds,
    descriptors: descriptorsOf(options, binds.length, checked),
  };
  return { layout, treated };
}

function joined<T>(
  parts: readonly FrontendPart[],
  pick: (part: FrontendPart) => ReadonlyMap<string, T>,
): Map<string, T> {
  const all = new Map<string, T>();
  for (const part of parts) for (const [path, one] of pick(part)) if (!all.has(path)) all.set(path, one);
  return all;
}

/** Each connection has two ends; listeners, running checks, pollers and pipes of the threads come on top, and a reserve for the rest. */
function descriptorsOf(options: Options, listeners: number, checked: number): number {
  const threads = options.threads ?? 64;
  return (options.maxConnections ?? defaultConnections) * 2 + listeners + checked + threads * 3 + 100;
}
