import { addressBytes, addressFamily, type Family } from '../../../src/net/index.ts';
import {
  addressIn,
  attribute,
  flag,
  hostNumber,
  joined,
  message,
  type NetlinkMessage,
  readAttributes,
  readHostNumber,
} from './netlink.ts';

/** An address on an interface, as the kernel has it. */
export interface FaceAddress {
  readonly address: string;
  /** Of the interface. */
  readonly index: number;
  /** Who made it, by the number that he gave; 0: nobody said, or the kernel, before 5.18, does not keep it. */
  readonly protocol: number;
  /** Made as `additionRequest` makes them, by whomsoever. */
  readonly parked: boolean;
}

const [newAddress, getAddress] = [20, 22];
const families = { ipv4: 2, ipv6: 10 } as const;
/** Attributes of an address. */
const part = { address: 1, local: 2, cache: 6, flags: 8, protocol: 11 } as const;
const exclusive = 0x200;
const way = { noDad: 0x02, deprecated: 0x20, noPrefixRoute: 0x200 } as const;
const forever = 0xffff_ffff;
const headBytes = 8;

/**
 * Puts an address on an interface as somebody's, which not every `ip` can: deprecated, so never the source of what the machine itself
 * sends, and without a route of its own. IPv6 gets no time for duplicate address detection: it would silence the address at a takeover and
 * find its other candidates.
 */
export function additionRequest(address: string, prefix: number, index: number, protocol: number): Uint8Array {
  const family = addressFamily(address);
  const bytes = Uint8Array.from(addressBytes(address));
  // How long it is preferred, how long it is there, and two times that only the kernel tells.
  const cache = joined([0, forever, 0, 0].map(hostNumber));
  return message(
    ...([newAddress, flag.request | flag.ack | flag.create | exclusive, 1] as const),
    joined([Uint8Array.of(families[family], prefix, 0, 0), hostNumber(index)]),
    attribute(part.local, bytes),
    attribute(part.address, bytes),
    attribute(part.flags, hostNumber(waysOf(family))),
    attribute(part.cache, cache),
    attribute(part.protocol, Uint8Array.of(protocol)),
  );
}

/** Asks for all addresses of this machine. */
export const addressesRequest = message(getAddress, flag.request | flag.dump, 1, new Uint8Array(headBytes));

export function readAddresses(said: readonly NetlinkMessage[]): readonly FaceAddress[] {
  return said.flatMap(({ type, body }) => {
    const family = body[0] === families.ipv6 ? 'ipv6' : 'ipv4';
    if (type !== newAddress || body.length < headBytes || body[0] !== families[family]) return [];
    const parts = new Map(readAttributes(body.subarray(headBytes)));
    const bytes = parts.get(part.local) ?? parts.get(part.address);
    const address = bytes && addressIn(bytes, family);
    if (address === undefined) return [];
    const flags = parts.get(part.flags);
    const ways = waysOf(family) | way.deprecated;
    return {
      address,
      index: readHostNumber(body, 4),
      protocol: parts.get(part.protocol)?.[0] ?? 0,
      parked: flags !== undefined && (readHostNumber(flags) & ways) === ways,
    };
  });
}

function waysOf(family: Family): number {
  return family === 'ipv6' ? way.noDad : way.noPrefixRoute;
}
