import type { ExportedService, Front, ServiceReport } from '../model/index.ts';
import type { Question } from './ask.ts';

/** Where a proxy has many addresses, these say enough. */
const mostAddresses = 4;

/** What is to be asked to know that a service answers: each of its ports at each address, by its first route. UDP says nothing. Pure. */
export function questionsOf(
  { fronts }: Pick<ExportedService, 'fronts'>,
  { addresses }: Pick<ServiceReport, 'addresses'>,
): readonly Question[] {
  return addresses.slice(0, mostAddresses).flatMap(({ ip, host, ports }) => {
    const address = ip ?? host;
    if (address === undefined) return [];
    return ports.flatMap((port) => {
      const own = fronts.filter((front) => front.port === port);
      return own.flatMap((front) => questionOf(front, address));
    });
  });
}

function questionOf(front: Front, address: string): readonly Question[] {
  const { port, protocol, proxyProtocol, tls } = front;
  if (protocol === 'udp' || protocol === 'quic') return [];
  // It waits for a line that only its proxies may say.
  if (proxyProtocol === true || protocol === 'tcp' || protocol === 'tcp_udp') return [{ address, port, kind: 'tcp' }];
  const [route] = front.routes;
  const named = route?.hosts[0]?.replace(/^\*/, 'weir-probe');
  const host = named === undefined ? {} : { host: named };
  // Passed through: what answers is a target, which may not be there.
  if (protocol === 'tls' && tls?.mode === 'passthrough') return [{ address, port, kind: 'tcp' }];
  // Who asks has no certificate to show: that somebody shakes hands has to do.
  if (protocol === 'tls' || tls?.mode === 'mutual') return [{ address, port, kind: 'tls', ...host }];
  const match = route?.path;
  const path = match === undefined || match.type === 'regex' ? {} : { path: encodeURI(match.value) };
  return [{ address, port, kind: protocol, ...host, ...path }];
}
