/**
 * Tries to listen where a reload would: HAProxy pauses its listeners while it retries a port that is taken, an outage of seconds for
 * everything. HAProxy shares ports (SO_REUSEPORT), this trial does not, so it also finds another process that would share.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { endianness } from 'node:os';
import type { ErrorCode } from '../../src/model/index.ts';
import { addressBytes } from '../../src/net/index.ts';
import type { Bind } from './layout.ts';
import { readProc } from './process-id.ts';

export interface PortRefusal {
  readonly bind: Bind;
  readonly code: ErrorCode;
  /** Who or what stands in the way. */
  readonly reason: string;
}

/** Undefined: HAProxy can listen there. `ours`: processes whose listeners are handed over to the next worker. */
export async function tryPort(bind: Bind, ours: ReadonlySet<number>): Promise<PortRefusal | undefined> {
  const error = await listenOnce(bind);
  const where = placeOf(bind);
  switch (error) {
    case undefined:
      return undefined;
    case 'EADDRINUSE': {
      const holders = listenersOn(bind);
      const foreign = holders.filter(({ pid }) => pid === undefined || !ours.has(pid));
      // Another address of ours on this port, a wildcard say, is in the way of the trial and not in that of HAProxy.
      if (holders.length > 0 && foreign.length === 0) return undefined;
      const names = [
        ...new Set(
          foreign.map(({ pid }) =>
            pid === undefined ? 'another user' : `${readProc(pid, 'comm').trim()} (process ${pid})`,
          ),
        ),
      ];
      return {
        bind,
        code: 'E_PORT_TAKEN',
        reason: `${where} is taken${names.length === 0 ? '' : ` by ${names.join(', ')}`}`,
      };
    }
    case 'EACCES':
    case 'EPERM':
      return { bind, code: 'E_PORT_PERMISSION', reason: `${where} may not be listened on by this account` };
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return refuseAddress(bind, error);
    default:
      return { bind, code: 'E_PORT_TAKEN', reason: `${where}: ${error}` };
  }
}

/** Tries the address alone: whoever is about to listen on the port does not find it taken by the trial. Undefined: it can be listened at. */
export async function tryAddress(bind: Bind): Promise<PortRefusal | undefined> {
  return refuseAddress(bind, await listenOnce({ address: bind.address, port: 0 }));
}

function refuseAddress(bind: Bind, error: string | undefined): PortRefusal | undefined {
  const refuse = (why: string): PortRefusal => ({
    bind,
    code: 'E_LISTEN_ADDRESS',
    reason: `${placeOf(bind)}: ${why}`,
  });
  if (error === 'EAFNOSUPPORT') return refuse(`the kernel has no ${bind.address.includes(':') ? 'IPv6' : 'IPv4'}`);
  if (error !== 'EADDRNOTAVAIL' || bind.brought === true) return undefined;
  return refuse('the address is not on this machine');
}

function placeOf({ address, port }: Bind): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The kernel can listen on IPv6. */
export async function hasIpv6(): Promise<boolean> {
  return (await listenOnce({ address: '::', port: 0 })) === undefined;
}

/** The code of the error, undefined when listening worked. */
function listenOnce(bind: Pick<Bind, 'address' | 'port'>): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) =>
      resolve('code' in error && typeof error.code === 'string' ? error.code : error.message),
    );
    server.listen({ host: bind.address, port: bind.port, exclusive: true, ipv6Only: true, backlog: 1 }, () =>
      server.close(() => resolve(undefined)),
    );
  });
}

interface Listener {
  /** Undefined: a process that we may not look into. */
  readonly pid: number | undefined;
}

/** Whether a process accepts connections, of TCP or at a path. */
export function isListening(pid: number): boolean {
  const own = `/proc/${pid}/net`;
  const sockets = new Set(socketsOf(pid));
  // The other tables are long where there are many connections.
  if (unixListeners(`${own}/unix`).some((inode) => sockets.has(inode))) return true;
  return ['tcp', 'tcp6'].some((table) => readTable(`${own}/${table}`).some(({ inode }) => sockets.has(inode)));
}

/** Inodes of the sockets that listen at a path or an abstract name (`__SO_ACCEPTCON`). */
function unixListeners(path: string): readonly string[] {
  return [...readOr(path).matchAll(/^\S+ \S+ \S+ 00010000 \S+ \S+ +(\d+)/gm)].map(([, inode = '']) => inode);
}

/** Who listens on addresses that meet the bind. */
function listenersOn(bind: Bind): readonly Listener[] {
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const { address, port, inode } of readTable(table))
      if (port === bind.port && meets(address, bind.address)) inodes.add(inode);
  }
  const found: Listener[] = [];
  if (inodes.size === 0) return found;
  const known = new Set<string>();
  for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    for (const inode of socketsOf(pid)) {
      if (!inodes.has(inode)) continue;
      known.add(inode);
      found.push({ pid });
    }
  }
  for (const inode of inodes) if (!known.has(inode)) found.push({ pid: undefined });
  return found;
}

function readTable(
  path: string,
): readonly { readonly address: string; readonly port: number; readonly inode: string }[] {
  const rows: { address: string; port: number; inode: string }[] = [];
  for (const line of readOr(path).split('\n').slice(1)) {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    // TCP_LISTEN
    if (state === '0A') rows.push({ address, port: Number.parseInt(port, 16), inode });
  }
  return rows;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Whether a listener of the table (kernel's hex form) is in the way of an address. An IPv6 wildcard may take IPv4 too. */
function meets(hex: string, address: string): boolean {
  if (/^0+$/.test(hex)) return hex.length === 32 || !address.includes(':');
  if (address === '0.0.0.0') return hex.length === 8 || hex.startsWith('0000000000000000FFFF0000');
  if (address === '::') return hex.length === 32;
  const own = kernelHex(address);
  return hex === own || (own.length === 8 && hex === `0000000000000000FFFF0000${own}`);
}

/** As the tables write an address: words of four bytes in the order of the machine. */
function kernelHex(address: string): string {
  const bytes = Buffer.from(addressBytes(address));
  return (endianness() === 'LE' ? bytes.swap32() : bytes).toString('hex').toUpperCase();
}

function socketsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
        return inode === undefined ? [] : [inode];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
