/** What this machine was told to announce, as the planner sees it: everything is ours, handles are ids. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Attrs, Observed, Resource } from '../../src/model/index.ts';
import type { Announcing } from './announcing.ts';
import { journalFile } from './clear-machine.ts';
import { edgesOf } from './kernel/guarded.ts';
import { announcementAttrs } from './kinds.ts';
import type { View } from './view.ts';

/** Of a thread in this process. */
export function observeRunning({ told, view }: Announcing): readonly Observed[] {
  return told.map((resource) => ({ ...resource, handle: resource.id, owned: true, facts: factsOf(resource, view) }));
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

/** Out of which pool an address is: nothing else says it when that has it no more. */
function originOf({ pool, byRule }: Attrs): Attrs {
  return { ...(pool === undefined ? {} : { pool }), ...(byRule === undefined ? {} : { byRule }) };
}

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
export function ownAddresses(stateDir: string): readonly string[] {
  const taken = acceptedIn(stateDir);
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

/** `address interface`, as the journal of accepted addresses says them. */
function acceptedIn(stateDir: string): ReadonlySet<string> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(journalFile(stateDir), 'utf8'));
    const list = typeof parsed === 'object' && parsed !== null && 'addresses' in parsed ? parsed.addresses : [];
    return new Set(Array.isArray(list) ? list.map(String) : []);
  } catch {
    return new Set();
  }
}

function factsOf({ kind, id, attrs }: Resource, view: View): Observed['facts'] {
  if (kind !== 'Announcement') return {};
  const owner = view.owner(id);
  if (owner !== undefined) return { addresses: [id], state: `answered by ${owner.node}` };
  const somebody = announcementAttrs.parse(attrs).candidates.some((tier) => tier.length > 0);
  if (!somebody) return { addresses: [id], state: 'nobody may answer' };
  return view.unanswered(id)
    ? { addresses: [id], state: 'unanswered', reason: 'nobody answers' }
    : { addresses: [id], state: 'being taken' };
}
