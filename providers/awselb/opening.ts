/** Ports that let in some and are to be opened to everybody, as happens when the member of a group goes that named ranges. Pure. */
import type { ExportedService, Member, Problem, Resource } from '../../src/model/index.ts';
import type { Present } from './present.ts';
import { tell } from './tell.ts';

/** `resources`: all that is wanted of one load balancer, with what is kept. */
export function tellOpening(
  resources: readonly Resource[],
  services: readonly ExportedService[],
  present: Present,
): readonly Problem[] {
  const groups = resources.filter(({ kind }) => kind === 'SecurityGroup');
  const wanted = portsIn(groups.flatMap(({ sets }) => [...(sets.IpPermissions?.values() ?? [])]));
  const now = portsIn(
    groups.flatMap(({ kind, id }) =>
      present.of(kind, id).flatMap(({ sets }) => [...(sets.IpPermissions?.values() ?? [])]),
    ),
  );
  return [...wanted].flatMap(([port, ranges]) => {
    const before = now.get(port) ?? [];
    const open = ranges.find((range) => range.endsWith('/0'));
    if (open === undefined || before.length === 0 || before.some((range) => range.endsWith('/0'))) return [];
    const asks = services.find(({ fronts }) => fronts.some((front) => front.port === port));
    if (asks === undefined) return [];
    const some = `${before.slice(0, 3).join(', ')}${before.length > 3 ? ` and ${before.length - 3} more` : ''}`;
    const message = `port ${port}, which lets in ${some} now, is opened to everybody: no ranges narrow it any more; name them (inbound-cidrs, sourceRanges) where it shall stay closed`;
    return [tell(asks, 'W_OPENED', 'sourceRanges', open, message)];
  });
}

/** Port → who is let in there. */
function portsIn(permissions: readonly Member[]): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>();
  for (const { attrs } of permissions) {
    const { IpProtocol, FromPort, CidrIp, CidrIpv6, PrefixListId } = attrs;
    const source = CidrIp ?? CidrIpv6 ?? PrefixListId;
    if (!/^(tcp|udp)$/.test(String(IpProtocol)) || typeof source !== 'string') continue;
    const port = Number(FromPort);
    const sources = found.get(port);
    if (sources === undefined) found.set(port, [source]);
    else sources.push(source);
  }
  return found;
}
