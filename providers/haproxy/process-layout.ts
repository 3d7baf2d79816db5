/** The layout that a living worker serves: sections out of the file when the worker proves that it read them, everything else asked of it. */
import { X509Certificate } from 'node:crypto';
import { WeirError } from '../../src/model/index.ts';
import type { ConfigFiles } from './commit-files.ts';
import { shapeOf } from './commit-files.ts';
import { readText } from './files.ts';
import type { Bind, CrtEntry, Layout, MapFile, Section, ServerLine } from './layout.ts';
import { ownServer } from './names.ts';
import {
  parseCrtList,
  parseMap,
  readFingerprint,
  readServers,
  readShape,
  type ServerState,
  strange,
} from './process-read.ts';
import { parseRetiring, type Retiring } from './retiring-text.ts';
import { holdsUsers } from './section-users.ts';
import type { RuntimeSocket } from './socket.ts';
import { isMade, linesFrom } from './spare-shape.ts';
import { parseServerLine } from './text.ts';

/** Sections of a haproxy.cfg of ours: heads at the margin, lines indented. What only the text has (socket, proof) is left out. */
export function parseConfig(text: string): readonly Section[] {
  const sections: { head: string; lines: string[]; from?: string; servers: Map<string, ServerLine> }[] = [];
  const settings = new Map<string, readonly string[]>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const last = sections.at(-1);
    if (!line.startsWith('  ')) {
      const [head = '', from] = line.split(' from ');
      const lines: string[] = from === undefined ? [] : [...linesFrom(settings.get(from) ?? [])];
      sections.push({ head, lines, ...(from === undefined ? {} : { from }), servers: new Map() });
      if (head.startsWith('defaults ')) settings.set(head.slice('defaults '.length), lines);
      continue;
    }
    const body = line.slice(2);
    const server = parseServerLine(body);
    if (server !== undefined) last?.servers.set(server.name, server);
    else if (last !== undefined && holdsUsers(last.head)) continue;
    else if (!body.startsWith('stats socket ') && !body.startsWith('setenv WEIR_SHAPE ')) last?.lines.push(body);
  }
  return sections.map(({ servers, ...section }) =>
    section.head.startsWith('backend ') ? { ...section, servers } : section,
  );
}

function parseBinds(sections: readonly Section[]): readonly Bind[] {
  return sections.flatMap(({ head, lines }) =>
    lines.flatMap((line) => {
      const match = /^bind (\[[0-9a-f:.]+\]|[0-9.]+):(\d+)(?:-(\d+))?(?: |$)/.exec(line);
      if (match === null || !head.startsWith('frontend ')) return [];
      const [, text = '', first, last = first] = match;
      const [address, frontend] = [text.replace(/[[\]]/g, ''), head.slice('frontend '.length)];
      const count = Number(last) - Number(first) + 1;
      return Array.from({ length: count }, (_, i) => ({ address, port: Number(first) + i, frontend }));
    }),
  );
}

export interface Reading {
  /** What it serves. */
  readonly layout: Layout;
  /** What it was last told to serve. */
  readonly intended: Layout;
  /** In maintenance and not in the file: they wait for their last connection. */
  readonly retiring: readonly (readonly [backend: string, server: ServerLine])[];
}

/** Crt-lists of ours: certificate, options in brackets, hosts. */
function parseListFile(text: string): readonly CrtEntry[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(\S+)(?: \[([^\]]*)\])?(?: (.*))?$/.exec(line);
    if (match === null) return [];
    const [, cert = '', options, hosts = ''] = match;
    return [
      { cert, hosts: hosts.split(' ').filter((host) => host !== ''), ...(options === undefined ? {} : { options }) },
    ];
  });
}

/** Map files of ours: key, one space, value. */
function parseMapFile(text: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf(' ');
    if (at > 0) entries.set(line.slice(0, at), line.slice(at + 1));
  }
  return entries;
}

/** The layout of a worker that nobody remembers, by the files on disk. Undefined: it runs other sections than the file says. */
export async function readUnknown(files: ConfigFiles, runtime: RuntimeSocket): Promise<Reading | undefined> {
  const { config } = files;
  if (config === undefined) return undefined;
  const sections = parseConfig(config);
  // Files that the configuration does not name wait for the end of an old worker: this one never read them.
  const read = files.named();
  const named = (folder: 'maps' | 'crt' | 'certs') => files.paths(folder).filter((path) => read.has(path));
  const maps = new Map<string, MapFile>(
    named('maps').map((path) => [path, { match: 'str', entries: parseMapFile(files.text(path) ?? '') }]),
  );
  const crtLists = new Map<string, readonly CrtEntry[]>(
    named('crt').map((path) => [path, parseListFile(files.text(path) ?? '')]),
  );
  const certs = new Map(named('certs').map((path) => [path, files.text(path) ?? '']));
  const base = { sections, maps, crtLists, certs, binds: parseBinds(sections), descriptors: 0 };
  return readAgainst(base, files, runtime, parseRetiring(files.retiring));
}

/**
 * `base` with everything in place that the worker says: equal to `base` when nobody changed anything behind our back. Undefined: the
 * worker runs other sections. `retired`: what waits for its last connection, as a weir left it that is gone.
 */
export async function readAgainst(
  base: Layout,
  files: ConfigFiles,
  runtime: RuntimeSocket,
  retired: Retiring = new Map(),
): Promise<Reading | undefined> {
  if ((await readShape(runtime)) !== shapeOf(base)) return undefined;
  const standing = await withoutUnmade(base.sections, runtime);
  const { sections, retiring } = placeServers(standing, await readServers(runtime), retired);
  const maps = new Map<string, MapFile>();
  for (const [path, map] of base.maps) {
    const answer = await runtime.ask(`show map ${path}`);
    if (!/^Unknown map/i.test(answer)) maps.set(path, { match: map.match, entries: parseMap(answer) });
  }
  const crtLists = new Map<string, readonly CrtEntry[]>();
  for (const path of base.crtLists.keys()) {
    const answer = await runtime.ask(`show ssl crt-list -n ${path}`);
    if (answer.startsWith('#')) crtLists.set(path, parseCrtList(answer));
    else if (!/^didn't find/.test(answer)) throw strange('show ssl crt-list', answer);
  }
  const certs = await readCertificates(base, crtLists, files, runtime);
  return { layout: { ...base, sections, maps, crtLists, certs }, intended: base, retiring };
}

/** Without the spares that a command was to make and did not. */
async function withoutUnmade(sections: readonly Section[], runtime: RuntimeSocket): Promise<readonly Section[]> {
  const nameOf = ({ head }: Section) => head.slice('backend '.length);
  if (!sections.some((section) => isMade(nameOf(section)))) return sections;
  const there = new Set((await runtime.ask('show backend')).split('\n'));
  return sections.filter((section) => !isMade(nameOf(section)) || there.has(nameOf(section)));
}

function placeServers(
  sections: readonly Section[],
  states: readonly ServerState[],
  retired: Retiring,
): { readonly sections: readonly Section[]; readonly retiring: Reading['retiring'] } {
  const byBackend = Map.groupBy(states, ({ backend }) => backend);
  const retiring: (readonly [string, ServerLine])[] = [];
  const placed = sections.map((section) => {
    if (!section.head.startsWith('backend ')) return section;
    const backend = section.head.slice('backend '.length);
    const servers = new Map<string, ServerLine>();
    for (const state of byBackend.get(backend) ?? []) {
      // The process itself is no target: its line is one of the section.
      if (state.name === ownServer) continue;
      const line = section.servers?.get(state.name) ?? retired.get(`${backend}/${state.name}`);
      const { name, address, port, weight } = state;
      // What we did not write has options that we cannot read: `?` equals nothing.
      const server = { ...(line ?? { options: '?', checked: state.checked }), name, address, port, weight };
      // Out of service by command: to be enabled again where it is wanted, to be deleted where it is not.
      if (state.maintenance || state.draining) retiring.push([backend, server]);
      else servers.set(name, server);
    }
    return { ...section, servers };
  });
  return { sections: placed, retiring };
}

/** Certificates that lists name, by what the worker has loaded; others (authorities) as the disk says, for nobody reads them again. */
async function readCertificates(
  base: Layout,
  lists: Layout['crtLists'],
  files: ConfigFiles,
  runtime: RuntimeSocket,
): Promise<ReadonlyMap<string, string>> {
  const loaded = new Set((await runtime.ask('show ssl cert')).split('\n'));
  const listed = new Set([...base.crtLists.values(), ...lists.values()].flat().map(({ cert }) => cert));
  const certs = new Map<string, string>();
  for (const [path, sha256] of base.certs) {
    // A worker read the responses that lie beside its certificates.
    if (!listed.has(path)) certs.set(path, sha256);
    else if (loaded.has(path)) certs.set(path, (await isLoaded(path, files, runtime)) ? sha256 : 'another');
  }
  return certs;
}

async function isLoaded(path: string, files: ConfigFiles, runtime: RuntimeSocket): Promise<boolean> {
  const pem = await readText(`${files.directory}/${path}`);
  if (pem === undefined) return false;
  try {
    const fingerprint = new X509Certificate(pem).fingerprint.replaceAll(':', '');
    return fingerprint === (await readFingerprint(runtime, path));
  } catch (error) {
    if (error instanceof WeirError) throw error;
    return false;
  }
}
