import { readFileSync } from 'node:fs';

export interface Gateway {
  readonly address: string;
  readonly face: string;
}

/** The default gateway of IPv4, of the route that the kernel prefers; undefined where there is none. */
export function readGateway(text = read('/proc/net/route')): Gateway | undefined {
  const routes = text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, destination, gateway, , , , , mask]) => destination === none && mask === none && gateway !== none)
    .sort((one, other) => Number(one[6]) - Number(other[6]));
  const [face = '', , gateway = ''] = routes[0] ?? [];
  if (!/^[0-9A-F]{8}$/i.test(gateway)) return undefined;
  return { face, address: addressOf(gateway) };
}

const none = '00000000';

/** The kernel prints the number as it lies in memory. */
function addressOf(hex: string): string {
  const number = Uint32Array.of(Number.parseInt(hex, 16));
  return new Uint8Array(number.buffer).join('.');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
