/**
 * From what the process serves to what it shall serve: runtime commands where HAProxy can, the reasons for a reload where it cannot.
 * Pure. The order is the safety: whatever is pointed at is there before the pointer, and goes after it.
 */
import { sameJson } from '../../src/model/index.ts';
import type { CrtEntry, Layout, MapFile, Section, ServerLine } from './layout.ts';
import { isStaple, staplePath } from './names.ts';
import { isMade, type SpareShape, shapeOfSpare, templateName } from './spare-shape.ts';

export type RuntimeStep =
  /** Out of sight until it is published. */
  | { readonly do: 'add backend'; readonly backend: string; readonly from: string; readonly mode: SpareShape['mode'] }
  | { readonly do: 'publish backend'; readonly backend: string }
  | {
      readonly do: 'add server';
      readonly backend: string;
      readonly server: ServerLine;
      /** The backend makes cookies: HAProxy gives a new server its value only when the key is set once more. */
      readonly cookieKey?: string;
    }
  | { readonly do: 'set weight'; readonly backend: string; readonly name: string; readonly weight: number }
  /** With its OCSP response, where `staple` has one; without, an old one is dropped. */
  | { readonly do: 'load certificate'; readonly path: string; readonly fresh: boolean; readonly staple?: string }
  /** A newer OCSP response for a certificate that has one. */
  | { readonly do: 'staple'; readonly path: string }
  | { readonly do: 'add to list'; readonly list: string; readonly entries: readonly CrtEntry[] }
  | { readonly do: 'add keys'; readonly map: string; readonly entries: Entries; readonly feeds?: 'backend' }
  | { readonly do: 'set keys'; readonly map: string; readonly entries: Entries; readonly feeds?: 'backend' }
  | { readonly do: 'replace map'; readonly map: string; readonly entries: Entries }
  | { readonly do: 'remove keys'; readonly map: string; readonly keys: readonly string[]; readonly feeds?: 'backend' }
  | { readonly do: 'remove from list'; readonly list: string; readonly entries: readonly CrtEntry[] }
  | { readonly do: 'remove server'; readonly backend: string; readonly server: ServerLine }
  | { readonly do: 'drop certificate'; readonly path: string }
  /** It has no servers. */
  | { readonly do: 'remove backend'; readonly backend: string };

export type Entries = readonly (readonly [key: string, value: string])[];

/** Why a reload is needed, few and fixed: they are labels of a metric. */
export type ReloadReason = 'settings' | 'frontend' | 'backend' | 'server' | 'map' | 'certificate' | 'list';

export interface Difference {
  /** Empty: the steps do everything. */
  readonly reload: readonly ReloadReason[];
  /** In safe order. Complete only when no reload is needed. */
  readonly steps: readonly RuntimeStep[];
}

const order: Readonly<Record<RuntimeStep['do'], number>> = {
  'add backend': -2,
  'add server': 0,
  'set weight': 1,
  'publish backend': 1,
  'load certificate': 2,
  staple: 2,
  'add to list': 3,
  'add keys': 4,
  'set keys': 5,
  'replace map': 6,
  'remove keys': 7,
  'remove from list': 8,
  'remove server': 9,
  'drop certificate': 10,
  'remove backend': 12,
};

/** The rank of a step: steps of a lower one are done before. */
export function phaseOf(step: RuntimeStep): number {
  // What a backend works by is there before its servers, and goes after them.
  if ('feeds' in step && step.feeds !== undefined) return step.do === 'remove keys' ? afterAll : -1;
  return order[step.do];
}

const afterAll = 11;

export function diffLayouts(running: Layout, wanted: Layout): Difference {
  const reload = new Set<ReloadReason>();
  const steps: RuntimeStep[] = [];
  diffSections(running, wanted, reload, steps);
  diffMaps(running, wanted, reload, steps);
  // A new section brings the maps that it names.
  if (reload.size > 1) reload.delete('map');
  diffCertificates(running, wanted, reload, steps);
  return { reload: [...reload], steps: steps.sort((a, b) => phaseOf(a) - phaseOf(b)) };
}

/**
 * The running layout with the servers that are wanted where their section is as it was: what can be had at once while a reload waits
 * for its turn. Maps and certificates wait: they may name what only the reload brings.
 */
export function withServersOf(running: Layout, wanted: Layout): Layout {
  const targets = new Map(wanted.sections.map((section) => [section.head, section]));
  const sections = running.sections.map((section) => {
    const target = targets.get(section.head);
    if (target?.servers === undefined || !sameLines(section, target) || !takesServers(section, target)) return section;
    return { ...section, servers: target.servers };
  });
  return { ...running, sections };
}

function takesServers(running: Section, wanted: Section): boolean {
  // Nobody leads there any more once the reload is made; until then all of its clients come.
  if (wanted.servers?.size === 0) return false;
  const reload = new Set<ReloadReason>();
  diffServers(running, wanted, reload, []);
  return reload.size === 0;
}

function sameLines(a: Section, b: Section): boolean {
  return a === b || (a.lines.length === b.lines.length && a.lines.every((line, i) => line === b.lines[i]));
}

function reasonFor(head: string): ReloadReason {
  if (head.startsWith('backend ')) return 'backend';
  return head.startsWith('frontend ') || head.startsWith('listen ') ? 'frontend' : 'settings';
}

function diffSections(running: Layout, wanted: Layout, reload: Set<ReloadReason>, steps: RuntimeStep[]): void {
  // Mostly the same sections stand at the same places: only the others are looked up.
  const left = new Map<string, Section>();
  for (const [i, section] of running.sections.entries())
    if (section !== wanted.sections[i]) left.set(section.head, section);
  for (const [i, section] of wanted.sections.entries()) {
    if (section === running.sections[i]) continue;
    const before = left.get(section.head);
    left.delete(section.head);
    if (before === section) continue;
    if (before === undefined && addsBackend(section, running, steps))
      diffServers(emptyOf(section), section, reload, steps);
    else if (before === undefined || !sameLines(before, section)) reload.add(reasonFor(section.head));
    else diffServers(before, section, reload, steps);
  }
  for (const [head, { servers }] of left) {
    const backend = head.slice('backend '.length);
    if (isMade(backend) && servers?.size === 0) steps.push({ do: 'remove backend', backend });
    else reload.add(reasonFor(head));
  }
}

/** A spare is made where the process has the settings that it goes by. Whether it can is known to who asked for one. */
function addsBackend({ head }: Section, running: Layout, steps: RuntimeStep[]): boolean {
  const backend = head.slice('backend '.length);
  const shape = isMade(backend) ? shapeOfSpare(backend) : undefined;
  if (shape === undefined) return false;
  const from = templateName(shape);
  if (!running.sections.some((section) => section.head === `defaults ${from}`)) return false;
  steps.push({ do: 'add backend', backend, from, mode: shape.mode }, { do: 'publish backend', backend });
  return true;
}

function emptyOf(section: Section): Section {
  return { ...section, servers: noServers };
}

function diffServers(before: Section, after: Section, reload: Set<ReloadReason>, steps: RuntimeStep[]): void {
  const old = before.servers ?? noServers;
  const now = after.servers ?? noServers;
  if (old === now) return;
  const backend = after.head.slice('backend '.length);
  const dynamic = after.dynamic === true;
  const key = cookieKeyOf(after);
  const raised: RuntimeStep[] = [];
  const lowered: RuntimeStep[] = [];
  for (const [name, server] of now) {
    const was = old.get(name);
    if (was === server) continue;
    if (was === undefined) {
      if (dynamic) steps.push({ do: 'add server', backend, server, ...(key === undefined ? {} : { cookieKey: key }) });
      else reload.add('server');
    } else if (was.options !== server.options || was.address !== server.address || was.port !== server.port) {
      // HAProxy would take the old one away before it takes the new one of the same name: only a reload does both at once.
      reload.add('server');
    } else if (was.weight !== server.weight) {
      if (!dynamic) reload.add('server');
      const step = { do: 'set weight', backend, name, weight: server.weight } as const;
      (server.weight > was.weight ? raised : lowered).push(step);
    }
  }
  // Raised first: a shift from one server to another never passes through a moment without any.
  steps.push(...raised, ...lowered);
  for (const [name, server] of old) {
    if (now.has(name)) continue;
    if (dynamic) steps.push({ do: 'remove server', backend, server });
    else reload.add('server');
  }
}

const keyLine = 'dynamic-cookie-key ';

function cookieKeyOf({ lines }: Section): string | undefined {
  return lines.find((line) => line.startsWith(keyLine))?.slice(keyLine.length);
}

const noServers: ReadonlyMap<string, ServerLine> = new Map();

function diffMaps(running: Layout, wanted: Layout, reload: Set<ReloadReason>, steps: RuntimeStep[]): void {
  for (const [path, map] of wanted.maps) {
    const before = running.maps.get(path);
    if (before === map) continue;
    // A map that the process never loaded is one that no line of it names.
    if (before === undefined) reload.add('map');
    else if (map.match === 'reg') diffOrdered(path, before, map, steps);
    else diffKeys(path, before, map, steps);
  }
}

/** Regular expressions are tried from the first to the last: a key cannot be put between two others, so the whole map is exchanged at once. */
function diffOrdered(path: string, before: MapFile, after: MapFile, steps: RuntimeStep[]): void {
  const entries = [...after.entries];
  if (!sameJson([...before.entries], entries)) steps.push({ do: 'replace map', map: path, entries });
}

function diffKeys(path: string, before: MapFile, after: MapFile, steps: RuntimeStep[]): void {
  const added: [string, string][] = [];
  const changed: [string, string][] = [];
  for (const [key, value] of after.entries) {
    const was = before.entries.get(key);
    if (was === undefined) added.push([key, value]);
    else if (was !== value) changed.push([key, value]);
  }
  const removed = [...before.entries.keys()].filter((key) => !after.entries.has(key));
  const feeds = after.feeds === undefined ? {} : { feeds: after.feeds };
  if (added.length > 0) steps.push({ do: 'add keys', map: path, entries: added, ...feeds });
  if (changed.length > 0) steps.push({ do: 'set keys', map: path, entries: changed, ...feeds });
  if (removed.length > 0) steps.push({ do: 'remove keys', map: path, keys: removed, ...feeds });
}

function diffCertificates(running: Layout, wanted: Layout, reload: Set<ReloadReason>, steps: RuntimeStep[]): void {
  const listed = new Set([...running.crtLists.values(), ...wanted.crtLists.values()].flat().map(({ cert }) => cert));
  for (const [path, sha256] of wanted.certs) {
    if (isStaple(path)) continue;
    const was = running.certs.get(path);
    const staple = staplePath(path);
    const [shown, shall] = [running.certs.get(staple), wanted.certs.get(staple)];
    if (was === sha256 && shown === shall) continue;
    if (was === sha256 && shown !== undefined && shall !== undefined) {
      steps.push({ do: 'staple', path: staple });
      continue;
    }
    // Files that no list names (authorities of targets or clients) are read at start only.
    if (!listed.has(path)) reload.add('certificate');
    else
      steps.push({
        do: 'load certificate',
        path,
        fresh: was === undefined,
        ...(shall === undefined ? {} : { staple }),
      });
  }
  for (const [list, entries] of wanted.crtLists) {
    const before = running.crtLists.get(list);
    if (before === entries) continue;
    if (before === undefined) reload.add('list');
    else diffList(list, before, entries, reload, steps);
  }
  for (const path of running.certs.keys())
    if (!wanted.certs.has(path) && listed.has(path)) steps.push({ do: 'drop certificate', path });
}

function diffList(
  list: string,
  before: readonly CrtEntry[],
  after: readonly CrtEntry[],
  reload: Set<ReloadReason>,
  steps: RuntimeStep[],
): void {
  // The first line is the default certificate of the process for as long as it lives.
  const [first] = before;
  const [wantedFirst] = after;
  if (first === undefined || wantedFirst === undefined || entryKey(first) !== entryKey(wantedFirst)) {
    if (before.length > 0 || after.length > 0) reload.add('list');
    return;
  }
  const old = new Map(before.map((entry) => [entryKey(entry), entry]));
  const now = new Map(after.map((entry) => [entryKey(entry), entry]));
  const added = [...now].filter(([key]) => !old.has(key)).map(([, entry]) => entry);
  const removed = [...old].filter(([key]) => !now.has(key)).map(([, entry]) => entry);
  if (added.length > 0) steps.push({ do: 'add to list', list, entries: added });
  if (removed.length > 0) steps.push({ do: 'remove from list', list, entries: removed });
}

/** Equal for entries that mean the same. */
export function entryKey({ cert, hosts, options }: CrtEntry): string {
  return JSON.stringify([cert, options ?? '', ...hosts]);
}
