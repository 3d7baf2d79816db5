import { accept, type Parsed, refuse } from './parsed.ts';

const wanted = 'must be a whole number from 1 to 65535';

/** A port from 1 to 65535, given as a number or as plain decimal digits. */
export function parsePort(value: unknown): Parsed<number> {
  let port: number;
  if (typeof value === 'number') port = value;
  else if (typeof value === 'string' && /^[1-9]\d{0,4}$/.test(value)) port = Number(value);
  else return refuse('E_PORT', wanted);
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? accept(port) : refuse('E_PORT', wanted);
}
