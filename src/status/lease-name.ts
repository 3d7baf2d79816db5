import { createHash } from 'node:crypto';

/** A name of a Lease that the API takes, and no other system gets: what had to be changed to fit ends with a hash of what it was. */
export function leaseName(name: string, system: string): string {
  const whole = `${name}-${system}`;
  const plain = whole.toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-');
  const fit = plain.slice(0, 200).replaceAll(/^-+|-+$/g, '');
  return fit === whole ? fit : `${fit}-${createHash('sha256').update(whole).digest('hex').slice(0, 8)}`;
}
