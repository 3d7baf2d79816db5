import { accept, addressBytes, addressFamily, type Parsed, parseAddress, refuse } from '../net/index.ts';

/** Where a listener stands. Port 0 takes any free port (for tests and trials). */
export interface Listen {
  /** Canonical address, or `localhost`. */
  readonly host: string;
  readonly port: number;
}

const wanted = 'must be address:port such as 127.0.0.1:8377 or [::1]:8377, or empty for off';

/** `127.0.0.1:8377`, `[::1]:8377`, `localhost:8377`; the empty text is off (undefined). Names other than localhost are not resolved. */
export function parseListen(text: string): Parsed<Listen | undefined> {
  if (text === '') return accept(undefined);
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  if (match === null) return refuse('E_CONFIG', wanted);
  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  if (port > 65_535) return refuse('E_CONFIG', `${wanted}; the port is at most 65535`);
  if (plain === '') return refuse('E_CONFIG', `${wanted}; for every address write 0.0.0.0:${port} or [::]:${port}`);
  if (plain === 'localhost') return accept({ host: plain, port });
  const address = parseAddress(bracketed ?? plain);
  if (!address.ok) return refuse('E_CONFIG', `${wanted}; its address ${address.reason}`);
  return accept({ host: address.value, port });
}

/** Whether only this machine can reach a listener: 127.0.0.0/8, ::1, localhost. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const address = parseAddress(host);
  if (!address.ok) return false;
  return addressFamily(address.value) === 'ipv4' ? addressBytes(address.value)[0] === 127 : address.value === '::1';
}
