import { addressFamily } from '../../../src/net/index.ts';
import { type Interval, parseInterval, toText } from '../../../src/net/interval.ts';
import type { Range } from './gate-text.ts';
import type { Link } from './interfaces.ts';

/**
 * Addresses by which others reach this machine itself: silenced, it would be cut off. Those of a whole prefix are its own; single ones
 * (/32, /128) are held for services more often than not, and are its own only on interfaces that announce and where nobody asks for them.
 */
export function ownAddresses(
  links: readonly Link[],
  faces: readonly Link[],
  ours: ReadonlySet<string>,
  vips: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const announcing = new Set(faces.map(({ name }) => name));
  return new Map(
    links.flatMap(({ name, addresses }) =>
      addresses
        .filter(({ address, prefix }) => {
          if (ours.has(`${address} ${name}`)) return false;
          const whole = prefix < (addressFamily(address) === 'ipv4' ? 32 : 128);
          return whole || (announcing.has(name) && !vips.has(address));
        })
        .map(({ address }): [string, string] => [address, name]),
    ),
  );
}

/** The addresses of a network itself and of its broadcasts (IPv4): address → what it is. */
export function edgesOf(links: readonly Pick<Link, 'name' | 'addresses'>[]): ReadonlyMap<string, string> {
  return new Map(
    links.flatMap(({ name, addresses }) =>
      addresses.flatMap(({ address, prefix }): [string, string][] => {
        const subnet =
          prefix < 31 && addressFamily(address) === 'ipv4' ? parseInterval(`${address}/${prefix}`) : undefined;
        if (subnet?.ok !== true) return [];
        const { first, last } = subnet.value;
        return [
          [toText('ipv4', first), `the address of the network on ${name}`],
          [toText('ipv4', last), `the broadcast address of the network on ${name}`],
        ];
      }),
    ),
  );
}

/** The ranges without these addresses. */
export function without(ranges: readonly Range[], addresses: Iterable<string>): readonly Range[] {
  let left = ranges;
  for (const address of addresses) {
    const hole = intervalOf({ first: address, last: address });
    if (hole !== undefined) left = left.flatMap((range) => cut(range, hole));
  }
  return left;
}

function cut(range: Range, hole: Interval): readonly Range[] {
  const whole = intervalOf(range);
  if (whole === undefined || whole.family !== hole.family || hole.first < whole.first || hole.first > whole.last)
    return [range];
  const part = (first: bigint, last: bigint): readonly Range[] =>
    first > last ? [] : [{ first: toText(whole.family, first), last: toText(whole.family, last) }];
  return [...part(whole.first, hole.first - 1n), ...part(hole.last + 1n, whole.last)];
}

function intervalOf({ first, last }: Range): Interval | undefined {
  const parsed = parseInterval(`${first}-${last}`);
  return parsed.ok ? parsed.value : undefined;
}
