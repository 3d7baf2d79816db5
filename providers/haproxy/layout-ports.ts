/**
 * TCP ports that need no listener of their own: one frontend listens on a whole range, or on the one port that packets for others are
 * led to, and chooses by the port that the client connected to. A new port is a map entry then, and no reload.
 */
import type { Resource } from '../../src/model/index.ts';
import { readFrontend } from './attrs.ts';
import type { Bind } from './layout.ts';
import type { FrontendPart } from './layout-frontend.ts';
import { tcpLead } from './layout-frontend.ts';
import type { Lead, Spares } from './layout-routes.ts';
import { mapPath } from './names.ts';
import { type Options, portRangeOf } from './options.ts';
import { word } from './quote.ts';
import { listenAddresses } from './section-frontend.ts';
import { connectionLines } from './section-log.ts';
import { shareEntries } from './shares.ts';

/** Name of the frontend of all such ports. */
export const sharedFrontend = 'f_ports';

/** Frontends that such a port serves as well as one of their own: plain TCP at the balancer's addresses without wishes. */
export function sharedFrontends(
  frontends: readonly Resource[],
  options: Options,
  taken: ReadonlySet<number>,
): readonly Resource[] {
  const range = portRangeOf(options);
  if (range === undefined && options.portSet === undefined) return [];
  return frontends.filter((resource) => {
    const { key, mode, tls, port, addresses, ...wishes } = readFrontend(resource);
    const within = range === undefined ? port !== options.portSet : port >= range.from && port <= range.to;
    return within && !taken.has(port) && mode === 'tcp' && !tls && addresses.length === 0 && isEmpty(wishes);
  });
}

function isEmpty(wishes: object): boolean {
  return Object.keys(wishes).length === 0;
}

/** The frontend of the ports. `others` have listeners of their own, whose ports it leaves out; so it does with those that are taken. */
export function sharedPart(
  shared: readonly Resource[],
  others: readonly Resource[],
  options: Options,
  spares: Spares,
  taken: ReadonlySet<number>,
): FrontendPart | undefined {
  const range = portRangeOf(options) ?? single(options.portSet);
  if (range === undefined) return undefined;
  const closed = new Set([...taken, ...others.map((resource) => readFrontend(resource).port)]);
  const addresses = listenAddresses(options);
  const binds: Bind[] = [];
  const lines: string[] = [];
  for (const { from, to } of segments(range, closed)) {
    for (const address of addresses) {
      const host = address.includes(':') ? `[${word(address)}]` : word(address);
      lines.push(`bind ${host}:${from === to ? from : `${from}-${to}`}${address.includes(':') ? ' v6only' : ''}`);
      for (let port = from; port <= to; port++) binds.push({ address, port, frontend: sharedFrontend });
    }
  }
  const leads: Lead[] = [];
  const entries = new Map<string, string>();
  for (const resource of shared) {
    const { lead, shares } = tcpLead(resource, readFrontend(resource), options, spares);
    if (lead !== undefined) leads.push(lead);
    for (const [key, value] of shareEntries(`${readFrontend(resource).port}:`, shares)) entries.set(key, value);
  }
  const map = mapPath(sharedFrontend, 'shares');
  const rule = 'tcp-request session';
  return {
    mode: 'tcp',
    tls: false,
    section: {
      head: `frontend ${sharedFrontend}`,
      lines: [
        ...lines,
        `${rule} set-var(sess.n) rand(10000),add(10000)`,
        `${rule} set-var(sess.b) dst_port,concat(:,sess.n),map_beg(${word(map)})`,
        `${rule} reject if !{ var(sess.b) -m found }`,
        ...connectionLines(options, rule, 'var(sess.b)'),
        'use_backend %[var(sess.b)]',
      ],
    },
    binds,
    maps: new Map([[map, { match: 'beg', entries }]]),
    certs: new Map(),
    crtLists: new Map(),
    leads,
  };
}

function single(port: number | undefined): { readonly from: number; readonly to: number } | undefined {
  return port === undefined ? undefined : { from: port, to: port };
}

/** The parts of a range between the ports that are left out. */
function* segments(
  { from, to }: { readonly from: number; readonly to: number },
  without: ReadonlySet<number>,
): Generator<{ readonly from: number; readonly to: number }> {
  for (let start = from; start <= to; start++) {
    if (without.has(start)) continue;
    let end = start;
    while (end < to && !without.has(end + 1)) end++;
    yield { from: start, to: end };
    start = end;
  }
}

/** Ports of the range that something else has, as the Settings of a state say. */
export function takenPorts(resources: readonly Resource[]): ReadonlySet<number> {
  const settings = resources.find(({ kind }) => kind === 'Settings');
  const { takenPorts: ports } = settings?.attrs ?? {};
  return new Set(Array.isArray(ports) ? ports.filter((port) => typeof port === 'number') : []);
}

/** The ports that packets must be led to the one of the set for. */
export function ledPorts(resources: readonly Resource[], options: Options): readonly number[] {
  if (options.portSet === undefined) return [];
  const frontends = resources.filter(({ kind }) => kind === 'Frontend');
  const ports = sharedFrontends(frontends, options, takenPorts(resources)).map((one) => readFrontend(one).port);
  return ports.sort((a, b) => a - b);
}
