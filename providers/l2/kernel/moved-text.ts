import type { Family } from '../../../src/net/index.ts';

/** The table of one incarnation that passes packets on; deleted with its gates. */
export function movedName(inc: number): string {
  return `weir-${inc}-moved`;
}

/**
 * Makes the tables through which a new owner passes on what belongs to connections that began at the old one: whose beginning it has not
 * seen while the address was moving. Otherwise its kernel, which knows nothing of them, would end them. Empty, they touch no packet.
 */
export function movedText(inc: number): string {
  return (['ipv4', 'ipv6'] as const).map((family) => tableText(inc, family)).join('; ');
}

function tableText(inc: number, family: Family): string {
  const table = family === 'ipv4' ? 'ip' : 'ip6';
  const [type, to] = [`${family}_addr`, `${table} daddr`];
  const name = `${table} ${movedName(inc)}`;
  const connection = `${table} saddr . tcp sport . ${to} . tcp dport`;
  const body = [
    `set begun { type ${type} . inet_service . ${type} . inet_service; size 131072; flags dynamic, timeout; timeout 60s; }`,
    `set moving { type ${type}; flags timeout; }`,
    `map handed { type ${type} : ${type}; flags timeout; }`,
    // After the kernel has put fragments together, before anything changes an address. What the machine says to itself has no other end.
    `chain moved { type filter hook prerouting priority -150; iifname "lo" accept; ${to} @moving tcp flags & (syn | ack) == syn update @begun { ${connection} } accept; ${to} @moving ${connection} != @begun dup to ${to} map @handed drop; }`,
  ];
  return `add table ${name}; delete table ${name}; table ${name} { ${body.join('; ')}; }`;
}
