/** From a Layout to the text of its files. Every value was quoted when the layout was made; nothing is decided here. */
import { inStrides, type Sliced } from '../../src/model/index.ts';
import type { CrtEntry, Layout, MapFile, Section, ServerLine } from './layout.ts';

/** What only the driving half knows. */
export interface Place {
  /** Name of this weir and of the balancer: the claim in the header. Letters, digits, `-`, `.`, `_`. */
  readonly instance: string;
  readonly balancer: string;
  /** Path of the runtime socket. */
  readonly socket: string;
}

/** The first line of a haproxy.cfg of ours: by it a file (and the process that reads it) is known as ours or foreign. */
export function headerLine(place: Place): string {
  return `# weir ${plain(place.instance)} ${plain(place.balancer)}: generated, do not edit`;
}

/** The lines of a list of users by the SHA-256 of its text; none where they are not to be seen. */
export type UserLines = (sha256: string) => readonly string[];

/** haproxy.cfg. Paths of maps, lists and certificates are relative to the directory of the file. */
export function textOf(layout: Layout, place: Place, users: UserLines = () => []): string {
  const parts = [headerLine(place), ''];
  for (const section of layout.sections) {
    if (section.head === 'global') parts.push(globalText(section, place));
    else if (section.users !== undefined) parts.push(sectionText({ head: section.head, lines: users(section.users) }));
    else parts.push(sectionText(section));
  }
  return parts.join('\n');
}

/** Does the larger part of `textOf`. */
export function prepareTexts({ sections }: Layout): Sliced<void> {
  return inStrides(sections, (section) => {
    if (section.users === undefined) sectionText(section);
  });
}

function globalText(section: Section, place: Place): string {
  const socket = `stats socket ${plain(place.socket)} mode 600 level admin expose-fd listeners`;
  return sectionText({ head: section.head, lines: [...section.lines, socket] });
}

// A section object is never changed, and most of them live on from one layout to the next.
const texts = new WeakMap<Section, string>();

/** A section with its lines and servers, ending in an empty line. */
export function sectionText(section: Section): string {
  let text = texts.get(section);
  if (text === undefined) {
    const lines = [headText(section), ...ownLines(section).map((line) => `  ${line}`)];
    for (const server of section.servers?.values() ?? []) lines.push(`  ${serverLine(server)}`);
    text = `${lines.join('\n')}\n`;
    texts.set(section, text);
  }
  return text;
}

/** The first line of a section in the file. */
export function headText({ head, from }: Section): string {
  return from === undefined ? head : `${head} from ${from}`;
}

/** The lines of a section that the file has under its head, without servers. */
export function ownLines({ lines, from }: Section): readonly string[] {
  return from === undefined ? lines : [];
}

/** A `server` line of the file. */
export function serverLine(server: ServerLine): string {
  const options = server.options === '' ? '' : ` ${server.options}`;
  return `server ${server.name} ${serverAddress(server)} weight ${server.weight}${options}`;
}

/** A line that `serverLine` made; undefined: it is another one. */
export function parseServerLine(line: string): ServerLine | undefined {
  const match = /^server (\S+) (\[[0-9a-f:.]+\]|[0-9.]+):(\d+) weight (\d+)(?: (.*))?$/.exec(line);
  if (match === null) return undefined;
  const [, name = '', address = '', port, weight, options = ''] = match;
  return {
    name,
    address: address.replace(/[[\]]/g, ''),
    port: Number(port),
    weight: Number(weight),
    options,
    checked: /(?:^| )check(?: |$)/.test(options),
  };
}

/** The address as `server` lines and `add server` write it: `10.0.0.7:80`, `[2001:db8::7]:80`. */
export function serverAddress(server: Pick<ServerLine, 'address' | 'port'>): string {
  return server.address.includes(':') ? `[${server.address}]:${server.port}` : `${server.address}:${server.port}`;
}

/** A map file: key, one space, value; one entry a line. */
export function mapText(map: MapFile): string {
  const lines: string[] = [];
  for (const [key, value] of map.entries) lines.push(`${key} ${value}\n`);
  return lines.join('');
}

/** A crt-list: certificate, options in brackets, SNI filters. */
export function crtListText(entries: readonly CrtEntry[]): string {
  return entries.map((entry) => `${crtListLine(entry)}\n`).join('');
}

/** One line of a crt-list, also the payload of `add ssl crt-list`. */
export function crtListLine(entry: CrtEntry): string {
  const options = entry.options === undefined ? [] : [`[${entry.options}]`];
  return [entry.cert, ...options, ...entry.hosts].join(' ');
}

/** Text that comes from the configuration or the host's name, reduced to characters that mean nothing to HAProxy. */
function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9._:@/-]/g, '_');
}
