/** Layouts made by hand for the tests of the driving half. */
import type { CrtEntry, Layout, MapFile, Section, ServerLine } from '../../../../providers/haproxy/layout.ts';
import { serverName } from '../../../../providers/haproxy/names.ts';

export function server(address: string, port: number, weight = 1, options = ''): ServerLine {
  return { name: serverName(address, port), address, port, weight, options, checked: options.startsWith('check') };
}

export function backend(
  name: string,
  servers: readonly ServerLine[],
  lines: readonly string[] = ['balance roundrobin'],
  dynamic = true,
): Section {
  return { head: `backend ${name}`, lines, servers: new Map(servers.map((line) => [line.name, line])), dynamic };
}

export function map(entries: Readonly<Record<string, string>>, match: MapFile['match'] = 'str'): MapFile {
  return { match, entries: new Map(Object.entries(entries)) };
}

export interface LayoutParts {
  readonly sections?: readonly Section[];
  readonly maps?: Readonly<Record<string, MapFile>>;
  readonly certs?: Readonly<Record<string, string>>;
  readonly lists?: Readonly<Record<string, readonly CrtEntry[]>>;
}

export function layout({ sections = [], maps = {}, certs = {}, lists = {} }: LayoutParts): Layout {
  return {
    sections: [{ head: 'global', lines: ['maxconn 100'] }, ...sections],
    maps: new Map(Object.entries(maps)),
    certs: new Map(Object.entries(certs)),
    crtLists: new Map(Object.entries(lists)),
    binds: [],
    descriptors: 300,
  };
}
