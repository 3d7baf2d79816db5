import type { MapFile, Section } from './layout.ts';

const memo = new WeakMap<Section, ReadonlySet<string>>();

/** Paths of the maps that the lines of a section look into. */
function mapsIn(section: Section): ReadonlySet<string> {
  let named = memo.get(section);
  if (named === undefined) {
    named = new Set(section.lines.flatMap((line) => line.match(/\bmaps\/[A-Za-z0-9_.-]+/g) ?? []));
    memo.set(section, named);
  }
  return named;
}

/**
 * The maps that HAProxy will load: those that a line names. Another one would be missing in the process for ever, which looks as if
 * somebody had taken it away. `frontends` name nearly all, so the other sections are looked at only for what is left.
 */
export function loadedMaps(
  maps: ReadonlyMap<string, MapFile>,
  frontends: readonly Section[],
  all: readonly Section[],
): ReadonlyMap<string, MapFile> {
  const left = new Set(maps.keys());
  for (const sections of [frontends, all]) {
    for (const section of sections) {
      if (left.size === 0) return maps;
      for (const path of mapsIn(section)) left.delete(path);
    }
  }
  return left.size === 0 ? maps : new Map([...maps].filter(([path]) => !left.has(path)));
}
