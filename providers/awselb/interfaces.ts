import type { AwsEnvironment } from './environment.ts';

type NetworkInterface = AwsEnvironment['NetworkInterfaces'][number];

/**
 * Interfaces by the addresses that were asked for: only new addresses, and old answers, make a call. One that a known interface has already is
 * none: nodes hold addresses for the next pods in reserve.
 */
export function createInterfaces(
  keepMs: number,
  read: (addresses: readonly string[]) => Promise<readonly NetworkInterface[]>,
): (addresses: readonly string[], nowMs: number) => Promise<readonly NetworkInterface[]> {
  interface Answer {
    readonly found: NetworkInterface | undefined;
    readonly atMs: number;
  }
  const known = new Map<string, Answer>();
  return async (addresses: readonly string[], nowMs: number): Promise<readonly NetworkInterface[]> => {
    const isYoung = (one: Answer | undefined): one is Answer => one !== undefined && nowMs - one.atMs < keepMs;
    if (addresses.some((one) => !known.has(one))) {
      const reserve = new Map<string, Answer>();
      for (const answer of known.values())
        if (isYoung(answer))
          for (const address of addressesOf(answer.found)) if (!reserve.has(address)) reserve.set(address, answer);
      for (const address of addresses) {
        const answer = known.has(address) ? undefined : reserve.get(address);
        if (answer !== undefined) known.set(address, answer);
      }
    }
    const due = addresses.filter((one) => !isYoung(known.get(one)));
    if (due.length > 0) {
      const holders = new Map((await read(due)).flatMap((one) => addressesOf(one).map((address) => [address, one])));
      for (const address of due) known.set(address, { found: holders.get(address), atMs: nowMs });
    }
    const wanted = new Set(addresses);
    for (const address of known.keys()) if (!wanted.has(address)) known.delete(address);
    const interfaces = addresses.flatMap((address) => known.get(address)?.found ?? []);
    return [...new Map(interfaces.map((one) => [one.NetworkInterfaceId, one])).values()].sort((a, b) =>
      (a.NetworkInterfaceId ?? '') < (b.NetworkInterfaceId ?? '') ? -1 : 1,
    );
  };
}

function addressesOf(found: NetworkInterface | undefined): readonly string[] {
  return found === undefined ? [] : [...found.PrivateIpAddresses, ...found.Ipv6Addresses];
}
