import { z } from 'zod';
import { type Cidr, contains, parseAddress, parseCidr } from '../../../src/net/index.ts';

/** An interface as `ip -j -d addr show` tells it. */
export interface Link {
  readonly name: string;
  readonly index: number;
  /** 6 bytes as text; undefined for what has no Ethernet address. */
  readonly mac: string | undefined;
  /** Up, with carrier, able to ask for and answer neighbours. */
  readonly usable: boolean;
  /** A port of a bridge, a bond or a team: its master speaks. */
  readonly port: boolean;
  readonly addresses: readonly { readonly address: string; readonly prefix: number }[];
}

/** Which interfaces announce. `include` and `exclude`: names, `*` stands for any text; `subnets`: those with an address in one of them. */
export interface InterfaceChoice {
  /** Absent: every one that can. */
  readonly include?: readonly string[];
  /** Absent: those of containers and tunnels, `usualExclusions`. */
  readonly exclude?: readonly string[];
  readonly subnets?: readonly string[];
}

/** Interfaces towards containers, virtual machines and tunnels, on which nobody looks for a virtual address. */
export const usualExclusions: readonly string[] = [
  'lo',
  'docker*',
  'cbr*',
  'dummy*',
  'virbr*',
  'lxcbr*',
  'lxc*',
  'veth*',
  'cali*',
  'tunl*',
  'flannel*',
  'kube-*',
  'cni*',
  'nodelocaldns*',
  'cilium*',
  'wg*',
];

const text = z.string();
const linkSchema = z.object({
  ifname: text,
  ifindex: z.number(),
  flags: z.array(text),
  link_type: text.optional(),
  address: text.optional(),
  master: text.optional(),
  linkinfo: z.object({ info_slave_kind: text.optional() }).optional(),
  addr_info: z.array(z.object({ local: text.optional(), prefixlen: z.number().optional() })).optional(),
});
const linksSchema = z.array(z.union([linkSchema, z.object({}).transform(() => undefined)]));

/** Interfaces out of the JSON of `ip`; throws for what is none. */
export function readLinks(json: string): readonly Link[] {
  return linksSchema.parse(JSON.parse(json)).flatMap((link) => {
    if (link === undefined) return [];
    const { flags } = link;
    const ethernet = link.link_type === 'ether' && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(link.address ?? '');
    const kind = link.linkinfo?.info_slave_kind;
    return {
      name: link.ifname,
      index: link.ifindex,
      mac: ethernet ? link.address : undefined,
      usable: ethernet && flags.includes('UP') && flags.includes('LOWER_UP') && !flags.includes('NOARP'),
      port: link.master !== undefined && kind !== undefined && kind !== 'vrf',
      addresses: (link.addr_info ?? []).flatMap(({ local, prefixlen }) => {
        const address = parseAddress(local);
        return address.ok && prefixlen !== undefined ? [{ address: address.value, prefix: prefixlen }] : [];
      }),
    };
  });
}

/** The interfaces of a choice that may announce, and why each other one does not. */
export function chooseLinks(
  links: readonly Link[],
  choice: InterfaceChoice,
): { readonly chosen: readonly Link[]; readonly passed: ReadonlyMap<string, string> } {
  const subnets = choice.subnets?.flatMap((entry) => {
    const parsed = parseCidr(entry);
    return parsed.ok ? [parsed.value] : [];
  });
  const passed = new Map<string, string>();
  const chosen = links.filter((link) => {
    const reason = reasonAgainst(link, choice, subnets);
    if (reason !== undefined) passed.set(link.name, reason);
    return reason === undefined;
  });
  return { chosen, passed };
}

function reasonAgainst(link: Link, choice: InterfaceChoice, subnets: readonly Cidr[] | undefined): string | undefined {
  const excluded = (choice.exclude ?? (choice.include === undefined ? usualExclusions : [])).find((one) =>
    matches(one, link.name),
  );
  if (choice.include !== undefined && !choice.include.some((one) => matches(one, link.name)))
    return 'is not among those named';
  if (excluded !== undefined) return `is excluded by ${excluded}`;
  if (link.port) return 'is a port of another interface, which speaks for it';
  if (link.mac === undefined) return 'has no Ethernet address';
  if (!link.usable) return 'is down, has no carrier or does no ARP';
  if (
    subnets !== undefined &&
    !subnets.some((subnet) => link.addresses.some(({ address }) => contains(subnet, address)))
  )
    return 'has no address in the subnets named';
  return undefined;
}

/** Whether a name fits a pattern in which `*` stands for any text. */
export function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
