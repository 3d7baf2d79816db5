/** What this machine was told to announce, as the planner sees it: everything is ours, handles are ids. */
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Attrs, Observed, Resource } from '../../src/model/index.ts';
import type { Announcing } from './announcing.ts';
import { journalFile } from './clear-machine.ts';
import { ourRoutes, readInterfaces } from './kernel/acceptor.ts';
import { findParked } from './kernel/find-parked.ts';
import { listTables } from './kernel/gate-tables.ts';
import { edgesOf } from './kernel/guarded.ts';
import { Journal } from './kernel/journal.ts';
import { runProgram } from './kernel/run-program.ts';
import { announcementAttrs, isLeft } from './kinds.ts';
import type { View } from './view.ts';

/** Of a thread in this process. `begins`: it has to be started anew for what it was told. */
export function observeRunning(
  { told, view }: Pick<Announcing, 'told' | 'view'>,
  begins: boolean,
): readonly Observed[] {
  return told.map((resource) => ({
    ...resource,
    ...(begins && resource.kind === 'Speaker' ? { attrs: { ...resource.attrs, secretFile: '' } } : {}),
    ...{ handle: resource.id, owned: true, facts: factsOf(resource, view) },
  }));
}

/** What an earlier weir has told: as it stands while that one runs, else as what has to be begun again. */
export function observeTold(told: readonly Resource[], runs: boolean): readonly Observed[] {
  return told.map((resource) => ({
    ...resource,
    attrs: runs ? resource.attrs : originOf(resource.attrs),
    handle: resource.id,
    owned: true,
    facts: { state: runs ? 'announced by another process' : 'left' },
  }));
}

/**
 * What an earlier weir has left in the kernel, where it is not known what that one was told: it is there to be taken away, or over. Nothing
 * where the kernel cannot be asked.
 */
export async function observeLeft(unit: string, node: string, stateDir: string): Promise<readonly Observed[]> {
  const [parked, tables, ...routes] = await Promise.all([
    parkedAt(stateDir),
    listTables((args) => runProgram('nft', args)),
    ourRoutes('-4'),
    ourRoutes('-6'),
  ]);
  const vips = new Set([...routes.flat(), ...[...parked].map((key) => key.split(' ')[0] ?? '')]);
  if (vips.size === 0 && (typeof tables === 'string' || tables.length === 0)) return [];
  const left = (kind: string, id: string): Resource => ({ kind, id, unit, serves: [], attrs: {}, refs: {}, sets: {} });
  return observeTold([left('Speaker', node), ...[...vips].sort().map((vip) => left('Announcement', vip))], false);
}

/** Out of which pool an address is, and with whom this machine spoke: nothing else says it when the pool has it no more, and the cluster has lost its list. */
function originOf(attrs: Attrs): Attrs {
  return Object.fromEntries(Object.entries(attrs).filter(([name]) => origins.has(name)));
}

const origins: ReadonlySet<string> = new Set(['pool', 'byRule', 'listen', 'peers']);

/** Whether a weir announces on this machine, in whatever process. The lock of who does is an abstract socket. */
export function announces(name = 'weir-l2'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(`\0${name}`);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** Addresses that are this machine's own, without those that it takes for announcing and those that kube-proxy binds for services. */
export async function ownAddresses(stateDir: string): Promise<readonly string[]> {
  const taken = await parkedAt(stateDir);
  const all = Object.entries(networkInterfaces()).flatMap(([face, list = []]) =>
    /^kube-/.test(face)
      ? []
      : list.flatMap(({ address, internal }) => (internal || taken.has(`${address} ${face}`) ? [] : [address])),
  );
  return [...new Set(all)].filter((address) => !address.startsWith('fe80:')).sort();
}

/** First and last addresses of this machine's IPv4 networks. */
export function networkEdges(interfaces = networkInterfaces()): readonly string[] {
  const links = Object.entries(interfaces).map(([name, list = []]) => ({
    name,
    addresses: list.flatMap(({ address, cidr }) =>
      cidr === null ? [] : [{ address, prefix: Number(cidr.split('/')[1]) }],
    ),
  }));
  return [...new Set(edgesOf(links).keys())].sort();
}

/** `address interface`, of addresses that weir has put on interfaces. */
async function parkedAt(stateDir: string): Promise<ReadonlySet<string>> {
  try {
    const journal = new Journal(journalFile(stateDir));
    return journal.known ? journal.addresses : await findParked(journal, await readInterfaces());
  } catch {
    return new Set(); // Not on Linux.
  }
}

function factsOf({ kind, id, attrs }: Resource, view: View): Observed['facts'] {
  if (kind === 'Speaker') return { gone: view.gone };
  if (kind !== 'Announcement') return {};
  const owner = view.owner(id);
  if (owner !== undefined) return { addresses: [id], state: `answered by ${owner.node}` };
  if (isLeft({ kind, attrs })) return { addresses: [id], state: 'left' };
  const somebody = announcementAttrs.parse(attrs).candidates.some((tier) => tier.length > 0);
  if (!somebody) return { addresses: [id], state: 'nobody may answer' };
  return view.unanswered(id)
    ? { addresses: [id], state: 'unanswered', reason: 'nobody answers' }
    : { addresses: [id], state: 'being taken' };
}
