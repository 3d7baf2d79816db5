/**
 * The layout of resources beside what a process serves: what can be had without a reload is brought without one. Pure.
 *
 * A backend that the process has no section for takes a free spare, and stays there for as long as it lives; a section that nobody
 * needs any more stays empty until the next reload. So the sections of the file are those of the process at every moment.
 */
import type { Resource } from '../../src/model/index.ts';
import { changedSpan } from '../../src/model/remade.ts';
import type { Layout, MapFile, Section } from './layout.ts';
import { type BuiltLayout, buildLayout, noPlaces, type Places } from './layout-of.ts';
import type { Spares } from './layout-routes.ts';
import { ownName } from './names.ts';
import type { Options } from './options.ts';
import {
  isMade,
  madeName,
  type SpareShape,
  shapeFor,
  shapeOfSpare,
  spareName,
  sparePaths,
  spareShapes,
  sparesWanted,
} from './spare-shape.ts';

const backendHead = 'backend ';

/** Which backend is which spare, as a layout says. */
export function sparesOf(layout: Layout): Spares {
  const map = layout.maps.get(sparePaths.owner);
  if (map === undefined) return noSpares;
  let spares = known.get(map);
  if (spares === undefined) {
    spares = new Map([...map.entries].map(([spare, own]) => [own, spare]));
    known.set(map, spares);
  }
  return spares;
}

const noSpares = noPlaces.spares;
const known = new WeakMap<MapFile, Spares>();

/** Names of all spares of a layout, taken and free. */
export function standingSpares(layout: Layout): readonly string[] {
  return layout.sections.flatMap(({ head }) => {
    const name = head.startsWith(`${backendHead}sp_`) ? head.slice(backendHead.length) : '';
    return shapeOfSpare(name) === undefined ? [] : [name];
  });
}

export interface Placing {
  /** Spares that look free and are not, for something of their last service is still under way. */
  readonly busy: ReadonlySet<string>;
  /** The process makes backends: one that it lacks takes no spare, and what was made goes when nobody needs it. */
  readonly makes: boolean;
}

/** What a process that runs `running` can become by commands, as far as that is possible. */
export function placedLayout(
  resources: readonly Resource[],
  options: Options,
  running: Layout,
  { busy, makes }: Placing,
): Layout {
  const before = sparesOf(running);
  let standing = standingSpares(running);
  const there = new Set(standing);
  const kept = keptSpares(resources, before, makes ? undefined : there);
  const lost = [...kept.values()].filter((name) => isMade(name) && !there.has(name));
  if (lost.length > 0) standing = [...standing, ...lost];
  let spares = kept;
  let built = buildLayout(resources, options, { spares, standing });
  const homeless = homelessBackends(resources, built, running, kept);
  const mayMake = makes && standing.length > 0;
  const free = homeless.size > 0 || standing.some(isMade) ? freeSpares(standing, running, before, busy) : [];
  if (homeless.size > 0) spares = assign(homeless, kept, free, mayMake ? new Set(standing) : undefined);
  const gone = new Set(makes ? free.filter(isMade) : []);
  for (const name of spares.values()) gone.delete(name);
  if (spares !== kept || gone.size > 0) {
    standing = [...new Set([...standing, ...spares.values()])].filter((name) => !gone.has(name));
    built = buildLayout(resources, options, { spares, standing });
  }
  return withLeftovers(sameMaps(built.layout, running), running, gone);
}

/** Spares that were made at run time and that no backend has any more. */
export function idleMade(layout: Layout): readonly string[] {
  const taken = new Set(sparesOf(layout).values());
  return standingSpares(layout).filter((name) => isMade(name) && !taken.has(name));
}

/** What a reload brings: spares as many as are wanted, nothing that is left over. `running`: what is served, when that is known. */
export function freshLayout(resources: readonly Resource[], options: Options, running: Layout | undefined): Layout {
  const before = running === undefined || options.spares === 0 ? noSpares : sparesOf(running);
  let places = freshPlaces(keptSpares(resources, before), options);
  let built = buildLayout(resources, options, places);
  const misfits = [...misplaced(resources, built, places.spares).keys()];
  if (misfits.length > 0) {
    places = freshPlaces(new Map([...places.spares].filter(([own]) => !misfits.includes(own))), options);
    built = buildLayout(resources, options, places);
  }
  return built.layout;
}

/** Some shape that is in use has fewer than a quarter of its spares left. */
export function isScarce(layout: Layout, options: Options): boolean {
  const taken = new Set(sparesOf(layout).values());
  const standing = standingSpares(layout);
  return spareShapes.some((shape) => {
    const ours = standing.filter((name) => shapeOfSpare(name) === shape);
    const free = ours.filter((name) => !taken.has(name)).length;
    return free < ours.length && free < sparesWanted(shape, options) / 4;
  });
}

/** `there`: what else is made is lost. */
function keptSpares(resources: readonly Resource[], before: Spares, there?: ReadonlySet<string>): Spares {
  if (before.size === 0) return before;
  const kept = new Map<string, string>();
  for (const resource of resources) {
    if (resource.kind !== 'Backend') continue;
    const own = ownName(resource);
    const spare = before.get(own);
    if (spare !== undefined && !(isMade(spare) && there?.has(spare) === false)) kept.set(own, spare);
  }
  // The same object while it says the same: frontends are made anew otherwise.
  return kept.size === before.size ? before : kept;
}

function freshPlaces(spares: Spares, options: Options): Places {
  const taken = new Set(spares.values());
  const standing = [...taken].filter(isMade);
  for (const shape of spareShapes) {
    const wanted = sparesWanted(shape, options);
    let ours = [...taken].filter((name) => shapeOfSpare(name) === shape && !isMade(name)).length;
    for (let number = 1, free = 0; ours > 0 || free < wanted; number++) {
      const name = spareName(shape, number);
      if (taken.has(name)) ours--;
      else if (free === wanted) continue;
      else free++;
      standing.push(name);
    }
  }
  return { spares, standing };
}

/** Backends that stand on a spare which does not fit them any more. */
function misplaced(
  resources: readonly Resource[],
  { treated }: BuiltLayout,
  spares: Spares,
): ReadonlyMap<string, SpareShape | undefined> {
  const found = new Map<string, SpareShape | undefined>();
  if (spares.size === 0) return found;
  for (const resource of resources) {
    if (resource.kind !== 'Backend') continue;
    const own = ownName(resource);
    const spare = spares.get(own);
    if (spare === undefined) continue;
    const shape = shapeFor(resource, !treated.has(resource.id));
    if (shape === undefined || shape !== shapeOfSpare(spare)) found.set(own, shape);
  }
  return found;
}

/** Backends whose section the process does not have as it is wanted, with the shape that would serve them. */
function homelessBackends(
  resources: readonly Resource[],
  built: BuiltLayout,
  running: Layout,
  spares: Spares,
): ReadonlyMap<string, SpareShape | undefined> {
  const homeless = new Map(misplaced(resources, built, spares));
  const missing = missingSections(built.layout, running);
  if (missing.size === 0) return homeless;
  for (const resource of resources) {
    if (resource.kind === 'Backend' && missing.has(`${backendHead}${ownName(resource)}`))
      homeless.set(ownName(resource), shapeFor(resource, !built.treated.has(resource.id)));
  }
  return homeless;
}

/** Heads of backends' own sections that the process has not, or not with these lines. */
function missingSections(layout: Layout, running: Layout): ReadonlySet<string> {
  const { from, beforeEnd, nowEnd } = changedSpan(running.sections, layout.sections);
  const open = layout.sections.slice(from, nowEnd).filter(({ head }) => head.startsWith(`${backendHead}b_`));
  const there = new Map(running.sections.slice(from, beforeEnd).map((section) => [section.head, section]));
  return new Set(open.filter((section) => !sameLines(section, there.get(section.head))).map(({ head }) => head));
}

function sameLines(a: Section, b: Section | undefined): boolean {
  return a === b || (a.lines.length === b?.lines.length && a.lines.every((line, i) => line === b.lines[i]));
}

/** Free: nobody's by the map, no servers in it, no request that could still go there. */
function freeSpares(
  standing: readonly string[],
  running: Layout,
  before: Spares,
  busy: ReadonlySet<string>,
): readonly string[] {
  const used = new Set([...before.values(), ...busy]);
  for (const { head, servers } of running.sections)
    if (servers !== undefined && servers.size > 0) used.add(head.slice(backendHead.length));
  for (const [path, { entries, feeds }] of running.maps) {
    if (feeds !== undefined || path === sparePaths.owner) continue;
    for (const value of entries.values()) if (value.startsWith('sp_')) used.add(value.split('|', 1)[0] ?? '');
  }
  return standing.filter((name) => !used.has(name));
}

/** `standing`: the process makes what it does not have yet. */
function assign(
  homeless: ReadonlyMap<string, SpareShape | undefined>,
  kept: Spares,
  free: readonly string[],
  standing: ReadonlySet<string> | undefined,
): Spares {
  const spares = new Map([...kept].filter(([own]) => !homeless.has(own)));
  const left = Map.groupBy(
    free.filter((name) => !isMade(name)),
    (name) => shapeOfSpare(name),
  );
  for (const [own, shape] of homeless) {
    if (shape === undefined) continue;
    const made = madeName(shape, own);
    const makes = free.includes(made) || standing?.has(made) === false;
    const name = makes ? made : left.get(shape)?.shift();
    if (name !== undefined) spares.set(own, name);
  }
  return spares;
}

/** Maps of spares that say the same are the same objects. */
function sameMaps(layout: Layout, running: Layout): Layout {
  const maps = new Map(layout.maps);
  for (const path of Object.values(sparePaths)) {
    const now = layout.maps.get(path);
    const before = running.maps.get(path);
    if (now === undefined || before?.entries.size !== now.entries.size || before.feeds !== now.feeds) continue;
    if ([...now.entries].every(([key, value]) => before.entries.get(key) === value)) maps.set(path, before);
  }
  return { ...layout, maps };
}

/** Backends that nothing leads to any more stay, empty, with the maps that their lines name; `gone` are deleted. */
function withLeftovers(layout: Layout, running: Layout, gone: ReadonlySet<string>): Layout {
  const { from, beforeEnd, nowEnd } = changedSpan(running.sections, layout.sections);
  const heads = new Set(layout.sections.slice(from, nowEnd).map(({ head }) => head));
  const left: Record<'http' | 'tcp', Section[]> = { http: [], tcp: [] };
  const tcpFrom = running.sections.findIndex(({ head }) => head === 'defaults tcp');
  for (const [i, section] of running.sections.slice(from, beforeEnd).entries()) {
    const backend = section.head.startsWith(backendHead) && !gone.has(section.head.slice(backendHead.length));
    const stays = backend || section.head.startsWith('peers ');
    if (stays && !heads.has(section.head)) left[from + i < tcpFrom ? 'http' : 'tcp'].push(emptied(section));
  }
  if (left.http.length + left.tcp.length === 0) return layout;
  const at = layout.sections.findIndex(({ head }) => head === 'defaults tcp');
  const sections = [...layout.sections.slice(0, at), ...left.http, ...layout.sections.slice(at), ...left.tcp];
  const maps = new Map(layout.maps);
  for (const { lines } of [...left.http, ...left.tcp]) {
    for (const [path] of lines.join('\n').matchAll(/maps\/[A-Za-z0-9._-]+\.map/g)) {
      const map = running.maps.get(path);
      if (map !== undefined && !maps.has(path)) maps.set(path, map);
    }
  }
  return { ...layout, sections, maps };
}

const empties = new WeakMap<Section, Section>();

function emptied(section: Section): Section {
  if ((section.servers?.size ?? 0) === 0) return section;
  let empty = empties.get(section);
  if (empty === undefined) {
    empty = { ...section, servers: new Map(), dynamic: true };
    empties.set(section, empty);
  }
  return empty;
}
