/**
 * The servers that wait for their last connections, as text beside the configuration: HAProxy tells all of a server but its options, and
 * one that comes back after a weir was killed is to be the same. Pure.
 */
import { changedSpan } from '../../src/model/remade.ts';
import type { Layout, ServerLine } from './layout.ts';
import { parseServerLine, serverLine } from './text.ts';

/** `backend/server` → the server. */
export type Retiring = ReadonlyMap<string, ServerLine>;

/** Those that wait once the process has come from `running` to `layout`; `waiting`: those that do already. */
export function retiringText(waiting: Retiring, running: Layout | undefined, layout: Layout): string {
  const servers = new Map(waiting);
  const before = running?.sections ?? [];
  const { from, beforeEnd, nowEnd } = changedSpan(before, layout.sections);
  for (const section of before.slice(from, beforeEnd))
    for (const server of section.servers?.values() ?? []) servers.set(keyOf(section.head, server), server);
  for (const section of layout.sections.slice(from, nowEnd))
    for (const server of section.servers?.values() ?? []) servers.delete(keyOf(section.head, server));
  const lines = [...servers].map(([key, server]) => `${key.slice(0, key.indexOf('/'))} ${serverLine(server)}\n`);
  return lines.sort().join('');
}

export function parseRetiring(text: string): Retiring {
  const servers = new Map<string, ServerLine>();
  for (const line of text.split('\n')) {
    const at = line.indexOf(' ');
    const server = parseServerLine(line.slice(at + 1));
    if (server !== undefined) servers.set(`${line.slice(0, at)}/${server.name}`, server);
  }
  return servers;
}

function keyOf(head: string, { name }: ServerLine): string {
  return `${head.slice('backend '.length)}/${name}`;
}
