import { accept, type Parsed } from '../../net/index.ts';
import type { PeerService } from '../reader.ts';
import { wrong } from './value.ts';

/** The port that a health check asks: undefined is the port of the target; a name is a port of the Service. */
export function resolveCheckPort(
  written: string | undefined,
  service: PeerService,
  targetKind: 'ip' | 'instance',
): Parsed<number | undefined> {
  if (written === undefined || written === 'traffic-port') return accept(undefined);
  if (/^\d+$/.test(written)) {
    const number = Number(written);
    return number <= 65535 ? accept(number) : wrong('must be a port from 1 to 65535');
  }
  const port = service.ports.find(({ name }) => name === written);
  if (port === undefined)
    return wrong(`must be a number, traffic-port, or a port that Service ${service.meta.name} has`);
  if (targetKind === 'instance')
    return port.nodePort === undefined ? wrong('names a port that has no node port') : accept(port.nodePort);
  const target = port.targetPort ?? port.port;
  return typeof target === 'number'
    ? accept(target)
    : wrong('names a port whose targetPort is a name too; write its number');
}
