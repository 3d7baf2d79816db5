import { AwsError } from './aws-error.ts';

/**
 * One page of a list. The marker names the last thing of the page before, so that pages neither repeat nor skip what stays
 * while others come and go.
 */
export function page<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  { marker, size, most }: { marker: string | undefined; size: number | undefined; most: number },
  code = 'ValidationError',
): { items: readonly T[]; next: string | undefined } {
  const start = marker === undefined || marker === '' ? 0 : after(items, idOf, marker, code);
  const taken = items.slice(start, start + Math.min(size ?? most, most));
  const last = taken.at(-1);
  const more = start + taken.length < items.length && last !== undefined;
  return { items: taken, next: more ? encode(start + taken.length, idOf(last)) : undefined };
}

function encode(position: number, id: string): string {
  return Buffer.from(`${position} ${id}`).toString('base64url');
}

function after<T>(items: readonly T[], idOf: (item: T) => string, marker: string, code: string): number {
  const [position, id] = Buffer.from(marker, 'base64url').toString().split(' ');
  if (position === undefined || id === undefined || !/^\d+$/.test(position)) {
    throw new AwsError(code, `The marker '${marker}' is not valid`);
  }
  const index = items.findIndex((item) => idOf(item) === id);
  // The last one of the page before is gone: as many things as were read before count from the start.
  return index === -1 ? Math.max(0, Number(position) - 1) : index + 1;
}
