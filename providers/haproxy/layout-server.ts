import type { Resource } from '../../src/model/index.ts';
import { splitAuthority } from '../../src/net/index.ts';
import { type BackendAttrs, readServer } from './attrs.ts';
import type { ServerLine } from './layout.ts';
import { certPath, serverId, serverName } from './names.ts';
import { word } from './quote.ts';

/**
 * The servers of a backend. Everything a server has is on its own line, nothing in `default-server`: `add server` takes no
 * defaults over, and the file must say the same as the runtime command.
 */
export function serversOf(resource: Resource, attrs: BackendAttrs): ReadonlyMap<string, ServerLine> {
  const servers = new Map<string, ServerLine>();
  const common = commonOptions(attrs);
  const ids = isHashed(attrs) ? idsOf(resource) : none;
  for (const [key, member] of resource.sets.servers ?? []) {
    if (member.gone === true) continue;
    const target = splitAuthority(key);
    if (target === undefined) continue;
    const { weight, maxConnections } = readServer(member.attrs);
    const port = Number(target.port);
    const name = serverName(target.address, port);
    const id = ids.get(key);
    const own = [
      ...(id === undefined ? [] : [`id ${id}`]),
      ...(common === '' ? [] : [common]),
      ...(maxConnections === undefined ? [] : [`maxconn ${maxConnections}`]),
    ];
    const options = own.length === 1 ? (own[0] ?? '') : own.join(' ');
    servers.set(name, { name, address: target.address, port, weight, options, checked: attrs.check !== undefined });
  }
  return servers;
}

/** Whether a hash chooses the server. */
export function isHashed({ balance }: Pick<BackendAttrs, 'balance'>): boolean {
  return balance === 'source' || balance === 'uri';
}

const none: ReadonlyMap<string, number> = new Map();

/**
 * A number of its own for each server, made of its address: by it the hash finds the server of a client, so that a client keeps its target
 * over reloads, on every node alike, and whatever comes and goes beside it. Two with one number: the later has none, and HAProxy gives one.
 */
function idsOf(resource: Resource): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  const taken = new Set<number>();
  for (const key of [...(resource.sets.servers?.keys() ?? [])].sort()) {
    const target = splitAuthority(key);
    const id = target === undefined ? 0 : serverId(target.address, Number(target.port));
    if (id === 0 || taken.has(id)) continue;
    taken.add(id);
    ids.set(key, id);
  }
  return ids;
}

function commonOptions(attrs: BackendAttrs): string {
  const options: string[] = [];
  const { check, tls } = attrs;
  if (check !== undefined) {
    options.push(`check inter ${check.intervalMs} rise ${check.rise} fall ${check.fall}`);
    if (check.port !== undefined) options.push(`port ${check.port}`);
    // A check on the port of the service speaks as the service does; one on another port is a plain one.
    else if (attrs.sendProxy !== undefined) options.push('check-send-proxy');
    if (check.tls === true) options.push('check-ssl verify none');
  }
  if (tls !== undefined) options.push(...tlsOptions(attrs));
  else if (attrs.h2 === true) options.push('proto h2');
  if (attrs.sendProxy !== undefined) options.push(attrs.sendProxy === 'v1' ? 'send-proxy' : 'send-proxy-v2');
  if (attrs.slowStartMs !== undefined) options.push(`slowstart ${attrs.slowStartMs}`);
  // A request must not meet a connection that its target is just closing: idle ones are closed before targets do it, or none is kept.
  if (attrs.fresh === true) options.push('pool-max-conn 0');
  else if (attrs.mode === 'http') options.push('pool-purge-delay 250ms');
  return options.join(' ');
}

function tlsOptions({ tls, h2 }: BackendAttrs): readonly string[] {
  if (tls === undefined) return [];
  const options = ['ssl'];
  if (h2 === true) options.push('alpn h2');
  if (!tls.verify) options.push('verify none');
  else options.push(`verify required ca-file ${tls.ca === undefined ? '@system-ca' : word(certPath(tls.ca))}`);
  if (tls.serverName !== undefined) {
    options.push(`sni str(${word(tls.serverName)})`);
    if (tls.verify) options.push(`verifyhost ${word(tls.serverName)}`);
  }
  return options;
}
